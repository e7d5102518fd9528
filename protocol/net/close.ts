import { z } from 'zod'
import { field } from '../base/schema.ts'

/** Terms have a fixed set of fields, and fit with room. */
const TERMS_BYTES = 1_024

/** What a payer asks over `/datanet/close/1`: to end the channel at its last voucher. specs/07-channel.md §Close */
export const closeAskSchema = z.object({
  /** The terms' record bytes. */
  terms: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= TERMS_BYTES,
    `at most ${TERMS_BYTES} bytes`
  ),
  /** The last voucher that the payer signed; one over nothing when it signed none. */
  voucher: field.bytes(168),
  /** The provider is to send the transaction: its payer has nothing that pays gas. */
  send: z.literal(true).optional()
})

/** What the provider answers: its `Close` over that voucher's amounts. */
export const closeEndSchema = z.object({
  /** The last second of the chain's clock in which it counts. */
  deadline: z.int().min(1),
  signature: field.bytes(64),
  /** The provider sends it. */
  sends: z.literal(true).optional()
})
