import { DatanetError } from '../../protocol/base/errors.ts'
import { PPM } from '../../protocol/base/units.ts'
import { contentToJson } from '../../protocol/datanet/content-json.ts'
import type { SignedContribution } from '../../protocol/datanet/contribution.ts'
import { type SignedHandOver, verifyHandOver } from '../../protocol/datanet/hand-over.ts'
import type { SignedManifest } from '../../protocol/datanet/manifest.ts'
import { encodeRowIndex } from '../../protocol/datanet/row-index.ts'
import { REVIEWS_PATH, reviewRow } from './revision-reviews.ts'
import {
  contributionRow,
  parseLine,
  type RegisteredContribution,
  signedIn
} from './revision-rows.ts'

/** Where the rows of a revision lie in its directory. specs/04-datanet.md §Revision directory */
export const ROWS_PATH = 'data/contributions.jsonl'

/** Where its row index lies: what stays of a row when it is withdrawn. specs/04-datanet.md §Row index */
export const ROW_INDEX_PATH = 'data/contributions.idx'

/** Where its hand-overs lie, when it has any. specs/04-datanet.md §Hand-over */
export const HAND_OVERS_PATH = 'data/hand-overs.jsonl'

/** One file of a revision's directory: bytes, or rows that become one block each. */
export type RevisionFile = { readonly path: string } & (
  | { readonly content: Uint8Array }
  | { readonly rows: readonly Uint8Array[] }
)

const text = new TextEncoder()

/**
 * The directory of a revision as any IPFS tool can read it: a dataset card, Croissant metadata, the
 * signed manifest, the contributions and the reviews behind them. Deterministic: the same rows give
 * the same root. specs/04-datanet.md §Revision directory
 */
export function revisionFiles(
  manifest: SignedManifest,
  ordinal: number,
  contributions: readonly RegisteredContribution[],
  reviews: readonly Uint8Array[],
  handOvers: readonly SignedHandOver[] = []
): RevisionFile[] {
  const card = datasetCard(manifest, ordinal, contributions) + handedOver(handOvers)
  return [
    { path: 'README.md', content: text.encode(card) },
    { path: 'croissant.json', content: text.encode(croissant(manifest, ordinal, contributions)) },
    { path: 'manifest.cbor', content: manifest.bytes },
    { path: ROWS_PATH, rows: contributions.map(contributionRow) },
    {
      path: ROW_INDEX_PATH,
      content: encodeRowIndex(
        contributions.map(({ cid, contribution: { contributor } }) => ({
          contribution: cid,
          contributor
        }))
      )
    },
    {
      path: REVIEWS_PATH,
      rows: reviews.map(reviewRow)
    },
    // Without any there is no file, so that earlier directories keep their root.
    ...(handOvers.length === 0 ? [] : [{ path: HAND_OVERS_PATH, rows: handOvers.map(handOverRow) }])
  ]
}

/**
 * The hand-over in one row. Refuses a row whose readable columns differ from its signed record
 * (REVISION_INVALID) and everything verifyHandOver refuses.
 */
export function parseHandOverRow(bytes: Uint8Array, nowMs: number): SignedHandOver {
  const signed = verifyHandOver(signedIn(parseLine(bytes)), nowMs)
  refuseOther(handOverRow(signed), bytes, `${signed.cid}`)
  return signed
}

function refuseOther(made: Uint8Array, bytes: Uint8Array, cid: string): void {
  if (Buffer.compare(made, bytes) === 0) return
  throw new DatanetError('REVISION_INVALID', { cid, reason: 'columns differ' })
}

function handOverRow({ handOver, bytes }: SignedHandOver): Uint8Array {
  const { oldAccount, newAccount, seq } = handOver
  return line({ oldAccount, newAccount, seq, signed: Buffer.from(bytes).toString('base64') })
}

function line(value: unknown): Uint8Array {
  return text.encode(`${JSON.stringify(value)}\n`)
}

