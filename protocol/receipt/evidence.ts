import { z } from 'zod'
import { decodeCanonical, encodeCanonical, parseCid } from '../base/codec.ts'
import { LIMITS } from '../base/limits.ts'
import { field, fromWire, toWire } from '../base/schema.ts'
import type { Evidence } from './attribution.ts'

/** A link on the wire, CID text in memory. */
const cidText = z.codec(field.cid, z.string(), {
  decode: (cid) => cid.toString(),
  encode: (text) => parseCid(text)
})

/** Evidence as it travels behind an answer; what its numbers mean is checked where they are used. */
const evidenceSchema = z.strictObject({
  version: z.literal(1),
  compared: field.count,
  passages: z
    .array(
      z.strictObject({
        contribution: cidText,
        upstream: field.count.exactOptional(),
        upstreamPpm: field.ppm.exactOptional()
      })
    )
    .readonly(),
  spans: z
    .array(
      z.strictObject({
        from: field.count,
        words: field.count,
        bits: field.count,
        passage: field.count
      })
    )
    .readonly(),
  sentences: z
    .array(
      z.strictObject({
        words: field.count,
        supports: z.array(z.strictObject({ passage: field.count, simPpm: field.ppm })).readonly()
      })
    )
    .readonly()
})

/** The bytes of `evidence`, to which its receipt commits. Refuses contributions that are no CIDs (RECORD_MALFORMED). */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  return encodeCanonical(toWire(evidenceSchema, { version: 1, ...evidence }))
}

/**
 * The evidence in `bytes`. Refuses what is malformed or over `evidenceBytes` (RECORD_MALFORMED,
 * RECORD_NOT_CANONICAL, RECORD_TOO_LARGE). specs/08-receipt.md §Evidence
 */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const { version: _, ...evidence } = fromWire(
    evidenceSchema,
    decodeCanonical(bytes, LIMITS.evidenceBytes)
  )
  return evidence
}

/** The contributions that evidence names, as CID text; refuses as decodeEvidence does. */
export function namedIn(bytes: Uint8Array): readonly string[] {
  return decodeEvidence(bytes).passages.map(({ contribution }) => contribution)
}
