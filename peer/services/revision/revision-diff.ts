import { DatanetError } from '../../../protocol/base/errors.ts'
import type { SignedHandOver } from '../../../protocol/datanet/hand-over.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { decodeRevision, type Revision } from '../../../protocol/datanet/revision.ts'
import type { DiffDraft, DiffRow, RevisionDiff } from '../../api/governance-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import { ROWS_PATH } from './revision-files.ts'
import { HAND_OVERS_PATH, parseHandOverRow } from './revision-hand-over-rows.ts'
import type { RevisionReading } from './revision-reading.ts'
import { parseRow } from './revision-rows.ts'

/** Lines that a diff names of each kind. */
const NAMED = 1_000

/**
 * What the newer of two revisions that are kept here has otherwise than the older: rows that came and
 * went by their indexes, and accounts that were handed over. Refuses revisions that are not kept here
 * (ANCHOR_MISSING) and two that are one (INPUT_INVALID).
 */
export function createRevisionDiff(
  parts: Pick<Parts, 'datanetStore' | 'content' | 'now'>,
  reading: Pick<RevisionReading, 'index'>
): (draft: DiffDraft, options?: CallOptions) => Promise<RevisionDiff> {
  const { datanetStore, content, now } = parts

  function kept(id: string, ordinal: number | undefined): Revision {
    const stored =
      ordinal === undefined ? datanetStore.revision(id) : datanetStore.revisionAt(id, ordinal)
    if (stored !== undefined) return decodeRevision(stored.bytes)
    const hint =
      ordinal === undefined
        ? 'no revision is kept here: fetch the newest first'
        : `revision ${ordinal} is not kept here: only those that were fetched or published here are`
    throw new DatanetError('ANCHOR_MISSING', { id, ordinal: ordinal ?? 0, kept: false }, { hint })
  }

  async function handOversOf({ content: root }: Revision): Promise<readonly SignedHandOver[]> {
    const all: SignedHandOver[] = []
    if (!content.has(root, HAND_OVERS_PATH)) return all
    for await (const { bytes } of content.readRows(root, HAND_OVERS_PATH)) {
      all.push(parseHandOverRow(bytes, now()))
    }
    return all
  }

  return async ({ datanet: id, from, to }, options = {}) => {
    const newer = kept(id, to)
    const older = kept(id, from ?? newer.ordinal - 1)
    if (older.ordinal >= newer.ordinal) {
      const hint = 'name the older one first'
      throw new DatanetError('INPUT_INVALID', { from: older.ordinal, to: newer.ordinal }, { hint })
    }
    const [before, after] = [await reading.index(older), await reading.index(newer)]
    const had = new Set(before.map(({ contribution }) => contribution.toString()))
    const has = new Set(after.map(({ contribution }) => contribution.toString()))
    const added = after.filter(({ contribution }) => !had.has(contribution.toString()))
    const withdrawn = before.filter(({ contribution }) => !has.has(contribution.toString()))
    const places = new Map(after.map(({ contribution }, row) => [contribution.toString(), row]))
    const leaves = content.leaves(newer.content, ROWS_PATH)
    /** Only of rows that are named: a revision may have a million. */
    const titleOf = (cid: string) => {
      const leaf = leaves[places.get(cid) ?? Number.NaN]
      const bytes = leaf === undefined ? undefined : content.block(leaf)
      return bytes === undefined ? undefined : passageOf(parseRow(bytes).contribution).title
    }
    const named = (rows: typeof added): DiffRow[] =>
      rows.slice(0, NAMED).map(({ contribution, contributor }) => {
        const title = titleOf(contribution.toString())
        const row = { contribution: contribution.toString(), contributor }
        return title === undefined ? row : { ...row, title }
      })
    const known = new Set((await handOversOf(older)).map(({ cid }) => cid.toString()))
    const handedOver = (await handOversOf(newer)).filter(({ cid }) => !known.has(cid.toString()))
    options.signal?.throwIfAborted()
    return {
      ...{ datanet: id, from: older.ordinal, to: newer.ordinal },
      ...{ fromRows: older.rows, toRows: newer.rows },
      ...{ added: named(added), withdrawn: named(withdrawn) },
      handedOver: handedOver.slice(0, NAMED).map(({ handOver: { oldAccount, newAccount } }) => ({
        oldAccount,
        newAccount
      })),
      counts: {
        ...{ added: added.length, withdrawn: withdrawn.length },
        handedOver: handedOver.length
      }
    }
  }
}
