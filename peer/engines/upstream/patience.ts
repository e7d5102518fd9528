import { DatanetError } from '../../../protocol/base/errors.ts'

/** How long a model server may take. */
export interface Patience {
  /** Until the first byte: a queue, a cold model, a long prompt. */
  readonly firstMs: number
  /** Between two pieces. */
  readonly idleMs: number
  /** In all; below the two minutes in which a withdrawal must have taken effect. */
  readonly wholeMs: number
}

export const PATIENCE: Patience = { firstMs: 60_000, idleMs: 30_000, wholeMs: 110_000 }

/** Watches one request. */
export interface Watch {
  readonly signal: AbortSignal
  /** Something came: only the shorter wait counts from now on. */
  seen(): void
  /** The error to tell for `error`: ENGINE_TIMEOUT where it ran out of time, an abort as it is. */
  told(error: unknown): unknown
  stop(): void
}

/** A watch that starts now; its signal fires with `signal`'s or when time is up. */
export function watch(patience: Patience, signal: AbortSignal): Watch {
  const late = new AbortController()
  const giveUp = () => late.abort()
  const whole = setTimeout(giveUp, patience.wholeMs)
  let next = setTimeout(giveUp, patience.firstMs)
  return {
    signal: AbortSignal.any([signal, late.signal]),
    seen() {
      clearTimeout(next)
      next = setTimeout(giveUp, patience.idleMs)
    },
    told(error) {
      if (signal.aborted || !late.signal.aborted) return error
      return new DatanetError('ENGINE_TIMEOUT', {}, { cause: error })
    },
    stop() {
      clearTimeout(whole)
      clearTimeout(next)
    }
  }
}
