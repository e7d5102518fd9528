import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

const words = field.text(LIMITS.contributionTextBytes)
const turn = z.strictObject({ role: z.enum(['user', 'assistant']), text: words })

/** What each known schema holds. specs/04-datanet.md §Content */
export const CONTENT = {
  'text/1': z.strictObject({ title: field.label, text: words }),
  'qa/1': z.strictObject({ question: words, answer: words }),
  'dialogue/1': z.strictObject({
    title: field.label.optional(),
    turns: z.array(turn).min(2).max(LIMITS.turns)
  }),
  'label/1': z
    .strictObject({
      text: words,
      label: field.label,
      /** Those that could have been chosen. */
      labels: z.array(field.label).min(2).max(LIMITS.labels).optional()
    })
    .refine((c) => c.labels === undefined || c.labels.includes(c.label), 'labels lack the label'),
  'correction/1': z.strictObject({
    of: z.union([
      z.strictObject({ contribution: field.cid }),
      z.strictObject({ receipt: field.bytes(16) })
    ]),
    question: words.optional(),
    wrong: words.optional(),
    right: words
  }),
  'preference/1': z.union([
    z.strictObject({
      question: words,
      answers: z.tuple([words, words]),
      better: z.union([z.literal(0), z.literal(1)]),
      reason: words.optional()
    }),
    z.strictObject({
      question: words,
      answer: words,
      rating: z.int().min(1).max(5),
      reason: words.optional()
    })
  ]),
  'file/1': z.strictObject({
    /** The root of the file: a raw block, or a UnixFS node. */
    file: field.cid,
    mime: z
      .string()
      .max(LIMITS.labelBytes)
      .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/),
    name: field.label,
    bytes: z.int().min(1).max(LIMITS.contentBytes),
    caption: words.optional()
  })
} as const

/** A schema that this version can take. */
export type SchemaId = keyof typeof CONTENT

/** What a contribution of schema `S` holds, or of any: its schema tells its content. */
export type Content = { [S in SchemaId]: Typed<S> }[SchemaId]

/** The schema and the content of one kind. */
export interface Typed<S extends SchemaId> {
  readonly schema: S
  readonly content: z.output<(typeof CONTENT)[S]>
}
