import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import { REVIEW_CODES } from '../datanet/review.ts'
import { contributeAskSchema, contributeEndSchema } from './contribute.ts'

/** Reasons that are told of one contribution: so many at most fit a frame with all the others. */
const REASONS = 8

const { contribution, relayed } = contributeAskSchema.shape

/** What an account asks there about what it handed in. specs/04-datanet.md §Standing */
export const standingAskSchema = z.object({ datanet: field.cid, query: contribution, relayed })

/** What the host answers: where each stands, by order, and whether there are more. */
export const standingEndSchema = z.object({
  submissions: z
    .array(
      z.object({
        contribution: field.cid,
        status: contributeEndSchema.shape.status,
        order: z.int().min(1),
        takenAtMs: field.atMs,
        cluster: field.cid.optional(),
        /** The ordinal of the revision that first held it; 0 while none does. */
        revision: field.count,
        /** Why curators rejected it or took it out of the queue, in their words; not who. */
        reasons: z
          .array(
            z.object({
              code: z.enum(REVIEW_CODES).optional(),
              reason: field.text(1_024).optional()
            })
          )
          .max(REASONS),
        /** Flagged: it waits for the curators' word on that. */
        isHeld: z.boolean(),
        /** That other curators can be asked to hear it, or that they were. */
        appeal: z.enum(['possible', 'open', 'decided']).optional()
      })
    )
    .max(LIMITS.submissionsListed),
  isAll: z.boolean()
})
