import { z } from 'zod'
import { field } from '../base/schema.ts'

/** Terms have a fixed set of fields, and fit with room. */
const TERMS_BYTES = 1_024

/** What a provider asks over `/datanet/tower/1`. specs/07-channel.md §Tower */
export const towerAskSchema = z.object({
  /** The terms' record bytes. */
  terms: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= TERMS_BYTES,
    `at most ${TERMS_BYTES} bytes`
  ),
  /** The channel's highest voucher. */
  voucher: field.bytes(168)
})

/** What the tower answers: the total of the voucher that it keeps of the channel. */
export const towerEndSchema = z.object({ keptWei: field.wei })
