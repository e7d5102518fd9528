import { z } from 'zod'
import { idSchema } from './method.ts'

/** A decision to host, on the wire. */
export const hostingDraftSchema = z.strictObject({ datanet: idSchema, isOn: z.boolean() })

/** What a peer keeps of a Datanet, on the wire. */
export const hostedSchema = z.object({
  datanet: z.string(),
  isHost: z.boolean(),
  ordinal: z.int()
})

/** What a host was found to keep, on the wire. */
export const replicaSchema = z.object({
  peer: z.string(),
  ordinal: z.int(),
  isVerified: z.boolean(),
  code: z.exactOptional(z.string()),
  atMs: z.int()
})

/** What was cleaned away, on the wire. */
export const cleanedSchema = z.object({ blocks: z.int(), bytes: z.int() })

/** A revision's name, on the wire. */
export const namedRevisionSchema = z.object({
  name: z.string(),
  value: z.string(),
  sequence: z.int(),
  expiresAtMs: z.int(),
  record: z.string()
})
