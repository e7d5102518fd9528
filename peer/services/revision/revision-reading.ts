import { setImmediate } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { HandOver, SignedHandOver } from '../../../protocol/datanet/hand-over.ts'
import { type Revision, verifyRevisionRows } from '../../../protocol/datanet/revision.ts'
import { decodeRowIndex, type IndexedRow } from '../../../protocol/datanet/row-index.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Content } from '../../content/content.ts'
import type { Tombstones } from '../contribution/tombstones.ts'
import { FILES_PATH, linkedFile } from './linked-files.ts'
import { ROW_INDEX_PATH, ROWS_PATH } from './revision-files.ts'
import { HAND_OVERS_PATH, parseHandOverRow } from './revision-hand-over-rows.ts'
import { verifyHandOvers } from './revision-hand-overs.ts'
import { createOrderCheck, parseRow, type RegisteredContribution } from './revision-rows.ts'

/** What there is to say of a revision whose every row was checked, beside its rows. */
export interface CheckedRows {
  readonly revision: Revision
  /** CIDs of the contributions whose rows are gone. */
  readonly withdrawn: readonly string[]
  readonly handOvers: readonly SignedHandOver[]
  /** Who is credited for what an account contributed. */
  readonly ownerOf: (account: string) => string
  /** How many accounts contributed to it, with those whose rows are gone. */
  readonly contributors: number
}

/** A revision that was checked from the chain down to every row's signature. */
export interface VerifiedRevision extends CheckedRows {
  /** In row order, without those that were withdrawn. */
  readonly contributions: readonly RegisteredContribution[]
}

/** Where the rows of a revision lie. */
interface Laid {
  readonly indexed: readonly IndexedRow[]
  readonly leaves: readonly CID[]
}

/** The rows of a revision by their numbers, each checked as it is read; undefined where it is withdrawn. */
export interface RowReader {
  readonly rows: number
  row(n: number): RegisteredContribution | undefined
}

/** Reading what lies in this peer's own store of a revision. specs/04-datanet.md §Row index */
export interface RevisionReading {
  /**
   * The revision with every row that is not withdrawn, its signature and its place checked. Refuses
   * what does not hang together (REVISION_INVALID), and a row that is neither here nor withdrawn
   * (CONTENT_UNAVAILABLE).
   */
  read(revision: Revision, options?: CallOptions): Promise<VerifiedRevision>
  /** As `read`, but keeps no row: each is shown to `visit` in its turn. */
  walk(
    revision: Revision,
    visit: (row: RegisteredContribution) => void,
    options?: CallOptions
  ): Promise<CheckedRows>
  /** Single rows, of which `row` refuses what `read` refuses, but for what only all of them show. */
  rows(revision: Revision): Promise<RowReader>
  /** Its rows as the index has them (REVISION_INVALID when they are not those of the revision). */
  index(revision: Revision): Promise<readonly IndexedRow[]>
  /** Its contributions that are withdrawn, as CID text; none while its index is not here. */
  withdrawn(revision: Revision): readonly string[]
  /** Those of `missing` that are no withdrawn rows; all of them while the index is not here. */
  wanted(revision: Revision, missing: readonly CID[]): Promise<readonly CID[]>
}

/** Rows that are checked before others get their turn. */
const TURN = 64

