import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import { blindSchema } from '../datanet/blind.ts'
import { REVIEW_CODES, reviewSchema } from '../datanet/review.ts'
import { contributeAskSchema, contributeEndSchema } from './contribute.ts'

const record = contributeAskSchema.shape.contribution

/** Words that are told of one item: at most so many, and whose they are is not told. */
const words = z
  .array(z.object({ code: z.enum(REVIEW_CODES).optional(), reason: field.text(1_024).optional() }))
  .max(LIMITS.curators)

/** What a curator asks over `/datanet/review/1`: for work, or that a verdict is taken. specs/04-datanet.md §Work list */
export const reviewAskSchema = z.union([
  z.object({ datanet: field.cid, query: record }),
  z.object({ datanet: field.cid, review: record })
])

/** One part of the answer to a query: an item as far as a curator may see it. */
export const reviewItemSchema = z.object({
  contribution: field.cid,
  shown: blindSchema,
  cluster: field.cid.optional(),
  /** Until when it is this curator's alone; absent where it is only shown. */
  untilMs: field.atMs.optional(),
  /** What its contributor says to a rejection, and the CID that a word on it names. */
  appeal: z.object({ cid: field.cid, text: field.text(1_024) }).optional(),
  /** What it is held for. */
  flags: words
})

/** The end of an answer to a verdict. */
export const reviewEndSchema = z.object({
  status: contributeEndSchema.shape.status,
  isHeld: z.boolean(),
  /** The signed contribution: what was judged can be compared with what is signed. */
  contribution: record,
  /** What the others said before, of this round. */
  verdicts: z.array(reviewSchema.shape.verdict).max(LIMITS.curators)
})

const ppm = z.int().max(1_000_000)

/** The one part of the answer to `stats`. specs/04-datanet.md §Agreement */
export const reviewStatsSchema = z.object({
  shared: field.count,
  alphaPpm: ppm.optional(),
  curators: z.array(
    z.object({
      curator: field.address,
      approve: field.count,
      reject: field.count,
      unsure: field.count,
      flag: field.count,
      clear: field.count,
      /** Approvals and rejections of what is decided, and those that the outcome bears out. */
      decided: field.count,
      asDecided: field.count,
      shared: field.count,
      agreedPpm: ppm.optional(),
      kappaPpm: ppm.optional()
    })
  )
})
