import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { refusal } from '../../api/problem.ts'
import type { Said } from './said.ts'

/** What a line of an items file may say beside its content. */
export interface Item extends Said {
  readonly name: string
  readonly language?: string
  readonly licence?: string
  readonly author?: string
  readonly sourceUrl?: string
  readonly tags?: readonly string[]
}

const lineSchema = z.looseObject({
  schema: z.string(),
  content: z.record(z.string(), z.unknown()).optional(),
  language: z.string().optional(),
  licence: z.string().optional(),
  author: z.string().optional(),
  sourceUrl: z.string().optional(),
  tags: z.array(z.string()).optional()
})

/** Columns of a row that a host or a record added: not part of what is given. */
const ADDED = new Set([
  ...['id', 'contributor', 'origin', 'createdAtMs', 'order', 'cluster', 'embedding', 'signed'],
  ...['datanet', 'consent', 'salt', 'version']
])

/**
 * The items of a JSONL file: one a line, its `schema` beside its content, or the content's fields
 * among the others as rows of a revision have them. Refuses a file or a line that cannot be read
 * (INPUT_INVALID, with the line).
 */
export function readItems(file: string): readonly Item[] {
  return linesOf(file).flatMap((line, index) => {
    if (line.trim() === '') return []
    const name = `${file}:${index + 1}`
    try {
      return [{ name, ...toItem(JSON.parse(line)) }]
    } catch (cause) {
      throw refusal('INPUT_INVALID', { file }, { cause, hint: `${name} is no item with a schema` })
    }
  })
}

/** The lines of a text file. Refuses one that cannot be read (INPUT_INVALID). */
export function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
  } catch (cause) {
    throw refusal('INPUT_INVALID', { file }, { cause, hint: `${file} cannot be read` })
  }
}

function toItem(parsed: unknown): Omit<Item, 'name'> {
  const { schema, content, language, licence, author, sourceUrl, tags, ...rest } =
    lineSchema.parse(parsed)
  const own = Object.entries(rest).filter(([key]) => !ADDED.has(key))
  return {
    schema,
    content: content ?? Object.fromEntries(own),
    ...(language === undefined ? {} : { language }),
    ...(licence === undefined ? {} : { licence }),
    ...(author === undefined ? {} : { author }),
    ...(sourceUrl === undefined ? {} : { sourceUrl }),
    ...(tags === undefined ? {} : { tags })
  }
}
