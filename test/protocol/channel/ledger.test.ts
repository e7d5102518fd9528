import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareVouchers, partsOf, sumParts } from '../../../protocol/channel/ledger.ts'

const root = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const totals = (
  operatorWei: bigint,
  royaltyWei: bigint,
  receipts = 1,
  receiptsRoot = root(receipts)
) => ({
  cumulativeWei: operatorWei + royaltyWei,
  royaltyWei,
  receipts,
  receiptsRoot
})
const last = totals(70n, 30n)

describe('the parts of a call', () => {
  test('sum to it, the royalty rounded down', () => {
    expect(partsOf(9n, 300_000)).toEqual({ operatorWei: 7n, royaltyWei: 2n })
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 80n), fc.nat(1_000_000), (amountWei, ppm) => {
        const { operatorWei, royaltyWei } = partsOf(amountWei, ppm)
        expect(operatorWei + royaltyWei).toBe(amountWei)
        expect(royaltyWei).toBe((amountWei * BigInt(ppm)) / 1_000_000n)
      })
    )
  })

  test('both rise with the amount', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(1_000_000), (a, b, ppm) => {
        const [low, high] = [partsOf(BigInt(a), ppm), partsOf(BigInt(a + b), ppm)]
        expect(low.operatorWei <= high.operatorWei && low.royaltyWei <= high.royaltyWei).toBe(true)
      })
    )
  })

  test('add up', () => {
    expect(sumParts(partsOf(10n, 500_000), partsOf(4n, 250_000))).toEqual({
      operatorWei: 8n,
      royaltyWei: 6n
    })
    expect(sumParts()).toEqual({ operatorWei: 0n, royaltyWei: 0n })
  })
})

describe('the order of vouchers', () => {
  test.each([
    ['more for the operator', totals(71n, 30n)],
    ['more royalty', totals(70n, 31n)],
    ['a receipt more', totals(70n, 30n, 2)],
    ['more of all', totals(80n, 40n, 5)]
  ])('puts %s later', (_name, next) => {
    expect(compareVouchers(last, next)).toBe('newer')
    expect(compareVouchers(next, last)).toBe('known')
  })

  test('knows the same voucher again', () => {
    expect(compareVouchers(last, last)).toBe('known')
  })

  test.each([
    ['operatorWei', 'less for the operator with more royalty', totals(69n, 31n)],
    ['royaltyWei', 'less royalty under a higher amount', totals(80n, 29n)],
    ['receipts', 'fewer receipts under a higher amount', totals(80n, 30n, 0)],
    ['royaltyWei', 'more receipts with less royalty', totals(70n, 29n, 2)],
    ['receiptsRoot', 'another root over as many receipts', totals(70n, 30n, 1, root(9))],
    ['receiptsRoot', 'another root under a higher amount', totals(80n, 30n, 1, root(9))]
  ])('refuses for %s: %s', (field, _name, next) => {
    expect(() => compareVouchers(last, next)).toThrow(
      expect.objectContaining({
        code: 'VOUCHER_STALE',
        details: expect.objectContaining({ field })
      })
    )
  })
})
