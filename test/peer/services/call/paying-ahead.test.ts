import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coverAhead, createDistance } from '../../../../peer/services/call/paying-ahead.ts'

function after(...waits: number[]): boolean {
  const distance = createDistance()
  for (const waitedMs of waits) distance.observe(waitedMs)
  return distance.isFar
}

test('a provider is far when every one of several waits was long', () => {
  expect(after(...Array(8).fill(100))).toBe(true)
  expect(after(...Array(8).fill(30))).toBe(true)
})

test('it is not far for a few waits, nor for a machine that is slow now and then', () => {
  expect(after()).toBe(false)
  expect(after(...Array(7).fill(100))).toBe(false)
  expect(after(...Array(20).fill(500), 3)).toBe(false)
})

// CALL-W3
test('nothing is covered further ahead than by the opening voucher, nor beyond the limit', () => {
  const wei = fc.bigInt(0n, 10_000n)
  fc.assert(
    fc.property(wei, wei, wei, wei, wei, (costWei, aheadWei, maxWei, openWei, maxChunkWei) => {
      const coveredWei = costWei + aheadWei
      const uptoWei = coverAhead({ costWei, coveredWei, maxWei }, { openWei, maxChunkWei })
      if (uptoWei === undefined) return
      expect(uptoWei - costWei <= openWei + maxChunkWei).toBe(true)
      expect(uptoWei > coveredWei && uptoWei <= maxWei).toBe(true)
    })
  )
})

test('a call is covered further when less than half a chunk is left', () => {
  const offer = { openWei: 1_000n, maxChunkWei: 640n }
  const call = { costWei: 2_000n, maxWei: 9_000n }
  expect(coverAhead({ ...call, coveredWei: 2_320n }, offer)).toBe(undefined)
  expect(coverAhead({ ...call, coveredWei: 2_319n }, offer)).toBe(3_640n)
  expect(coverAhead({ ...call, coveredWei: 2_319n, maxWei: 3_000n }, offer)).toBe(3_000n)
  expect(coverAhead({ ...call, coveredWei: 2_319n, maxWei: 2_319n }, offer)).toBe(undefined)
})
