import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { type Budget, createBudget } from '../../../../peer/services/channel/budget.ts'
import type { SpendingLimits } from '../../../../peer/services/parts.ts'
import { type Database, openDatabase } from '../../../../peer/store/database.ts'
import { createSpendingStore } from '../../../../peer/store/spending.ts'
import {
  beginCall,
  cover,
  dropCall,
  openPayerLedger,
  type PayerLedger,
  settleCall
} from '../../../../protocol/channel/payer-ledger.ts'

const DAY_MS = 86_400_000
const NOON_MS = 20_000 * DAY_MS + DAY_MS / 2
const LIMITS = { maxCallWei: 1_000n, depositWei: 10_000n }
const idOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}`

/** One open call on one channel. */
interface Open {
  readonly id: string
  readonly channel: string
  readonly maxWei: bigint
  end(): void
}

/** A payer's ledgers, as they are, and a budget over them. */
class World {
  nowMs = NOON_MS
  calls: Open[] = []
  #made = 0
  readonly channels = new Map<string, { provider: string; ledger: PayerLedger; seq: number }>()
  readonly db: Database = openDatabase(':memory:')
  readonly limits: SpendingLimits
  budget: Budget

  constructor(limits: Partial<SpendingLimits>) {
    this.limits = { ...LIMITS, ...limits }
    this.budget = this.#start()
  }

  #start(): Budget {
    const { limits, db } = this
    const parts = { limits, now: () => this.nowMs, spendingStore: createSpendingStore(db) }
    return createBudget(parts, () =>
      [...this.channels].map(([channelId, { provider, ledger }]) => ({
        channelId,
        provider,
        promisedWei: ledger.voucher.cumulativeWei,
        coveredWei: (id) => ledger.calls.get(id)?.coveredWei
      }))
    )
  }

  /** What survives is what is on the disk: vouchers, not calls. */
  restart(): void {
    this.calls = []
    for (const [id, { provider, ledger, seq }] of this.channels) {
      this.channels.set(id, { provider, ledger: { ...ledger, calls: new Map() }, seq })
    }
    this.budget = this.#start()
  }

  open(provider: string): string {
    const id = idOf(this.channels.size + 1)
    this.channels.set(id, { provider, ledger: openPayerLedger(id, 10n ** 12n), seq: 0 })
    return id
  }

  begin(provider: string, wantWei: bigint, royaltyPpm = 0, isNew = false): Open {
    const id = `call ${this.#made++}`
    const leastWei = wantWei / 4n
    const reserved = this.budget.reserve({ id, provider, leastWei, wantWei })
    const known = [...this.channels].findLast(([, one]) => one.provider === provider)?.[0]
    const channel = isNew || known === undefined ? this.open(provider) : known
    const maxWei = reserved.maxWei ?? wantWei
    this.#change(channel, (ledger) => beginCall(ledger, id, { maxWei, royaltyPpm }))
    const call = { id, channel, maxWei, end: reserved.end }
    this.calls.push(call)
    return call
  }

  cover({ id, channel }: Open, uptoWei: bigint): void {
    this.#change(channel, (ledger) => cover(ledger, id, uptoWei))
  }

  settle({ id, channel, end }: Open, priceWei: bigint): void {
    const held = this.channels.get(channel)
    const seq = held?.seq ?? 0
    this.#change(channel, (ledger) =>
      settleCall(ledger, id, { priceWei, seq, leaf: new Uint8Array(32) })
    )
    const after = this.channels.get(channel)
    if (after !== undefined) after.seq += 1
    end()
    this.calls = this.calls.filter((one) => one.id !== id)
  }

  drop({ id, channel, end }: Open): void {
    this.#change(channel, (ledger) => dropCall(ledger, id))
    end()
    this.calls = this.calls.filter((one) => one.id !== id)
  }

  /** The provider is gone: the call stays open in the books, the attempt has ended. */
  lose({ id, end }: Open): void {
    end()
    this.calls = this.calls.filter((one) => one.id !== id)
  }

  promisedWei(provider?: string): bigint {
    return [...this.channels.values()]
      .filter((one) => provider === undefined || one.provider === provider)
      .reduce((sum, { ledger }) => sum + ledger.voucher.cumulativeWei, 0n)
  }

  #change(channel: string, next: (ledger: PayerLedger) => PayerLedger): void {
    const held = this.channels.get(channel)
    if (held !== undefined) held.ledger = next(held.ledger)
  }
}

