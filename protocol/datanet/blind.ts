import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import { CONTENT, type SchemaId } from './content.ts'
import type { Contribution } from './contribution.ts'

function of<S extends SchemaId>(schema: S) {
  return z.strictObject({
    schema: z.literal(schema),
    content: CONTENT[schema] as (typeof CONTENT)[S],
    language: z.string().max(LIMITS.labelBytes),
    licence: field.label,
    sourceUrl: z.string().max(2_048).optional(),
    tags: z.array(field.label).min(1).max(LIMITS.tags).optional(),
    origin: z.enum(['direct', 'interaction', 'message'])
  })
}

/**
 * What a curator is shown before the verdict: what was given, and nothing of who gave it or when.
 * specs/04-datanet.md §Work list
 */
export const blindSchema = z.discriminatedUnion('schema', [
  of('text/1'),
  of('qa/1'),
  of('dialogue/1'),
  of('label/1'),
  of('correction/1'),
  of('preference/1'),
  of('file/1')
])

export type Blind = z.output<typeof blindSchema>

/** What a curator is shown of `contribution`; everyone makes the same of it. */
export function blindOf(contribution: Contribution): Blind {
  const { schema, content, language, licence, sourceUrl, tags, origin } = contribution
  return {
    ...({ schema, content } as Blind),
    ...{ language, licence, origin },
    ...(sourceUrl === undefined ? {} : { sourceUrl }),
    ...(tags === undefined ? {} : { tags })
  }
}
