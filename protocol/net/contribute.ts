import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

/** What a contributor asks over `/datanet/contribute/1`. specs/04-datanet.md §Submission */
export const contributeAskSchema = z.strictObject({
  datanet: field.cid,
  /** The signed contribution, as it is stored and forwarded. */
  contribution: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.recordBytes,
    `at most ${LIMITS.recordBytes} bytes`
  )
})

/** What the host answers: the contribution's id as the host computed it, and where it stands. */
export const contributeEndSchema = z.strictObject({
  contribution: field.cid,
  status: z.enum(['pending', 'accepted', 'rejected'])
})