function datasetCard(
  { manifest }: SignedManifest,
  ordinal: number,
  contributions: readonly SignedContribution[]
): string {
  const byContributor = new Map<string, { rows: number; author: string }>()
  for (const { contribution } of contributions) {
    const known = byContributor.get(contribution.contributor)
    byContributor.set(contribution.contributor, {
      rows: (known?.rows ?? 0) + 1,
      author: known?.author ?? contribution.author ?? ''
    })
  }
  const people = [...byContributor]
    .sort(([, a], [, b]) => b.rows - a.rows)
    .map(([account, { rows, author }]) => `| ${author} | \`${account}\` | ${rows} |`)
  const languages = [...new Set(contributions.map((c) => c.contribution.language))].sort()
  return [
    '---',
    `pretty_name: ${JSON.stringify(manifest.name)}`,
    `license: other`,
    `license_name: ${JSON.stringify(manifest.licences.join(' OR '))}`,
    `language: [${languages.join(', ')}]`,
    `tags: [${manifest.topics.map((t) => JSON.stringify(t)).join(', ')}]`,
    'configs:',
    '  - config_name: default',
    `    data_files: ${ROWS_PATH}`,
    '---',
    '',
    `# ${manifest.name}`,
    '',
    manifest.purpose,
    '',
    `Datanet \`${datanetIn(contributions)}\`, revision ${ordinal}, ${contributions.length} contributions by ` +
      `${byContributor.size} contributors. At least ${manifest.royalty.royaltyPpm / (PPM / 100)} % of ` +
      'what a call to a model built on it costs is royalty, and ' +
      `${manifest.royalty.contributorsPpm / (PPM / 100)} % of that goes to the contributions used.`,
    '',
    '| Contributor | Account | Contributions |',
    '| --- | --- | --- |',
    ...people,
    ''
  ].join('\n')
}

/** Whom earlier accounts' contributions are credited to, under the table of the contributors. */
function handedOver(handOvers: readonly SignedHandOver[]): string {
  if (handOvers.length === 0) return ''
  const rows = handOvers.map(({ handOver: h }) => `| \`${h.oldAccount}\` | \`${h.newAccount}\` |`)
  return ['', '| Account | Handed over to |', '| --- | --- |', ...rows, ''].join('\n')
}

/** The Datanet's id, which every row names: the manifest in force may be a later one. */
function datanetIn([first]: readonly SignedContribution[]): string {
  return `${first?.contribution.datanet}`
}

/** Columns that hold numbers; the others hold text. */
const NUMBERS = new Set(['createdAtMs', 'order', 'bytes', 'rating', 'better'])

function croissant(
  { manifest }: SignedManifest,
  ordinal: number,
  contributions: readonly SignedContribution[]
): string {
  const column = (name: string) => ({
    '@type': 'cr:Field',
    '@id': `contributions/${name}`,
    name,
    dataType: NUMBERS.has(name) ? 'sc:Integer' : 'sc:Text',
    source: { fileObject: { '@id': 'rows' }, extract: { jsonPath: `$.${name}` } }
  })
  const metadata = {
    '@context': {
      '@vocab': 'https://schema.org/',
      cr: 'http://mlcommons.org/croissant/',
      sc: 'https://schema.org/'
    },
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: manifest.name,
    description: manifest.purpose,
    identifier: datanetIn(contributions),
    version: `${ordinal}.0.0`,
    license: manifest.licences,
    keywords: manifest.topics,
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'rows',
        name: 'rows',
        contentUrl: ROWS_PATH,
        encodingFormat: 'application/jsonlines'
      }
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'contributions',
        name: 'contributions',
        field: columnsOf(contributions).map(column)
      }
    ]
  }
  return `${JSON.stringify(metadata, null, 2)}\n`
}

/** The columns that every row has, with those of the schemas that are here between them. */
function columnsOf(contributions: readonly SignedContribution[]): string[] {
  const held = contributions.flatMap(({ contribution }) => Object.keys(contentToJson(contribution)))
  const common = ['language', 'licence', 'contributor', 'origin', 'createdAtMs', 'order']
  return ['id', 'schema', ...new Set(held), ...common]
}
