import { z } from 'zod'
import { sha256 } from '../base/codec.ts'
import { field } from '../base/schema.ts'

/** Rows that one proof is about, at most. */
export const PROVEN_ROWS = 64

/**
 * What is asked over `/datanet/host/1`: that the newest revision be kept, or proof that rows of one are
 * there. specs/05-network.md §Hosting
 */
export const hostAskSchema = z.union([
  z.object({
    datanet: field.cid,
    revision: field.cid,
    nonce: field.bytes(16),
    rows: z.array(field.count).min(1).max(PROVEN_ROWS)
  }),
  z.object({ datanet: field.cid })
])

/** The answer of who keeps the Datanet: the ordinal of the newest revision that is wholly there. */
export const hostKeepsSchema = z.object({ ordinal: field.count })

/** The proof that the rows asked for are there. */
export const hostProofSchema = z.object({ ordinal: field.count, proof: field.bytes(32) })

/** What proves that `rows`' blocks are at hand now: a hash that nobody could make before the nonce. */
export function possessionProof(nonce: Uint8Array, rows: readonly Uint8Array[]): Uint8Array {
  return sha256(nonce, ...rows)
}
