const POLL_MS = 50

/**
 * True once `done()` is, false after `limitMs`; rejects with the reason when `signal` fires. For
 * conditions of libraries that tell nobody when they change.
 */
export async function poll(
  done: () => boolean,
  limitMs: number,
  signal: AbortSignal
): Promise<boolean> {
  const startedAtMs = performance.now()
  for (;;) {
    signal.throwIfAborted()
    if (done()) return true
    if (performance.now() - startedAtMs >= limitMs) return false
    await pause(POLL_MS, signal)
  }
}

/** Waits `ms`; rejects with the reason when `signal` fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * A signal that fires after `ms`, with any of `signals`, or at `release(reason)`; `release` also ends
 * its timer, which AbortSignal.timeout would keep until it has run out.
 */
export function deadline(
  ms: number,
  ...signals: AbortSignal[]
): { signal: AbortSignal; release(reason?: string): void } {
  const own = new AbortController()
  const timer = setTimeout(() => own.abort(abortError('too late')), ms)
  return {
    signal: AbortSignal.any([own.signal, ...signals]),
    release(reason) {
      clearTimeout(timer)
      if (reason !== undefined) own.abort(abortError(reason))
    }
  }
}

function abortError(reason: string): Error {
  const error = new Error(reason)
  error.name = 'AbortError'
  return error
}
