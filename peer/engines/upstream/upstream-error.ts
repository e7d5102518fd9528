import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'

/** The longest that a caller is told to wait. */
const MAX_RETRY_S = 3_600
const TOO_LONG =
  /context[ _-]?length|context window|context size|maximum context|too many tokens|too long/i

/**
 * The refusal of a model server as ours: busy is PROVIDER_BUSY with `retryAfterS` where it says, late
 * ENGINE_TIMEOUT, a request over its context REQUEST_TOO_LARGE, one it cannot take INPUT_INVALID,
 * everything else ENGINE_FAILED with a `reason`. Its words stay here: they may name paths and keys.
 */
export function refusedWith(status: number, headers: Headers, body: string): DatanetError {
  if (status === 429 || status === 503 || status === 529) {
    const retryAfterS = retryAfter(headers.get('retry-after'))
    return new DatanetError('PROVIDER_BUSY', retryAfterS === undefined ? {} : { retryAfterS })
  }
  if (status === 408 || status === 504) return new DatanetError('ENGINE_TIMEOUT', { status })
  if (status === 413 || (status < 500 && TOO_LONG.test(body))) {
    return new DatanetError('REQUEST_TOO_LARGE', { reason: 'more than the model takes' })
  }
  if (status === 400 || status === 422) {
    return new DatanetError('INPUT_INVALID', { reason: 'the model does not take this request' })
  }
  const reason = REASONS[status] ?? 'refused'
  return new DatanetError('ENGINE_FAILED', { reason, status })
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'key refused',
  403: 'key refused',
  404: 'model missing'
}

/** What `fetch` and reading throw, as ours; an abort and what is ours already pass. */
export function brokenBy(error: unknown): unknown {
  if (isDatanetError(error) || isAbort(error)) return error
  const isConnected = !(error instanceof TypeError && error.message === 'fetch failed')
  return failed(isConnected ? 'cut off' : 'unreachable', error)
}

/** ENGINE_FAILED for a `reason` that tells nothing of the server. */
export function failed(reason: string, cause?: unknown): DatanetError {
  return new DatanetError('ENGINE_FAILED', { reason }, cause === undefined ? {} : { cause })
}

/** Seconds, from a number or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const seconds = /^\d{1,9}$/.test(value.trim())
    ? Number(value)
    : Math.ceil((Date.parse(value) - Date.now()) / 1_000)
  return Number.isFinite(seconds) ? Math.min(MAX_RETRY_S, Math.max(0, seconds)) : undefined
}