function worldOf(limits: Partial<SpendingLimits>): World {
  const world = new World(limits)
  onTestFinished(() => world.db.close())
  return world
}

const codeOf = (work: () => unknown): { code: string; details: Record<string, unknown> } => {
  try {
    work()
    return { code: 'OK', details: {} }
  } catch (error) {
    return error as { code: string; details: Record<string, unknown> }
  }
}

// BUDGET-W1
test('calls are refused when the day leaves less than they need to begin, and say when it frees', () => {
  const world = worldOf({ maxDayWei: 100n })
  const first = world.begin('anna', 80n)
  world.cover(first, 30n)
  // 30 are promised, 50 set aside: 20 are left, and a call of 80 begins with no less.
  const second = world.begin('ben', 80n)
  expect(second.maxWei).toBe(20n)
  const refused = codeOf(() => world.begin('cleo', 8n))
  expect(refused).toMatchObject({
    code: 'SPENDING_LIMIT',
    details: {
      budget: 'day',
      limitWei: '100',
      spentWei: '30',
      reservedWei: '70',
      leftWei: '0',
      freesAtMs: NOON_MS + DAY_MS / 2
    }
  })
  expect(String(refused)).toMatch(/the next day begins at 2024-10-05 00:00 UTC/)
  expect(world.channels.size).toBe(2)

  // What was covered stays spent, what was only set aside is free again.
  world.settle(first, 25n)
  world.drop(second)
  expect(world.budget.state()).toMatchObject({ spentWei: 30n, reservedWei: 0n })
  expect(world.begin('anna', 80n).maxWei).toBe(70n)
})

test('surplus of a call that cost less than its cover is not counted twice', () => {
  const world = worldOf({ maxDayWei: 100n })
  const first = world.begin('anna', 40n)
  world.cover(first, 40n)
  world.settle(first, 10n)
  const second = world.begin('anna', 40n)
  world.cover(second, 30n)
  expect(world.budget.state()).toMatchObject({ spentWei: 40n, day: { leftWei: 50n } })
})

test('one provider is bounded apart from the others', () => {
  const world = worldOf({ maxProviderDayWei: 50n })
  world.cover(world.begin('anna', 50n), 50n)
  expect(codeOf(() => world.begin('anna', 4n))).toMatchObject({
    code: 'SPENDING_LIMIT',
    details: { budget: 'provider' }
  })
  // Also on a new channel to the same one.
  expect(codeOf(() => world.begin('anna', 4n, 0, true)).code).toBe('SPENDING_LIMIT')
  world.begin('ben', 50n)
  expect(world.budget.state().providers).toEqual([
    { provider: 'anna', spentWei: 50n, reservedWei: 0n, leftWei: 0n },
    { provider: 'ben', spentWei: 0n, reservedWei: 50n, leftWei: 0n }
  ])
})

test('a second attempt of a call is not covered by what the first one left open', () => {
  const world = worldOf({ maxDayWei: 100n })
  const first = world.begin('anna', 40n)
  world.cover(first, 40n)
  world.lose(first)
  const { id } = first
  const again = world.budget.reserve({ id, provider: 'anna', leastWei: 10n, wantWei: 60n })
  expect(again.maxWei).toBe(60n)
  expect(world.budget.state()).toMatchObject({ spentWei: 40n, reservedWei: 60n })
})

// BUDGET-W2
test('a restart does not begin the day again, nor does a clock that is set back', () => {
  const world = worldOf({ maxDayWei: 100n })
  world.cover(world.begin('anna', 100n), 90n)
  world.restart()
  expect(world.budget.state()).toMatchObject({ spentWei: 90n, day: { leftWei: 10n } })
  world.nowMs -= DAY_MS
  expect(codeOf(() => world.begin('anna', 80n)).code).toBe('SPENDING_LIMIT')
  world.restart()
  expect(world.budget.state()).toMatchObject({ spentWei: 90n })
  world.nowMs += 2 * DAY_MS
  expect(world.budget.state()).toMatchObject({ spentWei: 0n, day: { leftWei: 100n } })
  world.restart()
  expect(world.budget.state()).toMatchObject({ spentWei: 0n })
})

