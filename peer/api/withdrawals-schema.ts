import { z } from 'zod'
import { idSchema } from './method.ts'

/** A withdrawal on the wire. */
export const withdrawalDraftSchema = z.strictObject({
  datanet: idSchema,
  contribution: idSchema,
  account: idSchema,
  reason: z.exactOptional(z.string().max(1_024)),
  isTakedown: z.exactOptional(z.boolean()),
  proposal: z.exactOptional(z.string().max(16_384))
})

const answer = z.object({
  peer: z.string(),
  index: z.exactOptional(z.int()),
  code: z.exactOptional(z.string()),
  atMs: z.int()
})

/** What came of it, on the wire. */
export const withdrawalStateSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('proposed'),
    contribution: z.string(),
    proposal: z.string(),
    valid: z.int(),
    threshold: z.int()
  }),
  z.object({
    state: z.literal('queued'),
    contribution: z.string(),
    tombstone: z.string()
  }),
  z.object({
    state: z.literal('withdrawn'),
    contribution: z.string(),
    tombstone: z.string(),
    answers: z.array(answer).readonly()
  })
])
