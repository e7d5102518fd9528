import { z } from 'zod'
import { DatanetError } from '../base/errors.ts'

const MARK = '\u001e'
const MAX_CALLS = 128

/** A tool that an answer asks its caller to run. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON, as the model wrote it: it may be none. */
  readonly arguments: string
}

/** An answer as its reader takes it. */
export interface ReadAnswer {
  readonly content: string
  readonly toolCalls: readonly ToolCall[]
}

const callSchema = z.strictObject({
  id: z.string().min(1).max(256),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  arguments: z.string()
})

/**
 * Tool calls as the text that an answer ends with, so that what is delivered, counted, committed to
 * and shown again stays one text: for each a record separator (U+001E), its JSON and a line feed.
 * specs/06-model.md §Tool calls
 */
export function encodeToolCalls(calls: readonly ToolCall[]): string {
  return calls
    .map(
      ({ id, name, arguments: args }) => `${MARK}${JSON.stringify({ id, name, arguments: args })}\n`
    )
    .join('')
}

/** The text before the tool calls of an answer, and those. Refuses calls that are none (RECORD_MALFORMED). */
export function readAnswer(text: string): ReadAnswer {
  const [content = '', ...records] = text.split(MARK)
  if (records.length > MAX_CALLS) throw malformed()
  return { content, toolCalls: records.map(readCall) }
}

/** `text` without what would be read as the beginning of a tool call. */
export function withoutToolCalls(text: string): string {
  return text.replaceAll(MARK, '')
}

function readCall(record: string): ToolCall {
  try {
    if (record.endsWith('\n')) return callSchema.parse(JSON.parse(record))
  } catch {
    // Told below: what is wrong with it helps nobody.
  }
  throw malformed()
}

function malformed(): DatanetError {
  return new DatanetError('RECORD_MALFORMED', { field: 'toolCalls' })
}
