import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { parse } from 'csv-parse/sync'
import { refusal } from '../../api/problem.ts'
import type { Item } from './items.ts'
import { linesOf } from './items.ts'

/** One record of a table that is imported, and where it stands. */
export interface Sourced {
  readonly name: string
  readonly record: Readonly<Record<string, unknown>>
}

/** By field, the column that it is read from, or several of them. */
export type Mapping = ReadonlyMap<string, readonly string[]>

/** Tables that can be imported. */
export const TABLES = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json'] as const

/** Fields that are not of the content, but beside it. */
const BESIDE = new Set(['language', 'licence', 'author', 'sourceUrl', 'tags'])
/** Names that other tables have for the same things. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  title: ['title', 'headline', 'name', 'subject'],
  text: ['text', 'body', 'content', 'passage', 'definition'],
  question: ['question', 'prompt', 'instruction', 'query'],
  answer: ['answer', 'completion', 'response', 'output'],
  turns: ['turns', 'messages', 'conversations', 'conversation'],
  label: ['label', 'class', 'category'],
  sourceUrl: ['sourceUrl', 'source', 'url'],
  licence: ['licence', 'license'],
  language: ['language', 'lang'],
  author: ['author', 'attribution'],
  tags: ['tags']
}
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'qa/1': ['question', 'answer'],
  'dialogue/1': ['turns'],
  'label/1': ['text', 'label'],
  'correction/1': ['of', 'right'],
  'preference/1': ['question'],
  'text/1': ['text']
}
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'text/1': ['title'],
  'dialogue/1': ['title'],
  'label/1': ['labels'],
  'correction/1': ['question', 'wrong'],
  'preference/1': ['answers', 'better', 'answer', 'rating', 'reason']
}

/** `--map` as it was typed: `field=column`, several with commas, several columns with `|`. */
export function mappingOf(said: readonly string[] = []): Mapping {
  const mapping = new Map<string, readonly string[]>()
  for (const pair of said.flatMap((one) => one.split(','))) {
    const [, field = '', columns = ''] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(pair) ?? []
    if (field === '') throw wrong(`“${pair}” is not field=column`)
    mapping.set(field === 'source' ? 'sourceUrl' : field, columns.split('|'))
  }
  return mapping
}

