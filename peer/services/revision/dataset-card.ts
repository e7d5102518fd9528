import { PPM } from '../../../protocol/base/units.ts'
import type { HandOver } from '../../../protocol/datanet/hand-over.ts'
import type { Manifest } from '../../../protocol/datanet/manifest.ts'
import type { LinkedFile } from './linked-files.ts'

/** What a revision's card and metadata tell of one row: nothing that is withdrawn with it. */
export interface RowFacts {
  readonly contributor: string
  readonly language: string
  /** Its readable columns. */
  readonly columns: readonly string[]
  readonly createdAtMs: number
  /** Its file, where the revision links one. */
  readonly file?: LinkedFile
}

/** What a revision is, beside its rows. */
export interface RevisionFacts {
  /** The Datanet's id as text. */
  readonly datanet: string
  readonly ordinal: number
  readonly manifest: Manifest
}

/**
 * README.md of a revision's directory: a dataset card as model hubs read it. It names accounts and not
 * authors, whose names stand in the rows and go with them.
 */
export function datasetCard(
  { datanet, ordinal, manifest }: RevisionFacts,
  rows: readonly RowFacts[],
  handOvers: readonly Pick<HandOver, 'oldAccount' | 'newAccount'>[],
  rowsPath: string
): string {
  const byContributor = new Map<string, number>()
  for (const { contributor } of rows) {
    byContributor.set(contributor, (byContributor.get(contributor) ?? 0) + 1)
  }
  const people = [...byContributor]
    .sort(([, a], [, b]) => b - a)
    .map(([account, count]) => `| \`${account}\` | ${count} |`)
  const languages = [...new Set(rows.map(({ language }) => language))].sort()
  const { royaltyPpm, contributorsPpm } = manifest.royalty
  return [
    '---',
    `pretty_name: ${JSON.stringify(manifest.name)}`,
    `license: other`,
    `license_name: ${JSON.stringify(manifest.licences.join(' OR '))}`,
    `language: [${languages.join(', ')}]`,
    `tags: [${manifest.topics.map((t) => JSON.stringify(t)).join(', ')}]`,
    'configs:',
    '  - config_name: default',
    `    data_files: ${rowsPath}`,
    '---',
    '',
    `# ${manifest.name}`,
    '',
    manifest.purpose,
    '',
    `Datanet \`${datanet}\`, revision ${ordinal}, ${rows.length} contributions by ` +
      `${byContributor.size} contributors. At least ${royaltyPpm / (PPM / 100)} % of what a call to a ` +
      `model built on it costs is royalty, and ${contributorsPpm / (PPM / 100)} % of that goes to the ` +
      'contributions used. Rows can be withdrawn by who gave them: do not keep copies of those that were.',
    '',
    '| Account | Contributions |',
    '| --- | --- |',
    ...people,
    '',
    ...handedOver(handOvers)
  ].join('\n')
}

/** Whom earlier accounts' contributions are credited to, under the table of the contributors. */
function handedOver(handOvers: readonly Pick<HandOver, 'oldAccount' | 'newAccount'>[]): string[] {
  if (handOvers.length === 0) return []
  const rows = handOvers.map((one) => `| \`${one.oldAccount}\` | \`${one.newAccount}\` |`)
  return ['| Account | Handed over to |', '| --- | --- |', ...rows, '']
}
