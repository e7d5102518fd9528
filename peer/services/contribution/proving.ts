import { digestOf, parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { MerkleTree } from '../../../protocol/base/merkle.ts'
import { encodeInclusion } from '../../../protocol/datanet/inclusion.ts'
import {
  contributionsTree,
  decodeRevision,
  revisionCid
} from '../../../protocol/datanet/revision.ts'
import type { IndexedRow } from '../../../protocol/datanet/row-index.ts'
import type { Parts } from '../parts.ts'
import type { RevisionReading } from '../revision/revision-reading.ts'

/** Showing that the newest revision kept here holds a contribution. */
export interface Proving {
  /**
   * The proof for `contribution`. Refuses where no revision of the Datanet is kept (ANCHOR_MISSING) and
   * a contribution that the newest one does not hold (CONTRIBUTION_UNKNOWN).
   */
  prove(datanet: string, contribution: string): Promise<Uint8Array>
}

/** Proofs over the row index of revisions, which outlives withdrawn rows. specs/04-datanet.md §Inclusion proof */
export function createProving(
  parts: Pick<Parts, 'datanetStore'>,
  reading: () => Pick<RevisionReading, 'index'>
): Proving {
  const { datanetStore } = parts
  /** Of the revision that was asked about last: a tree over all its rows costs more than a proof. */
  let last: { revision: string; rows: Map<string, number>; tree: MerkleTree } | undefined

  async function treeOf(revision: string, rows: () => Promise<readonly IndexedRow[]>) {
    if (last?.revision === revision) return last
    const contributions = (await rows()).map(({ contribution }) => contribution)
    const places = contributions.map((cid, row): [string, number] => [hex(digestOf(cid)), row])
    last = { revision, rows: new Map(places), tree: contributionsTree(contributions) }
    return last
  }

  return {
    async prove(datanet, contribution) {
      const stored = datanetStore.revision(datanet)
      if (stored === undefined) {
        throw new DatanetError('ANCHOR_MISSING', { id: datanet, kept: false })
      }
      const revision = decodeRevision(stored.bytes)
      const id = revisionCid(revision).toString()
      const { rows, tree } = await treeOf(id, () => reading().index(revision))
      const cid = parseCid(contribution)
      const row = rows.get(hex(digestOf(cid)))
      if (row === undefined) {
        const hint = `revision ${revision.ordinal} does not hold it`
        throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution }, { hint })
      }
      return encodeInclusion(revision, tree, { contribution: cid, row })
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
