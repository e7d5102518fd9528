import { DatanetError, ERRORS, type ErrorCode, isDatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'

const CODES = new Map(Object.entries(ERRORS).map(([code, row]) => [row.wire, code as ErrorCode]))
const MAX_DETAILS = 16
const MAX_DETAIL_BYTES = 128

type Plain = string | number | boolean

/** The wire form of an error: {code, text, details}. specs/05-network.md §Errors */
export interface WireError {
  readonly code: number
  readonly text: string
  readonly details: Readonly<Record<string, Plain>>
}

/** What a peer may be told about `error`: nothing but INTERNAL unless it is of the vocabulary. */
export function toWireError(error: unknown): WireError {
  if (!isDatanetError(error)) {
    return { code: ERRORS.INTERNAL.wire, text: ERRORS.INTERNAL.meaning, details: {} }
  }
  return {
    code: ERRORS[error.code].wire,
    text: bounded(error.message, LIMITS.remoteTextBytes),
    details: plainDetails(error.details)
  }
}

/**
 * A remote peer's error as ours. Its words stand in `details.said` and `details.text`, bounded and
 * marked `remote: true`: show them as a quotation, decide by the code. Unknown numbers are INTERNAL.
 */
export function fromWireError(value: unknown, peer: string): DatanetError {
  const wire = isMap(value) ? value : {}
  const number = typeof wire.code === 'number' ? wire.code : 0
  return new DatanetError(CODES.get(number) ?? 'INTERNAL', {
    remote: true,
    peer,
    wire: number,
    text: typeof wire.text === 'string' ? bounded(wire.text, LIMITS.remoteTextBytes) : '',
    said: isMap(wire.details) ? plainDetails(wire.details) : {}
  })
}

function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, Plain> {
  const out: Record<string, Plain> = {}
  for (const [key, value] of Object.entries(details).slice(0, MAX_DETAILS)) {
    if (!/^\w{1,32}$/.test(key)) continue
    if (typeof value === 'boolean' || Number.isSafeInteger(value)) out[key] = value as Plain
    else if (typeof value === 'string') out[key] = bounded(value, MAX_DETAIL_BYTES)
    else if (typeof value === 'bigint') out[key] = value.toString().slice(0, MAX_DETAIL_BYTES)
  }
  return out
}

/** At most `maxBytes` of `text`, without control characters, which could forge lines of a log. */
function bounded(text: string, maxBytes: number): string {
  const clean = text.slice(0, maxBytes).replace(/\p{Cc}/gu, ' ')
  return Buffer.from(clean)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\ufffd+$/, '')
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
