import { z } from 'zod'
import { idSchema, methodOf } from './method.ts'

const text = z.string().max(4_096)
const STATUS = ['pending', 'accepted', 'rejected', 'withdrawn'] as const
const status = z.enum(STATUS)

/** What a contribution holds, as JSON; each schema is checked where the record is made. */
export const contentSchema = z.record(z.string(), z.unknown()).readonly()

/** Something about a text that a person should look at. */
export const findingSchema = z.object({
  code: z.string(),
  kind: z.string(),
  isRefused: z.boolean(),
  field: z.exactOptional(z.string()),
  at: z.exactOptional(z.int()),
  length: z.exactOptional(z.int()),
  line: z.exactOptional(z.int()),
  shown: z.exactOptional(z.string()),
  text: z.string()
})

const draft = z.strictObject({
  datanet: idSchema,
  account: idSchema,
  schema: z.string().max(256),
  content: contentSchema,
  language: z.string().max(64),
  licence: z.string().max(256),
  author: z.exactOptional(text),
  sourceUrl: z.exactOptional(text),
  tags: z.exactOptional(z.array(text).max(256).readonly()),
  bounty: z.exactOptional(idSchema),
  origin: z.exactOptional(z.enum(['direct', 'interaction', 'message'])),
  interaction: z.exactOptional(text),
  allowPersonalData: z.exactOptional(z.boolean())
})

const findings = z.array(findingSchema).readonly()

const submission = z.object({
  contribution: z.string(),
  status: z.enum([...STATUS, 'queued']),
  order: z.int(),
  takenAtMs: z.int(),
  cluster: z.exactOptional(z.string()),
  findings
})

const own = z.object({
  contribution: z.string(),
  datanet: z.string(),
  account: z.string(),
  status: z.enum([...STATUS, 'queued', 'refused', 'withdrawing']),
  code: z.exactOptional(z.string()),
  order: z.int(),
  takenAtMs: z.int(),
  cluster: z.exactOptional(z.string()),
  schema: z.string(),
  title: z.string()
})

const details = z.object({
  ...own.shape,
  content: contentSchema,
  language: z.string(),
  licence: z.string(),
  origin: z.string(),
  host: z.string(),
  receipt: z.string(),
  signed: z.string()
})

const standing = z.object({
  contribution: z.string(),
  status,
  order: z.int(),
  takenAtMs: z.int(),
  cluster: z.exactOptional(z.string()),
  revision: z.int(),
  reasons: z.array(z.string()).readonly(),
  isHeld: z.exactOptional(z.literal(true)),
  appeal: z.exactOptional(z.enum(['possible', 'open', 'decided']))
})

/** `datanets`, as far as handing in goes, on the wire. */
export const submissionsSchema = {
  check: methodOf('call', 'draft', draft, findings),
  contribute: methodOf('call', 'draft', draft, submission),
  submissions: methodOf(
    'call',
    'query',
    z.strictObject({ account: idSchema, datanet: z.exactOptional(idSchema) }),
    z.array(own).readonly()
  ),
  submission: methodOf(
    'call',
    'named',
    z.strictObject({ account: idSchema, contribution: idSchema }),
    details
  ),
  standing: methodOf(
    'call',
    'query',
    z.strictObject({
      datanet: idSchema,
      account: idSchema,
      contribution: z.exactOptional(idSchema)
    }),
    z.array(standing).readonly()
  ),
  inclusion: methodOf(
    'call',
    'query',
    z.strictObject({ datanet: idSchema, contribution: idSchema }),
    z.object({
      datanet: z.string(),
      contribution: z.string(),
      proof: z.string(),
      ordinal: z.int(),
      row: z.int(),
      rows: z.int(),
      anchor: z.string(),
      chainKey: z.string()
    })
  )
}
