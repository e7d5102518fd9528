import { z } from 'zod'
import { idSchema, methodOf } from './method.ts'
import { contentSchema, findingSchema } from './submissions-schema.ts'

const text = z.string().max(4_096)
const status = z.enum(['pending', 'accepted', 'rejected', 'withdrawn'])

const work = z.strictObject({
  datanet: idSchema,
  account: idSchema,
  most: z.exactOptional(z.int().min(1).max(16)),
  isMine: z.exactOptional(z.boolean())
})

const named = z.strictObject({ datanet: idSchema, account: idSchema, contribution: idSchema })

const given = z.strictObject({
  datanet: idSchema,
  account: idSchema,
  contributions: z.array(idSchema).max(16).readonly()
})

const item = z.object({
  contribution: z.string(),
  schema: z.string(),
  title: z.string(),
  text: z.string(),
  content: contentSchema,
  language: z.string(),
  licence: z.string(),
  sourceUrl: z.exactOptional(z.string()),
  tags: z.exactOptional(z.array(z.string()).readonly()),
  origin: z.enum(['direct', 'interaction', 'message']),
  cluster: z.exactOptional(z.string()),
  untilMs: z.exactOptional(z.int()),
  appeal: z.exactOptional(z.string()),
  flags: z
    .array(z.object({ code: z.exactOptional(z.string()), reason: z.exactOptional(z.string()) }))
    .readonly(),
  findings: z.array(findingSchema).readonly()
})

const verdict = z.strictObject({
  datanet: idSchema,
  contribution: idSchema,
  verdict: z.enum(['approve', 'reject', 'unsure', 'flag', 'clear']),
  code: z.exactOptional(z.string().max(64)),
  reason: z.exactOptional(text),
  account: idSchema
})

const reviewed = z.object({
  status,
  isHeld: z.exactOptional(z.literal(true)),
  verdicts: z.exactOptional(z.array(z.string()).readonly())
})

const curator = z.object({
  curator: z.string(),
  approve: z.int(),
  reject: z.int(),
  unsure: z.int(),
  flag: z.int(),
  clear: z.int(),
  decided: z.int(),
  asDecided: z.int(),
  shared: z.int(),
  agreedPpm: z.exactOptional(z.int()),
  kappaPpm: z.exactOptional(z.int())
})

const stats = z.object({
  shared: z.int(),
  alphaPpm: z.exactOptional(z.int()),
  curators: z.array(curator).readonly()
})

const appeal = z.strictObject({
  datanet: idSchema,
  contribution: idSchema,
  account: idSchema,
  text
})

/** `datanets`, as far as review goes, on the wire. */
export const reviewsSchema = {
  reviewNext: methodOf('call', 'query', work, z.array(item).readonly()),
  reviewGive: methodOf(
    'call',
    'draft',
    given,
    z.object({ contributions: z.array(z.string()).readonly() })
  ),
  reviewShow: methodOf('call', 'named', named, item),
  reviewHeld: methodOf('call', 'query', work, z.array(item).readonly()),
  review: methodOf('call', 'verdict', verdict, reviewed),
  reviewStats: methodOf(
    'call',
    'query',
    z.strictObject({ datanet: idSchema, account: idSchema }),
    stats
  ),
  appeal: methodOf('call', 'draft', appeal, z.object({ status }))
}
