import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSpendingCap } from '../../../peer/api/spending-cap.ts'

const DAY_MS = 86_400_000

test('a new UTC day starts at nothing spent; what is under way stays reserved', () => {
  let nowMs = 5 * DAY_MS - 1
  const cap = createSpendingCap({ capWei: 100n, maxCallWei: 60n, now: () => nowMs })
  cap.reserve({ leastWei: 1n }).settle(60n)
  const late = cap.reserve({ leastWei: 1n })
  expect(late).toMatchObject({ maxWei: 40n, cut: true })
  nowMs += 1
  expect(cap.spentWei).toBe(0n)
  expect(cap.reserve({ leastWei: 1n }).maxWei).toBe(60n)
  late.settle(40n)
  expect(cap.spentWei).toBe(40n)
})

test('settling twice counts once', () => {
  const cap = createSpendingCap({ capWei: 100n, maxCallWei: 60n, now: () => 0 })
  const reservation = cap.reserve({ leastWei: 1n })
  reservation.settle(10n)
  reservation.settle(10n)
  expect(cap.spentWei).toBe(10n)
})

test('calls that stay within what they reserved never pass the cap together', () => {
  const call = fc.record({ want: fc.bigInt(0n, 80n), partPpm: fc.bigInt(0n, 1_000_000n) })
  fc.assert(
    fc.property(fc.array(fc.tuple(call, fc.boolean())), (calls) => {
      const cap = createSpendingCap({ capWei: 200n, maxCallWei: 60n, now: () => 0 })
      const open: (() => void)[] = []
      for (const [{ want, partPpm }, settleOne] of calls) {
        try {
          const reservation = cap.reserve({ leastWei: 1n, wantWei: want })
          open.push(() => reservation.settle((reservation.maxWei * partPpm) / 1_000_000n))
        } catch (error) {
          expect(error).toMatchObject({ code: 'SPENDING_LIMIT' })
        }
        if (settleOne) open.shift()?.()
      }
      for (const settle of open) settle()
      expect(cap.spentWei).toBeLessThanOrEqual(200n)
    })
  )
})

test('what does not fit into the rest of the day is refused before it begins, to the unit', () => {
  const cap = createSpendingCap({ capWei: 100n, maxCallWei: 60n, now: () => 0 })
  const first = cap.reserve({ leastWei: 10n })
  expect(first.maxWei).toBe(60n)
  expect(() => cap.reserve({ leastWei: 41n })).toThrow(
    expect.objectContaining({ code: 'SPENDING_LIMIT' })
  )
  expect(cap.reserve({ leastWei: 40n })).toMatchObject({ maxWei: 40n, cut: true })
  expect(() => cap.reserve({ leastWei: 1n })).toThrow(
    expect.objectContaining({ code: 'SPENDING_LIMIT' })
  )
})
