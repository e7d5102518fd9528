import { DatanetError, ERRORS, type ErrorCode, isDatanetError } from '../../protocol/base/errors.ts'

/** What a face shows of a refusal: the row of the error table, and details fit to be shown. */
export interface Problem {
  readonly status: number
  readonly body: ProblemBody
}

/** The members of RFC 9457, then what the table says about the code. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly actor: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

// Details are promised to be harmless; names that are never harmless are dropped all the same.
const SECRET = /secret|private|password|passphrase|authorization|bearer|cookie|salt|seed|prompt/i
const MAX_TEXT = 400
const MAX_ITEMS = 32
const MAX_DEPTH = 3

/**
 * The problem that describes `error`, with its HTTP status. An error outside the vocabulary becomes
 * INTERNAL and says nothing of itself, since its message may hold anything; causes are never shown.
 * Amounts come as decimal strings, texts cut to 400 characters (specs/01-terms.md §Errors).
 */
export function toProblem(error: unknown): Problem {
  const known =
    isDatanetError(error) && Object.hasOwn(ERRORS, error.code)
      ? error
      : new DatanetError('INTERNAL', {})
  const { http, meaning, actor, retryable } = ERRORS[known.code]
  return {
    status: http,
    body: {
      type: `urn:datanet:error:${known.code}`,
      title: meaning,
      status: http,
      detail: known.message.slice(0, MAX_TEXT),
      code: known.code,
      actor,
      retryable,
      details: plainRecord(known.details ?? {}, MAX_DEPTH)
    }
  }
}

/** An error of the vocabulary for a face to throw: faces import nothing from `protocol/`. */
export function refusal(
  code: ErrorCode,
  details: Record<string, unknown> = {},
  options: { cause?: unknown; hint?: string } = {}
): DatanetError {
  return new DatanetError(code, details, options)
}

function plainRecord(record: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(record)
    .filter(([name]) => !SECRET.test(name))
    .slice(0, MAX_ITEMS)
    .map(([name, value]) => [name, plain(value, depth - 1)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || depth <= 0) return undefined
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item) => plain(item, depth - 1) ?? null)
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return plainRecord(value, depth)
  // CIDs, peer ids and the like say who they are; errors would say too much.
  return value instanceof Error ? undefined : String(value).slice(0, MAX_TEXT)
}
