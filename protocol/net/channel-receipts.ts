import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'

const wrapped = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes,
  `at most ${LIMITS.recordBytes} bytes`
)

/**
 * A part of the answer to who asks for a channel's receipts: some of them in the order of their places,
 * as they were signed. specs/07-channel.md §Receipts
 */
export const channelReceiptsSchema = z.object({
  receipts: z.array(wrapped).min(1).max(LIMITS.receiptsListed)
})
