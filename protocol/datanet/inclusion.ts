import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { isInMerkleTree, type MerkleTree } from '../base/merkle.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { contributionLeaf, decodeRevision, encodeRevision, type Revision } from './revision.ts'

/** A tree over as many rows as a revision may have is no higher. */
const HEIGHT = 20

/** The wire form of a proof that a revision holds a contribution. specs/04-datanet.md §Inclusion proof */
export const inclusionSchema = z.strictObject({
  version: z.literal(1),
  /** The revision's record: its digest is what the chain anchors. */
  revision: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes
  ),
  contribution: field.cid,
  row: field.count,
  /** From the leaf up. */
  siblings: z.array(field.bytes(32)).max(HEIGHT)
})

/** What a proof shows: this contribution is this row of this revision. */
export interface Included {
  readonly revision: Revision
  readonly contribution: CID
  readonly row: number
  /** sha2-256 of the revision: the digest to look for on chain. */
  readonly anchor: Uint8Array
}

/** The proof for the contribution in row `row` of `revision`, whose rows make `tree`. */
export function encodeInclusion(
  revision: Revision,
  tree: MerkleTree,
  { contribution, row }: { readonly contribution: CID; readonly row: number }
): Uint8Array {
  return encodeRecord(inclusionSchema, {
    version: 1,
    revision: encodeRevision(revision),
    contribution,
    row,
    siblings: tree.proof(row)
  })
}

/**
 * What the proof in `bytes` shows. Refuses one outside its table (RECORD_MALFORMED), one of another
 * revision than the chain anchors by `anchor`, 32 bytes (CID_MISMATCH), and one that does not lead to
 * the revision's root (REVISION_INVALID). Needs nothing but its arguments: no peer and no chain.
 */
export function verifyInclusion(bytes: Uint8Array, anchor?: Uint8Array): Included {
  const proof = decodeRecord(inclusionSchema, bytes)
  const { contribution, row, siblings } = proof
  const revision = decodeRevision(proof.revision)
  const digest = sha256(proof.revision)
  if (anchor !== undefined && Buffer.compare(anchor, digest) !== 0) {
    const hint = 'the anchor is that of another revision'
    throw new DatanetError('CID_MISMATCH', { digest: hex(digest), anchor: hex(anchor) }, { hint })
  }
  const leaf = contributionLeaf(contribution, row)
  if (row >= revision.rows || !isInMerkleTree(revision.contributionsRoot, leaf, siblings)) {
    const hint = 'the proof does not lead to the root of the revision'
    throw new DatanetError('REVISION_INVALID', { contribution: `${contribution}`, row }, { hint })
  }
  return { revision, contribution, row, anchor: digest }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
