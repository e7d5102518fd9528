import type { CID } from 'multiformats/cid'
import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import type { SignedHandOver } from '../../../protocol/datanet/hand-over.ts'
import type { SignedManifest } from '../../../protocol/datanet/manifest.ts'
import { encodeRowIndex } from '../../../protocol/datanet/row-index.ts'
import { croissant } from './croissant.ts'
import { datasetCard, type RowFacts } from './dataset-card.ts'
import { FILES_PATH, linkedFile } from './linked-files.ts'
import { HAND_OVERS_PATH, handOverRow } from './revision-hand-over-rows.ts'
import { REVIEWS_PATH, type ReviewRow, reviewRow } from './revision-reviews.ts'
import { contributionRow, type RegisteredContribution } from './revision-rows.ts'

/** Where the rows of a revision lie in its directory. specs/04-datanet.md §Revision directory */
export const ROWS_PATH = 'data/contributions.jsonl'

/** Where its row index lies: what stays of a row when it is withdrawn. specs/04-datanet.md §Row index */
export const ROW_INDEX_PATH = 'data/contributions.idx'

/** A row that is stored already: its block, and how long it is. */
export interface RowBlock {
  readonly cid: CID
  readonly bytes: number
}

/**
 * One file of a revision's directory: bytes, rows that become one block each, or blocks that are rows; or
 * the directory of contributed files.
 */
export type RevisionFile = { readonly path: string } & (
  | { readonly content: Uint8Array }
  | { readonly rows: readonly Uint8Array[] }
  | { readonly blocks: readonly RowBlock[] }
  | { readonly links: readonly RowBlock[] }
)

/** A row as the directory's other files see it. */
export interface DirectoryRow extends RowFacts {
  readonly cid: CID
}

const PATHS = { rows: ROWS_PATH, files: FILES_PATH }
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
  reviews: readonly ReviewRow[],
  handOvers: readonly SignedHandOver[] = []
): RevisionFile[] {
  const [first] = contributions
  return directoryFiles(
    { manifest, ordinal, datanet: `${first?.contribution.datanet}`, handOvers },
    contributions.map(directoryRow),
    { rows: contributions.map(contributionRow) },
    { rows: reviews.map(reviewRow) }
  )
}

/** The same of rows and reviews of which some or all are stored already. */
export function directoryFiles(
  of: {
    readonly manifest: SignedManifest
    readonly ordinal: number
    readonly datanet: string
    readonly handOvers: readonly SignedHandOver[]
  },
  rows: readonly DirectoryRow[],
  contributions: { rows: readonly Uint8Array[] } | { blocks: readonly RowBlock[] },
  reviews: { rows: readonly Uint8Array[] } | { blocks: readonly RowBlock[] }
): RevisionFile[] {
  const { handOvers } = of
  const facts = { ...of, manifest: of.manifest.manifest }
  const moved = handOvers.map(({ handOver }) => handOver)
  const index = rows.map(({ cid, contributor }) => ({ contribution: cid, contributor }))
  const links = rows.flatMap(({ file }) => (file === undefined ? [] : [file]))
  return [
    { path: 'README.md', content: text.encode(datasetCard(facts, rows, moved, ROWS_PATH)) },
    { path: 'croissant.json', content: text.encode(croissant(facts, rows, PATHS)) },
    { path: 'manifest.cbor', content: of.manifest.bytes },
    { path: ROWS_PATH, ...contributions },
    { path: ROW_INDEX_PATH, content: encodeRowIndex(index) },
    { path: REVIEWS_PATH, ...reviews },
    // Without any there is no file, so that earlier directories keep their root.
    ...(handOvers.length === 0
      ? []
      : [{ path: HAND_OVERS_PATH, rows: handOvers.map(handOverRow) }]),
    ...(links.length === 0 ? [] : [{ path: FILES_PATH, links }])
  ]
}

/** What the directory's other files tell of a contribution's row. */
export function directoryRow({ cid, contribution, cluster }: RegisteredContribution): DirectoryRow {
  const { contributor, language, createdAtMs } = contribution
  const others = (['author', 'sourceUrl', 'tags'] as const).filter(
    (name) => contribution[name] !== undefined
  )
  const columns = [
    ...Object.keys(contentToJson(contribution)),
    ...others,
    ...(cluster === undefined ? [] : ['cluster'])
  ]
  const file = linkedFile(contribution)
  return {
    ...{ cid, contributor, language, createdAtMs, columns },
    ...(file === undefined ? {} : { file })
  }
}