test('a call that runs through midnight leaves the new day no more than it must', () => {
  const world = worldOf({ maxDayWei: 100n })
  const late = world.begin('anna', 60n)
  world.cover(late, 20n)
  world.nowMs += DAY_MS
  expect(world.budget.state()).toMatchObject({ spentWei: 0n, reservedWei: 40n })
  world.cover(late, 60n)
  expect(world.begin('ben', 100n).maxWei).toBe(60n)
})

test('without a budget nothing is bounded, and what is spent is known all the same', () => {
  const world = worldOf({})
  const call = world.begin('anna', 900n)
  world.cover(call, 800n)
  expect(world.budget.state()).toEqual({
    maxCallWei: 1_000n,
    spentWei: 800n,
    reservedWei: 0n,
    providers: [{ provider: 'anna', spentWei: 800n, reservedWei: 0n }],
    freesAtMs: NOON_MS + DAY_MS / 2
  })
})

test('no interleaving of calls, ends, restarts and days overspends, and none is refused needlessly', () => {
  const step = fc.record({
    what: fc.constantFrom(
      ...['begin', 'begin', 'begin', 'cover', 'cover', 'cover', 'settle', 'drop', 'lose'],
      ...['restart', 'midnight']
    ),
    provider: fc.constantFrom('anna', 'ben', 'cleo'),
    pick: fc.nat(),
    wei: fc.bigInt({ min: 4n, max: 400n }),
    royaltyPpm: fc.constantFrom(0, 1, 300_000, 333_333, 1_000_000),
    isNew: fc.boolean()
  })
  const bounds = fc.record({
    maxDayWei: fc.bigInt({ min: 50n, max: 1_500n }),
    maxProviderDayWei: fc.bigInt({ min: 50n, max: 700n })
  })
  let refusals = 0
  let begun = 0
  fc.assert(
    fc.property(bounds, fc.array(step, { minLength: 20, maxLength: 60 }), (limits, steps) => {
      const world = new World(limits)
      const base = new Map<string, bigint>()
      const spentWei = (name: string) => world.promisedWei(name) - (base.get(name) ?? 0n)
      try {
        for (const { what, provider, pick, wei, royaltyPpm, isNew } of steps) {
          const call = world.calls[pick % Math.max(1, world.calls.length)]
          if (what === 'begin') {
            const before = world.budget.state()
            try {
              world.begin(provider, wei, royaltyPpm, isNew)
              begun++
            } catch (error) {
              refusals++
              expect(error).toMatchObject({ code: 'SPENDING_LIMIT' })
              const own = before.providers.find((one) => one.provider === provider)
              const leftWei = own?.leftWei ?? limits.maxProviderDayWei
              const dayWei = before.day?.leftWei ?? 0n
              expect(leftWei < wei / 4n || dayWei < wei / 4n).toBe(true)
            }
          } else if (what === 'restart') world.restart()
          else if (what === 'midnight') {
            world.nowMs += DAY_MS
            world.budget.state()
            for (const name of ['anna', 'ben', 'cleo']) base.set(name, world.promisedWei(name))
          } else if (call !== undefined) {
            const partWei = wei < call.maxWei ? wei : call.maxWei
            if (what === 'cover') world.cover(call, partWei)
            else if (what === 'settle') world.settle(call, partWei)
            else if (what === 'drop') world.drop(call)
            else world.lose(call)
          }
          const all = ['anna', 'ben', 'cleo'].map(spentWei)
          for (const one of all) expect(one <= limits.maxProviderDayWei).toBe(true)
          expect(all.reduce((sum, one) => sum + one, 0n) <= limits.maxDayWei).toBe(true)
        }
      } finally {
        world.db.close()
      }
    }),
    { numRuns: 300 }
  )
  expect(refusals).toBeGreaterThan(100)
  expect(begun).toBeGreaterThan(1_000)
})
