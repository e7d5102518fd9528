import { DatanetError } from '../../../protocol/base/errors.ts'
import type { BudgetLeft, BudgetSummary } from '../../api/money-api.ts'
import type { SpendingStore } from '../../store/spending.ts'
import type { Parts } from '../parts.ts'

/** A payer's channel, as far as budgets look at it. */
export interface PromisedChannel {
  readonly channelId: string
  readonly provider: string
  /** The total of its newest voucher. */
  readonly promisedWei: bigint
  /** What the open calls on it are covered up to, by id. */
  readonly coveredWei: (callId: string) => bigint | undefined
}

/** One attempt of a call, at one provider. */
export interface BudgetedCall {
  readonly id: string
  readonly provider: string
  /** Below this it cannot begin. */
  readonly leastWei: bigint
  /** The most it can cost. */
  readonly wantWei: bigint
}

/** What one attempt may spend; `end` gives back what it did not promise. */
export interface Reservation {
  /** Absent where no budget bounds it. */
  readonly maxWei?: bigint
  end(): void
}

/** What this peer may promise in one UTC day, to all providers and to each. */
export interface Budget {
  /**
   * Sets aside what the attempt may cost, less where the day leaves less. Refuses SPENDING_LIMIT when
   * `leastWei` is not left, before anything is signed; `details.budget` says which one is short.
   */
  reserve(call: BudgetedCall): Reservation
  state(): BudgetSummary
}

const DAY_MS = 86_400_000

interface Held extends BudgetedCall {
  readonly maxWei: bigint
  /** Where an earlier attempt of the same call is open still: what that covered is not this one's. */
  readonly earlier: ReadonlySet<string>
}

/**
 * Budgets by what the vouchers of this peer promise: their totals less what they were when the day
 * began. Vouchers are on disk before they are sent, so nothing else has to be written for a call, and
 * no crash forgets what was spent; a receipt below its cover leaves credit on the channel, which the
 * next voucher does not promise again. An attempt under way counts with all it may still promise.
 * A call that runs through midnight counts for the day in which the next one is asked for as far as
 * it is not promised by then. specs/10-api.md §Budgets
 */
