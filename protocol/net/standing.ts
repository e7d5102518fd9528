import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
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
        /** Why curators rejected it, in their words. */
        reasons: z.array(field.text(1_024)).max(REASONS)
      })
    )
    .max(LIMITS.submissionsListed),
  isAll: z.boolean()
})
