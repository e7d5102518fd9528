import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

const record = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes,
  `at most ${LIMITS.recordBytes} bytes`
)

const bundle = {
  proposal: record,
  approvals: z.array(record).max(LIMITS.curators)
}

/** What is asked over `/datanet/propose/1`: all that is open, or that a bundle is kept. specs/04-datanet.md §Proposal */
export const proposeAskSchema = z.union([
  z.strictObject({ datanet: field.cid, list: z.literal(true) }),
  z.strictObject({ datanet: field.cid, ...bundle })
])

/** One part of a list: a proposal with the approvals that the server holds. */
export const proposeBundleSchema = z.strictObject(bundle)

/** What is answered to a bundle: the proposal's CID, and how many curators approve it there. */
export const proposeEndSchema = z.strictObject({ proposal: field.cid, approvals: field.count })
