import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

const record = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes,
  `at most ${LIMITS.recordBytes} bytes`
)

const status = z.enum(['pending', 'accepted', 'rejected', 'withdrawn'])

/** What any ask carries that a host passed on: it is not passed on again. specs/04-datanet.md §Submission */
const relayed = z.literal(true).optional()

/** What every ask says first: for which Datanet. */
export const anyAskSchema = z.object({ datanet: field.cid })

/** What a contributor asks over `/datanet/contribute/1`. specs/04-datanet.md §Submission */
export const contributeAskSchema = z.object({
  datanet: field.cid,
  /** The signed contribution, as it is stored and forwarded. */
  contribution: record,
  relayed
})

/** What the host answers: the contribution's id as the host computed it, and where it stands. */
export const contributeEndSchema = z.object({
  contribution: field.cid,
  status,
  /** The host's sealed word that it took it in. */
  receipt: record
})

/** What the two owners of an account ask there. specs/04-datanet.md §Hand-over */
export const handOverAskSchema = z.object({
  datanet: field.cid,
  /** The hand-over signed by both. */
  handOver: record,
  relayed
})

/** What the host answers: the hand-over's CID, and the revision that holds it, 0 before one does. */
export const handOverEndSchema = z.object({ handOver: field.cid, ordinal: field.count })
