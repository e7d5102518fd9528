import { refusal } from './problem.ts'

export interface SpendingCapInit {
  /** The most that may be spent in one UTC day, by this process. */
  readonly capWei: bigint
  /** The most that one call may cost. */
  readonly maxCallWei: bigint
  /** The most that is promised before anything comes of a call; nothing when left out. */
  readonly prepayWei?: bigint
  /** The clock, unix ms. */
  readonly now: () => number
}

export interface SpendingCap {
  /**
   * Sets aside what a call that costs `leastWei` or more may spend, `wantWei` at most. Refuses with
   * SPENDING_LIMIT when less than `leastWei` is free: calls under way count with all they may cost.
   */
  reserve(amounts: { leastWei: bigint; wantWei?: bigint }): Reservation
  readonly spentWei: bigint
}

export interface Reservation {
  readonly maxWei: bigint
  /** True when the day's rest, and not the limit of one call, set `maxWei`. */
  readonly cut: boolean
  /** What a call that is lost may have promised beyond what came of it. */
  readonly prepaidWei: bigint
  /** Ends the reservation with what the call did cost. A second time does nothing. */
  settle(costWei: bigint): void
}

const DAY_MS = 86_400_000

/** A cap on what calls may cost together, counted from what they did cost. */
export function createSpendingCap(init: SpendingCapInit): SpendingCap {
  const { capWei, maxCallWei, prepayWei = 0n, now } = init
  let day = dayOf(now())
  let spentWei = 0n
  let reservedWei = 0n

  const turnDay = () => {
    const today = dayOf(now())
    if (today === day) return
    day = today
    spentWei = 0n
  }

  return {
    get spentWei() {
      turnDay()
      return spentWei
    },
    reserve({ leastWei, wantWei = maxCallWei }) {
      turnDay()
      const freeWei = larger(capWei - spentWei - reservedWei, 0n)
      const limitWei = smaller(wantWei, maxCallWei)
      const maxWei = smaller(limitWei, freeWei)
      if (maxWei < leastWei) {
        throw refusal('SPENDING_LIMIT', {
          leastWei,
          maxCallWei: limitWei,
          capWei,
          spentWei,
          freeWei
        })
      }
      reservedWei += maxWei
      let open = true
      return {
        maxWei,
        cut: maxWei < limitWei,
        prepaidWei: smaller(prepayWei, maxWei),
        settle(costWei) {
          if (!open) return
          open = false
          turnDay()
          reservedWei -= maxWei
          spentWei += costWei
        }
      }
    }
  }
}

const dayOf = (atMs: number) => Math.floor(atMs / DAY_MS)
const smaller = (a: bigint, b: bigint) => (a < b ? a : b)
const larger = (a: bigint, b: bigint) => (a > b ? a : b)