/** Reading over `content`; what `withdrawals` says of a contribution decides what may be missing. */
export function createRevisionReading(
  content: Content,
  withdrawals: Pick<Tombstones, 'isWithdrawn' | 'settle' | 'withdrawn'>,
  init: { readonly now: () => number }
): RevisionReading {
  const { isWithdrawn } = withdrawals
  const { now } = init
  /** Of the revision that was asked for last. */
  let last: { readonly root: string; readonly ids: ReadonlySet<string> } | undefined

  async function index(revision: Revision): Promise<readonly IndexedRow[]> {
    const bytes = await content.readFile(revision.content, ROW_INDEX_PATH)
    const rows = decodeRowIndex(bytes)
    verifyRevisionRows(
      revision,
      rows.map(({ contribution }) => contribution)
    )
    return rows
  }

  async function handOversOf({ content: root }: Revision): Promise<SignedHandOver[]> {
    const handOvers: SignedHandOver[] = []
    if (content.has(root, HAND_OVERS_PATH)) {
      for await (const { bytes } of content.readRows(root, HAND_OVERS_PATH)) {
        handOvers.push(parseHandOverRow(bytes, now()))
      }
    }
    return handOvers
  }

  function leavesOf(revision: Revision): readonly CID[] {
    const leaves = content.leaves(revision.content, ROWS_PATH)
    if (leaves.length === revision.rows) return leaves
    const reason = 'as many rows as the revision says are not there'
    throw new DatanetError('REVISION_INVALID', { reason, rows: leaves.length })
  }

  /** Refuses a directory of files that lacks a row's, or has one that is neither a row's nor was one's. */
  function refuseOtherFiles(
    revision: Revision,
    files: ReadonlySet<string>,
    isThinned: boolean
  ): void {
    const linked = content.list(revision.content, FILES_PATH)
    for (const file of files) {
      if (linked.get(file)?.toString() === file) continue
      throw new DatanetError('REVISION_INVALID', { reason: 'a file is not linked', file })
    }
    if (isThinned || linked.size === files.size) return
    const reason = 'it links a file that is of no row'
    throw new DatanetError('REVISION_INVALID', { reason, files: linked.size })
  }

  /** The row with its number `n`; undefined where it is withdrawn. */
  function rowAt({ indexed, leaves }: Laid, n: number): RegisteredContribution | undefined {
    const { contribution, contributor } = indexed[n] as IndexedRow
    const id = contribution.toString()
    if (isWithdrawn(id)) return undefined
    const bytes = content.block(leaves[n] as CID)
    if (bytes === undefined) {
      throw new DatanetError('CONTENT_UNAVAILABLE', { cid: `${leaves[n]}`, contribution: id })
    }
    const row = parseRow(bytes)
    if (!row.cid.equals(contribution) || row.contribution.contributor !== contributor) {
      const reason = 'a row is not that of the index'
      throw new DatanetError('REVISION_INVALID', { reason, cid: `${row.cid}` })
    }
    return row
  }

  async function walk(
    revision: Revision,
    visit: (row: RegisteredContribution) => void,
    options: CallOptions = {}
  ): Promise<CheckedRows> {
    const indexed = await index(revision)
    const laid = { indexed, leaves: leavesOf(revision) }
    const handOvers = await handOversOf(revision)
    withdrawals.settle(revision.datanet.toString(), { rows: indexed, handOvers: plain(handOvers) })
    const withdrawn: string[] = []
    const orders = createOrderCheck()
    const files = new Set<string>()
    for (let n = 0; n < indexed.length; n += 1) {
      if (n % TURN === 0) await setImmediate(undefined, given(options.signal))
      const row = rowAt(laid, n)
      if (row === undefined) {
        withdrawn.push(`${indexed[n]?.contribution}`)
        continue
      }
      orders.add(row)
      const file = linkedFile(row.contribution)
      if (file !== undefined) files.add(file.cid.toString())
      visit(row)
    }
    orders.end()
    refuseOtherFiles(revision, files, withdrawn.length > 0)
    const people = [...new Set(indexed.map(({ contributor }) => contributor))]
    const ownerOf = verifyHandOvers(handOvers, people)
    return { revision, withdrawn, handOvers, ownerOf, contributors: people.length }
  }

  return {
    index,

    walk,

    async read(revision, options = {}) {
      const contributions: RegisteredContribution[] = []
      const checked = await walk(revision, (row) => void contributions.push(row), options)
      return { ...checked, contributions }
    },

    async rows(revision) {
      const laid = { indexed: await index(revision), leaves: leavesOf(revision) }
      return { rows: laid.indexed.length, row: (n) => rowAt(laid, n) }
    },

    withdrawn(revision) {
      const gone = withdrawals.withdrawn(revision.datanet.toString())
      if (gone.length === 0 || !isIndexHere(revision)) return []
      const ids = idsOf(revision.content)
      return gone.filter((id) => ids.has(id))
    },

    async wanted(revision, missing) {
      if (missing.length === 0 || !isIndexHere(revision)) return missing
      const indexed = await index(revision)
      const handOvers = plain(await handOversOf(revision))
      withdrawals.settle(revision.datanet.toString(), { rows: indexed, handOvers })
      const gone = new Set<string>()
      for (const [n, leaf] of leavesOf(revision).entries()) {
        if (isWithdrawn(`${indexed[n]?.contribution}`)) gone.add(leaf.toString())
      }
      return missing.filter((cid) => !gone.has(cid.toString()))
    }
  }

  /** The ids of a revision's rows. */
  function idsOf(root: CID): ReadonlySet<string> {
    const name = root.toString()
    if (last?.root === name) return last.ids
    const leaves = content.leaves(root, ROW_INDEX_PATH)
    const bytes = Buffer.concat(leaves.map((leaf) => content.block(leaf) ?? new Uint8Array()))
    const ids = new Set(decodeRowIndex(bytes).map(({ contribution }) => contribution.toString()))
    last = { root: name, ids }
    return ids
  }

  function isIndexHere({ content: root }: Revision): boolean {
    try {
      return (
        content.leaves(root, ROWS_PATH).length > 0 &&
        [ROW_INDEX_PATH, HAND_OVERS_PATH]
          .filter((path) => content.has(root, path))
          .flatMap((path) => content.leaves(root, path))
          .every((leaf) => content.block(leaf) !== undefined)
      )
    } catch (error) {
      if (error instanceof DatanetError && error.code === 'CONTENT_UNAVAILABLE') return false
      throw error
    }
  }
}

function plain(handOvers: readonly SignedHandOver[]): HandOver[] {
  return handOvers.map(({ handOver }) => handOver)
}

function given(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { signal }
}