export function createBudget(
  parts: Pick<Parts, 'limits' | 'now'> & { readonly spendingStore: SpendingStore },
  promised: () => Iterable<PromisedChannel>,
  money: (amountWei: bigint) => string = (amountWei) => `${amountWei} wei`
): Budget {
  const { limits, now, spendingStore } = parts
  const held = new Set<Held>()
  let day = spendingStore.day()
  let bases = spendingStore.bases()
  turnDay()

  /** A clock that was set back does not begin a day again. */
  function turnDay(): number {
    const today = Math.floor(now() / DAY_MS)
    if (day !== undefined && today <= day) return day
    const next = new Map<string, bigint>()
    for (const { channelId, promisedWei } of promised()) {
      if (promisedWei > 0n) next.set(channelId, promisedWei)
    }
    spendingStore.begin(today, next)
    bases = next
    day = today
    return today
  }

  function spentBy(): Map<string, bigint> {
    const spent = new Map<string, bigint>()
    for (const { channelId, provider, promisedWei } of promised()) {
      const sinceWei = promisedWei - (bases.get(channelId) ?? 0n)
      if (sinceWei > 0n) spent.set(provider, (spent.get(provider) ?? 0n) + sinceWei)
    }
    return spent
  }

  /** What attempts under way may still promise, by provider. */
  function reservedBy(): Map<string, bigint> {
    const reserved = new Map<string, bigint>()
    if (held.size === 0) return reserved
    const channels = [...promised()]
    for (const { id, provider, maxWei, earlier } of held) {
      const coveredWei = channels
        .filter((one) => one.provider === provider && !earlier.has(one.channelId))
        .reduce((sum, one) => sum + (one.coveredWei(id) ?? 0n), 0n)
      const restWei = maxWei > coveredWei ? maxWei - coveredWei : 0n
      reserved.set(provider, (reserved.get(provider) ?? 0n) + restWei)
    }
    return reserved
  }

  function left(limitWei: bigint, spentWei: bigint, reservedWei: bigint): BudgetLeft {
    const freeWei = limitWei - spentWei - reservedWei
    return { limitWei, spentWei, reservedWei, leftWei: freeWei > 0n ? freeWei : 0n }
  }

  function dayLeft(): BudgetLeft | undefined {
    const { maxDayWei } = limits
    if (maxDayWei === undefined) return undefined
    return left(maxDayWei, sum(spentBy()), sum(reservedBy()))
  }

  function providerLeft(provider: string): BudgetLeft | undefined {
    const { maxProviderDayWei } = limits
    if (maxProviderDayWei === undefined) return undefined
    const spentWei = spentBy().get(provider) ?? 0n
    return left(maxProviderDayWei, spentWei, reservedBy().get(provider) ?? 0n)
  }

  function refuse(budget: 'day' | 'provider', room: BudgetLeft, leastWei: bigint): DatanetError {
    const freesAtMs = ((day ?? 0) + 1) * DAY_MS
    const usedWei = room.spentWei + room.reservedWei
    const whose = budget === 'day' ? 'today' : 'for this provider today'
    const hint =
      `${money(usedWei)} of ${money(room.limitWei)} ${whose} are spent or set aside for calls that ` +
      `run: ${money(room.leftWei)} are left, this call needs ${money(leastWei)} to begin, and the ` +
      `next day begins at ${new Date(freesAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
    return new DatanetError(
      'SPENDING_LIMIT',
      { budget, ...texts(room), leastWei: `${leastWei}`, freesAtMs },
      { hint }
    )
  }

  return {
    reserve(call) {
      turnDay()
      let maxWei = call.wantWei
      const isBound = limits.maxDayWei !== undefined || limits.maxProviderDayWei !== undefined
      if (!isBound) return { end: () => {} }
      for (const [budget, room] of [
        ['day', dayLeft()],
        ['provider', providerLeft(call.provider)]
      ] as const) {
        if (room === undefined) continue
        if (room.leftWei < call.leastWei) throw refuse(budget, room, call.leastWei)
        if (room.leftWei < maxWei) maxWei = room.leftWei
      }
      const earlier = new Set<string>()
      for (const { channelId, coveredWei } of promised()) {
        if (coveredWei(call.id) !== undefined) earlier.add(channelId)
      }
      const one: Held = { ...call, maxWei, earlier }
      held.add(one)
      return { maxWei, end: () => void held.delete(one) }
    },

    state() {
      const today = turnDay()
      const spent = spentBy()
      const reserved = reservedBy()
      const whole = dayLeft()
      return {
        maxCallWei: limits.maxCallWei,
        spentWei: sum(spent),
        reservedWei: sum(reserved),
        ...(whole === undefined ? {} : { day: whole }),
        ...(limits.maxProviderDayWei === undefined
          ? {}
          : { maxProviderDayWei: limits.maxProviderDayWei }),
        providers: [...new Set([...spent.keys(), ...reserved.keys()])].map((provider) => {
          const room = providerLeft(provider)
          return {
            provider,
            spentWei: spent.get(provider) ?? 0n,
            reservedWei: reserved.get(provider) ?? 0n,
            ...(room === undefined ? {} : { leftWei: room.leftWei })
          }
        }),
        freesAtMs: (today + 1) * DAY_MS
      }
    }
  }
}

function sum(amounts: ReadonlyMap<string, bigint>): bigint {
  return [...amounts.values()].reduce((all, wei) => all + wei, 0n)
}

function texts({ limitWei, spentWei, reservedWei, leftWei }: BudgetLeft) {
  return {
    limitWei: `${limitWei}`,
    spentWei: `${spentWei}`,
    reservedWei: `${reservedWei}`,
    leftWei: `${leftWei}`
  }
}
