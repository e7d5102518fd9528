import { z } from 'zod'
import { bountiesSchema } from './bounties-schema.ts'
import { datanetFields, governanceSchema } from './governance-schema.ts'
import {
  cleanedSchema,
  hostedSchema,
  hostingDraftSchema,
  namedRevisionSchema,
  replicaSchema
} from './hosting-schema.ts'
import { idSchema, method, methodOf, topicSchema } from './method.ts'
import { reviewsSchema } from './reviews-schema.ts'
import { rowsSchema } from './rows-schema.ts'
import { contentSchema, findingSchema, submissionsSchema } from './submissions-schema.ts'
import { withdrawalDraftSchema, withdrawalStateSchema } from './withdrawals-schema.ts'

const text = z.string().max(4_096)
const strings = z.array(text).max(256).readonly()
const { files, intake, royalty } = datanetFields

const draftFields = {
  name: text,
  purpose: text,
  topics: strings,
  languages: z.exactOptional(strings),
  licences: strings,
  files: z.exactOptional(files),
  consent: text,
  curators: strings,
  threshold: z.int(),
  royalty,
  treasury: idSchema
}

const draft = z.strictObject({
  ...draftFields,
  schemas: z.exactOptional(strings),
  hosts: z.exactOptional(strings),
  intake: z.exactOptional(intake),
  reviewApprovals: z.int(),
  reviewSharePpm: z.exactOptional(z.int()),
  reviewLeaseMs: z.exactOptional(z.int()),
  reviewsEarn: z.exactOptional(z.boolean()),
  changeDelayMs: z.exactOptional(z.int())
})

const summary = z.object({
  ...draftFields,
  id: z.string(),
  schemas: strings,
  intakeHost: z.string(),
  hosts: strings,
  intake,
  review: z.object({
    approvals: z.int(),
    sharePpm: z.int(),
    leaseMs: z.int(),
    earns: z.exactOptional(z.literal('reviews'))
  }),
  seq: z.int(),
  effectiveAtMs: z.int(),
  changeDelayMs: z.int(),
  chainKey: z.string()
})

const pending = z.object({
  contribution: z.string(),
  contributor: z.string(),
  schema: z.string(),
  title: z.string(),
  text: z.string(),
  content: contentSchema,
  language: z.string(),
  licence: z.string(),
  origin: z.enum(['direct', 'interaction', 'message']),
  order: z.int(),
  cluster: z.exactOptional(z.string()),
  findings: z.array(findingSchema).readonly()
})

const revision = z.object({
  datanet: z.string(),
  revision: z.string(),
  ordinal: z.int(),
  rows: z.int(),
  withdrawn: z.int(),
  content: z.string()
})

const fetched = z.object({
  ...revision.shape,
  contributors: z.int(),
  blocks: z.object({ bulk: z.int(), bitswap: z.int() })
})

const pendingQuery = z.strictObject({
  datanet: idSchema,
  after: z.int().min(0).exactOptional()
})

/** `datanets` of the PeerApi on the wire. */
export const datanetsSchema = {
  ...submissionsSchema,
  ...reviewsSchema,
  ...rowsSchema,
  ...governanceSchema,
  ...bountiesSchema,
  create: methodOf('call', 'draft', draft, summary),
  list: method('call', z.array(summary).readonly()),
  show: methodOf('call', 'id', idSchema, summary),
  find: methodOf('call', 'topic', topicSchema, z.array(summary).readonly()),
  withdraw: methodOf('call', 'draft', withdrawalDraftSchema, withdrawalStateSchema),
  pending: methodOf('call', 'query', pendingQuery, z.array(pending).readonly()),
  publish: methodOf('progress', 'id', idSchema, revision),
  head: methodOf('call', 'id', idSchema, revision),
  fetch: methodOf('progress', 'id', idSchema, fetched),
  host: methodOf('progress', 'draft', hostingDraftSchema, hostedSchema),
  replicas: methodOf('call', 'id', idSchema, z.array(replicaSchema).readonly()),
  name: methodOf('call', 'id', idSchema, namedRevisionSchema),
  clean: method('call', cleanedSchema)
}
