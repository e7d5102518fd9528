import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

const signed = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.tombstoneBytes,
  `at most ${LIMITS.tombstoneBytes} bytes`
)

/** Tombstones of one part; a frame holds far more. */
export const TOMBSTONES_PER_PART = 256

/**
 * What is asked over `/datanet/tombstones/1`: a Datanet's log from a place on, or that a tombstone be
 * taken into it. specs/05-network.md §Tombstones
 */
export const tombstonesAskSchema = z.union([
  z.object({ datanet: field.cid, from: field.count }),
  z.object({ datanet: field.cid, tombstone: signed })
])

/** Some of a log, in its order. */
export const tombstonesPartSchema = z.object({
  tombstones: z.array(signed).max(TOMBSTONES_PER_PART)
})

/** The end of a log: the place that its next tombstone will have. */
export const tombstonesEndSchema = z.object({ next: field.count })

/** The answer of who took a tombstone in: its CID, and its place in that peer's log. */
export const tombstoneTakenSchema = z.object({ tombstone: field.cid, index: field.count })
