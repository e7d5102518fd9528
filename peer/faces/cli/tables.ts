import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { refusal } from '../../api/problem.ts'

/** Columns by name, as the API gives rows. */
export type Columns = Readonly<Record<string, unknown>>

/** A file in one form, to which rows are added one by one. */
export interface TableFile {
  readonly files: readonly string[]
  /** Rows that the form has no place for. */
  readonly left: number
  add(row: Columns): Promise<void>
  end(): Promise<void>
}

/** The forms that rows can be written in. */
export const FORMATS = ['jsonl', 'csv', 'parquet', 'chat'] as const
export type Format = (typeof FORMATS)[number]

/** What a row may have, in the order of a table's columns. */
const COLUMNS = [
  ...['id', 'schema', 'title', 'text', 'question', 'answer', 'turns', 'label', 'labels', 'of'],
  ...['wrong', 'right', 'answers', 'better', 'rating', 'reason', 'file', 'mime', 'name', 'bytes'],
  ...['caption', 'language', 'licence', 'author', 'sourceUrl', 'tags', 'contributor', 'origin'],
  ...['createdAtMs', 'order', 'cluster']
]
/** Columns that hold whole numbers; the others hold text. */
const NUMBERS = new Set(['better', 'rating', 'bytes', 'createdAtMs', 'order'])
const TEXTS = { encoding: 'utf8' } as const

/** A new file at `path` in `format`. Refuses a place that cannot be written (INPUT_INVALID). */
export async function openTable(path: string, format: Format): Promise<TableFile> {
  if (format === 'parquet') return parquet(path)
  return format === 'chat' ? chat(path) : format === 'csv' ? csv(path) : jsonl(path)
}

async function jsonl(path: string): Promise<TableFile> {
  const out = await lines(path)
  return {
    files: [path],
    left: 0,
    add: (row) => out.write(`${JSON.stringify(row)}\n`),
    end: out.end
  }
}

/** RFC 4180, with the columns that any row may have: tools want the same ones in every line. */
async function csv(path: string): Promise<TableFile> {
  const out = await lines(path)
  await out.write(`${COLUMNS.join(',')}\r\n`)
  return {
    files: [path],
    left: 0,
    add: (row) => out.write(`${COLUMNS.map((name) => cell(row[name])).join(',')}\r\n`),
    end: out.end
  }
}

/**
 * Messages as fine-tuning takes them, one conversation a line, and beside it whose they are: line by
 * line, so that licences that ask for names get them.
 */
async function chat(path: string): Promise<TableFile> {
  const out = await lines(path)
  const credits = `${path.replace(/\.jsonl$/, '')}.credits.jsonl`
  const beside = await lines(credits)
  let left = 0
  let line = 0
  return {
    files: [path, credits],
    get left() {
      return left
    },
    async add(row) {
      const messages = conversation(row)
      if (messages === undefined) {
        left += 1
        return
      }
      line += 1
      await out.write(`${JSON.stringify({ messages })}\n`)
      const { id, contributor, author, licence, sourceUrl } = row
      await beside.write(
        `${JSON.stringify({ line, id, contributor, author, licence, sourceUrl })}\n`
      )
    },
    async end() {
      await out.end()
      await beside.end()
    }
  }
}

/** Who said what; undefined for what nobody would answer so, such as a low rating. */
function conversation(row: Columns): { role: string; content: string }[] | undefined {
  const { schema, question, answer, turns, text, label, right, answers, better, rating, title } =
    row
  const said = (asked: unknown, answered: unknown) =>
    typeof asked === 'string' && typeof answered === 'string'
      ? [
          { role: 'user', content: asked },
          { role: 'assistant', content: answered }
        ]
      : undefined
  switch (schema) {
    case 'qa/1':
      return said(question, answer)
    case 'dialogue/1':
      return (turns as { role: string; text: string }[]).map((turn) => ({
        role: turn.role,
        content: turn.text
      }))
    case 'label/1':
      return said(text, label)
    case 'correction/1':
      return said(question, right)
    case 'preference/1':
      if (Array.isArray(answers)) return said(question, answers[Number(better)])
      return Number(rating) >= 4 ? said(question, answer) : undefined
    case 'text/1':
      return said(`What do you know about “${title}”?`, text)
    default:
      return undefined
  }
}

/** Column by column, in one piece: Parquet files end with what is in them. */
async function parquet(path: string): Promise<TableFile> {
  const rows: Columns[] = []
  const file = await lines(path)
  await file.end()
  return {
    files: [path],
    left: 0,
    async add(row) {
      rows.push(row)
    },
    async end() {
      const { parquetWriteFile } = await import('hyparquet-writer')
      const here = COLUMNS.filter((name) => rows.some((row) => row[name] !== undefined))
      await parquetWriteFile({
        filename: path,
        columnData: here.map((name) => {
          const isNumber = NUMBERS.has(name)
          const data = rows.map((row) => value(row[name], isNumber))
          return { name, data, type: isNumber ? 'INT64' : 'STRING', nullable: true }
        })
      })
    }
  }
}

function value(given: unknown, isNumber: boolean): bigint | string | null {
  if (given === undefined) return null
  if (isNumber) return BigInt(given as number)
  return typeof given === 'string' ? given : JSON.stringify(given)
}

function cell(given: unknown): string {
  if (given === undefined) return ''
  const text = typeof given === 'object' ? JSON.stringify(given) : String(given)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A text file that is written no faster than the disk takes it. */
async function lines(path: string) {
  const out = createWriteStream(path, TEXTS)
  const failed = (cause: unknown) =>
    refusal('INPUT_INVALID', { path }, { cause, hint: `${path} cannot be written` })
  await once(out, 'open').catch((cause) => {
    throw failed(cause)
  })
  return {
    async write(text: string): Promise<void> {
      if (!out.write(text)) await once(out, 'drain')
    },
    async end(): Promise<void> {
      out.end()
      await once(out, 'close').catch((cause) => {
        throw failed(cause)
      })
    }
  }
}
