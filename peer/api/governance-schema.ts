import { z } from 'zod'
import { idSchema, methodOf } from './method.ts'

const text = z.string().max(4_096)
const strings = z.array(text).max(256).readonly()

/** What a founder and the curators after them may say of a Datanet. */
export const datanetFields = {
  files: z.strictObject({ mimes: strings, maxBytes: z.int() }),
  intake: z.strictObject({ pendingPerAccount: z.int(), perDayPerAccount: z.int() }),
  // The sums are checked where the manifest is made: here only the form counts.
  royalty: z.strictObject({
    royaltyPpm: z.int(),
    contributorsPpm: z.int(),
    builderPpm: z.int(),
    curatorsPpm: z.int(),
    treasuryPpm: z.int()
  })
} as const

const { files, intake, royalty } = datanetFields

const change = z.strictObject({
  name: z.exactOptional(text),
  purpose: z.exactOptional(text),
  topics: z.exactOptional(strings),
  schemas: z.exactOptional(strings),
  languages: z.exactOptional(strings),
  licences: z.exactOptional(strings),
  files: z.exactOptional(files),
  consent: z.exactOptional(z.string().max(8_192)),
  curators: z.exactOptional(strings),
  threshold: z.exactOptional(z.int()),
  intakeHost: z.exactOptional(text),
  hosts: z.exactOptional(strings),
  intake: z.exactOptional(intake),
  reviewApprovals: z.exactOptional(z.int()),
  reviewSharePpm: z.exactOptional(z.int()),
  reviewLeaseMs: z.exactOptional(z.int()),
  reviewsEarn: z.exactOptional(z.boolean()),
  royalty: z.exactOptional(royalty),
  treasury: z.exactOptional(idSchema),
  changeDelayMs: z.exactOptional(z.int())
})

const draft = z.strictObject({
  datanet: idSchema,
  change,
  note: z.exactOptional(text),
  gatherMs: z.exactOptional(z.int())
})

const named = { datanet: idSchema, proposal: idSchema }

const changes = z
  .array(
    z.object({
      field: z.string(),
      before: z.exactOptional(z.string()),
      after: z.exactOptional(z.string())
    })
  )
  .readonly()

const summary = z.object({
  proposal: z.string(),
  datanet: z.string(),
  kind: z.enum(['manifest', 'revision']),
  subject: z.string(),
  number: z.int(),
  state: z.enum(['open', 'announced', 'in force', 'anchored', 'over']),
  approvals: z.array(z.string()).readonly(),
  threshold: z.int(),
  createdAtMs: z.int(),
  effectiveAtMs: z.exactOptional(z.int()),
  rows: z.exactOptional(z.int()),
  note: z.exactOptional(z.string())
})

const manifest = z.object({
  seq: z.int(),
  manifest: z.string(),
  state: z.enum(['before', 'in force', 'announced']),
  createdAtMs: z.int(),
  effectiveAtMs: z.int(),
  changes
})

const fork = z.object({
  kind: z.enum(['manifest', 'approval']),
  place: z.string(),
  curator: z.exactOptional(z.string()),
  first: z.string(),
  second: z.string()
})

const row = z.object({
  contribution: z.string(),
  contributor: z.string(),
  title: z.exactOptional(z.string())
})

const diffDraft = z.strictObject({
  datanet: idSchema,
  from: z.exactOptional(z.int().min(1)),
  to: z.exactOptional(z.int().min(1))
})

const diff = z.object({
  datanet: z.string(),
  from: z.int(),
  to: z.int(),
  fromRows: z.int(),
  toRows: z.int(),
  added: z.array(row).readonly(),
  withdrawn: z.array(row).readonly(),
  handedOver: z.array(z.object({ oldAccount: z.string(), newAccount: z.string() })).readonly(),
  counts: z.object({ added: z.int(), withdrawn: z.int(), handedOver: z.int() })
})

/** What of `datanets` curators decide with, on the wire. */
export const governanceSchema = {
  change: methodOf('call', 'draft', draft, summary),
  propose: methodOf('progress', 'id', idSchema, summary),
  proposals: methodOf('call', 'id', idSchema, z.array(summary).readonly()),
  proposal: methodOf(
    'call',
    'named',
    z.strictObject(named),
    z.object({ ...summary.shape, changes, bundle: z.string() })
  ),
  approve: methodOf(
    'progress',
    'named',
    z.strictObject({
      ...named,
      account: z.exactOptional(idSchema),
      instead: z.exactOptional(z.boolean())
    }),
    summary
  ),
  carry: methodOf('call', 'bundle', z.string().max(2_097_152), summary),
  forks: methodOf('call', 'id', idSchema, z.array(fork).readonly()),
  diff: methodOf('call', 'draft', diffDraft, diff),
  manifests: methodOf('call', 'id', idSchema, z.array(manifest).readonly())
}
