import { DatanetError } from '../../../protocol/base/errors.ts'

/** How much one engine takes on. */
export interface LaneLimits {
  /** Answers at a time. */
  readonly parallel: number
  /** Calls that wait for a place; one more is refused. */
  readonly queue: number
  /** The longest that one of them waits, in milliseconds. */
  readonly waitMs: number
}

/** What embedded engines take unless said otherwise: quick ones, on a few cores. */
export const LANE: LaneLimits = { parallel: 8, queue: 64, waitMs: 10_000 }

/** Places at one engine, for all models that it answers for. */
export interface Lane {
  /**
   * Resolves with what gives the place back, once there is one. Who pays more comes first; who waited
   * half the longest wait comes before all who did not. Refuses PROVIDER_BUSY where the queue is full,
   * or no place came in time; an abort passes.
   */
  enter(call: { readonly priceWei: bigint; readonly signal: AbortSignal }): Promise<() => void>
  /** Refuses a call that would have to be refused by `enter` at once (PROVIDER_BUSY). */
  refuseIfFull(): void
  /** Somebody waited half the longest wait, and the queue was not empty since. */
  readonly isBehind: boolean
}

interface Waiting {
  readonly priceWei: bigint
  readonly sinceMs: number
  isLate: boolean
  readonly admitted: PromiseWithResolvers<void>
}

/** A lane; `onBehind` is told when it falls behind, and when it has caught up. */
export function createLane(
  limits: LaneLimits,
  {
    now,
    onBehind = () => {}
  }: { readonly now: () => number; readonly onBehind?: (isBehind: boolean) => void }
): Lane {
  const { parallel, queue, waitMs } = limits
  const waiting: Waiting[] = []
  let running = 0
  let isBehind = false

  function setBehind(value: boolean): void {
    if (value === isBehind) return
    isBehind = value
    onBehind(value)
  }

  function busy(): DatanetError {
    return new DatanetError('PROVIDER_BUSY', { retryAfterS: Math.ceil(waitMs / 1_000) })
  }

  function refuseIfFull(): void {
    if (running >= parallel && waiting.length >= queue) throw busy()
  }

  /** Late ones first, then by price, then in the order they came. */
  function isBefore(a: Waiting, b: Waiting): boolean {
    if (a.isLate !== b.isLate) return a.isLate
    if (!a.isLate && a.priceWei !== b.priceWei) return a.priceWei > b.priceWei
    return a.sinceMs < b.sinceMs
  }

  function next(): void {
    running -= 1
    const [first, ...others] = waiting
    if (first !== undefined) {
      const best = others.reduce((best, one) => (isBefore(one, best) ? one : best), first)
      waiting.splice(waiting.indexOf(best), 1)
      running += 1
      best.admitted.resolve()
    }
    if (waiting.length === 0) setBehind(false)
  }

  function place(): () => void {
    let isTaken = true
    return () => {
      if (isTaken) next()
      isTaken = false
    }
  }

  return {
    refuseIfFull,
    get isBehind() {
      return isBehind
    },
    async enter({ priceWei, signal }) {
      signal.throwIfAborted()
      refuseIfFull()
      if (running < parallel) {
        running += 1
        return place()
      }
      const one: Waiting = {
        priceWei,
        sinceMs: now(),
        isLate: false,
        admitted: Promise.withResolvers<void>()
      }
      waiting.push(one)
      const leave = (reason: unknown) => {
        if (!waiting.includes(one)) return
        waiting.splice(waiting.indexOf(one), 1)
        one.admitted.reject(reason)
        if (waiting.length === 0) setBehind(false)
      }
      const onAbort = () => leave(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const late = setTimeout(() => {
        one.isLate = true
        setBehind(true)
      }, waitMs / 2)
      const over = setTimeout(() => leave(busy()), waitMs)
      try {
        await one.admitted.promise
        return place()
      } finally {
        signal.removeEventListener('abort', onAbort)
        clearTimeout(late)
        clearTimeout(over)
      }
    }
  }
}
