import { z } from 'zod'
import { idSchema, methodOf } from './method.ts'
import { contentSchema } from './submissions-schema.ts'

const some = z.exactOptional(z.array(z.string().max(256)).max(256).readonly())

/** `datanets/rows` and `datanets/file` on the wire. */
export const rowsSchema = {
  rows: methodOf(
    'call',
    'query',
    z.strictObject({
      datanet: idSchema,
      origins: some,
      licences: some,
      languages: some,
      schemas: some,
      labels: some,
      isUnique: z.exactOptional(z.boolean()),
      from: z.exactOptional(z.int().min(0))
    }),
    z.object({
      rows: z.array(contentSchema).readonly(),
      ordinal: z.int(),
      of: z.int(),
      skipped: z.int(),
      next: z.exactOptional(z.int())
    })
  ),
  file: methodOf(
    'call',
    'query',
    z.strictObject({ datanet: idSchema, contribution: idSchema }),
    z.object({ name: z.string(), mime: z.string(), bytes: z.int(), data: z.string() })
  )
}