/** The records of a CSV, TSV, JSONL or JSON file. Refuses one that cannot be read (INPUT_INVALID). */
export function readTable(file: string): readonly Sourced[] {
  const kind = extname(file).toLowerCase()
  if (kind === '.jsonl' || kind === '.ndjson') {
    return linesOf(file).flatMap((line, index) =>
      line.trim() === ''
        ? []
        : [{ name: `${file}:${index + 1}`, record: toRecord(file, line, index) }]
    )
  }
  const text = readText(file)
  if (kind === '.json') {
    const all: unknown = parsed(file, text)
    if (!Array.isArray(all)) throw wrong(`${file} is no list`)
    return all.map((record, index) => ({ name: `${file}[${index}]`, record }))
  }
  try {
    const records = parse(text, {
      bom: true,
      columns: true,
      delimiter: kind === '.tsv' ? '\t' : [',', ';'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true
    }) as unknown as { record: Record<string, string>; info: { lines: number } }[]
    return records.map(({ record, info }) => ({ name: `${file}:${info.lines}`, record }))
  } catch (cause) {
    throw wrong(`${file} is no CSV: ${cause instanceof Error ? cause.message : ''}`, cause)
  }
}

/** The kind of thing that a table holds, by its columns and what is mapped. */
export function schemaOf(columns: readonly string[], mapping: Mapping): string {
  const has = (field: string) => mapping.has(field) || columnFor(columns, field) !== undefined
  const fits = Object.entries(NEEDED).find(
    ([schema, fields]) => schema !== 'preference/1' && fields.every(has)
  )
  if (fits !== undefined) return fits[0]
  const known = columns.slice(0, 12).join(', ')
  throw wrong(`say which columns to read, as in --map text=…; there are: ${known}`)
}

/** A record as an item of `schema`. Refuses one without a field that the schema needs (INPUT_INVALID). */
export function toItem({ name, record }: Sourced, schema: string, mapping: Mapping): Item {
  const content: Record<string, unknown> = {}
  for (const field of [...(NEEDED[schema] ?? []), ...(OPTIONAL[schema] ?? [])]) {
    const value = fieldIn(record, field, mapping)
    if (value !== undefined) content[field] = value
    else if (NEEDED[schema]?.includes(field)) throw wrong(`${name} has no ${field}`)
  }
  if (schema === 'text/1' && content.title === undefined) content.title = titleFrom(content.text)
  const beside = [...BESIDE].flatMap((field) => {
    const value = fieldIn(record, field, mapping)
    return value === undefined ? [] : [[field, value]]
  })
  return { name, schema, content, ...Object.fromEntries(beside) }
}

function fieldIn(record: Sourced['record'], field: string, mapping: Mapping): unknown {
  const mapped = mapping.get(field)
  const columns =
    mapped ?? [columnFor(Object.keys(record), field)].filter((one) => one !== undefined)
  const values = columns.map((column) => at(record, column)).filter((value) => !isBlank(value))
  if (values.length === 0) return undefined
  const [first] = values
  if (field === 'turns') return toTurns(first)
  if (field === 'answers') return values.length > 1 ? values.map(String) : fromJson(first)
  if (field === 'tags' || field === 'labels') return toList(first)
  if (field === 'better' || field === 'rating') return Number(first)
  if (field === 'of')
    return /^[0-9a-f]{32}$/i.test(`${first}`) ? { receipt: first } : { contribution: first }
  return values.map(String).join('\n\n')
}

function columnFor(columns: readonly string[], field: string): string | undefined {
  const names = ALSO[field] ?? [field]
  return names
    .map((name) => columns.find((column) => column.toLowerCase() === name.toLowerCase()))
    .find((column) => column !== undefined)
}

/** A column, or a place inside of one: `meta.lang`. */
function at(record: Readonly<Record<string, unknown>>, column: string): unknown {
  if (Object.hasOwn(record, column)) return record[column]
  return column
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      record
    )
}

/** Turns under the names that chats have in the wild; what a system was told is left out. */
function toTurns(given: unknown): unknown {
  const turns = fromJson(given)
  if (!Array.isArray(turns)) return turns
  const roles: Readonly<Record<string, string>> = {
    ...{ user: 'user', human: 'user', prompter: 'user' },
    ...{ assistant: 'assistant', gpt: 'assistant', bot: 'assistant', model: 'assistant' }
  }
  return turns.flatMap((turn: Record<string, unknown>) => {
    const said = `${turn.role ?? turn.from ?? ''}`.toLowerCase()
    if (said === 'system') return []
    return [{ role: roles[said] ?? said, text: turn.text ?? turn.content ?? turn.value }]
  })
}

function toList(given: unknown): unknown {
  const list = fromJson(given)
  if (Array.isArray(list)) return list.map(String)
  return `${list}`
    .split(/[,;]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function fromJson(given: unknown): unknown {
  if (typeof given !== 'string' || !/^\s*[[{]/.test(given)) return given
  try {
    return JSON.parse(given)
  } catch {
    return given
  }
}

function titleFrom(text: unknown): string {
  const [line = ''] = `${text}`.trim().split(/\n|(?<=[.!?])\s/)
  return line.length <= 80 ? line : line.slice(0, Math.max(20, line.lastIndexOf(' ', 80)))
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function toRecord(file: string, line: string, index: number): Readonly<Record<string, unknown>> {
  const record = parsed(`${file}:${index + 1}`, line)
  if (typeof record !== 'object' || record === null)
    throw wrong(`${file}:${index + 1} is no object`)
  return record as Record<string, unknown>
}

function parsed(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wrong(`${where} is no JSON`, cause)
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    throw wrong(`${file} cannot be read`, cause)
  }
}

function wrong(hint: string, cause?: unknown) {
  return refusal('INPUT_INVALID', {}, { hint, ...(cause === undefined ? {} : { cause }) })
}
