import { describe, expect, test } from 'vitest'
import {
  acceptVoucher,
  finishCall,
  interruptedPriceWei,
  mayDeliver,
  openProviderLedger,
  type ProviderLedger,
  recordDelivery,
  release,
  reserve,
  reservedWei
} from '../../../protocol/channel/provider-ledger.ts'
import type { Voucher } from '../../../protocol/channel/voucher.ts'

const root = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const limits = { maxWei: 400n, royaltyPpm: 300_000 }
const voucher = (cumulativeWei: bigint, royaltyWei: bigint, receipts = 0): Voucher => ({
  channelId: root(77),
  cumulativeWei,
  royaltyWei,
  receipts,
  receiptsRoot: root(receipts)
})
const cover = (callId: string, coveredWei: bigint) => ({ callId, coveredWei })
const refusal = (code: string) => expect.objectContaining({ code })
const opened = reserve(openProviderLedger(1_000n), 'a', limits)
const paid = acceptVoucher(opened, voucher(100n, 30n), cover('a', 100n)).ledger

describe('reservations', () => {
  test('count against the deposit and not against the voucher', () => {
    expect(reservedWei(opened)).toBe(400n)
    expect(opened.authorisedWei).toBe(0n)
    const two = reserve(opened, 'b', { ...limits, maxWei: 600n })
    expect(() => reserve(two, 'c', { ...limits, maxWei: 1n })).toThrow(
      refusal('DEPOSIT_INSUFFICIENT')
    )
  })

  test('turn into spending as chunks leave, and the rest is free again at the end', () => {
    const delivered = recordDelivery(paid, 'a', 60n)
    expect(reservedWei(delivered)).toBe(340n)
    const ended = finishCall(delivered, 'a', { receiptsRoot: root(1) })
    expect(reservedWei(ended)).toBe(0n)
    expect(reserve(ended, 'b', { ...limits, maxWei: 940n }).calls.size).toBe(1)
    expect(() => reserve(ended, 'b', { ...limits, maxWei: 941n })).toThrow(
      refusal('DEPOSIT_INSUFFICIENT')
    )
  })

  test('are released while nothing was delivered', () => {
    expect(release(paid, 'a').calls.size).toBe(0)
    expect(() => release(recordDelivery(paid, 'a', 1n), 'a')).toThrow(refusal('CALL_CONFLICT'))
    expect(() => release(paid, 'b')).toThrow(refusal('CALL_CONFLICT'))
  })

  // CALL-R4
  test('are refused twice for one call', () => {
    expect(() => reserve(opened, 'a', limits)).toThrow(refusal('CALL_CONFLICT'))
  })

  // WINDOW-R2
  test('are refused to a payer who leaves too many receipts uncommitted', () => {
    let ledger: ProviderLedger = openProviderLedger(1_000n)
    for (let i = 0; i < 65; i++) {
      ledger = finishCall(reserve(ledger, `${i}`, limits), `${i}`, { receiptsRoot: root(i + 1) })
    }
    expect(() => reserve(ledger, 'next', limits)).toThrow(refusal('RECEIPTS_BEHIND'))
    const caughtUp = acceptVoucher(ledger, voucher(0n, 0n, 1)).ledger
    expect(reserve(caughtUp, 'next', limits).calls.size).toBe(1)
  })
})

describe('vouchers', () => {
  test('raise what is authorised', () => {
    expect(paid).toMatchObject({ authorisedWei: 100n, royaltyWei: 30n, receipts: 0 })
  })

  test.each([
    ['the same', voucher(100n, 30n)],
    ['a lower one', voucher(50n, 15n)],
    ['an empty one', voucher(0n, 0n)]
  ])('are ignored and not punished: %s', (_name, old) => {
    expect(acceptVoucher(paid, old)).toEqual({ outcome: 'ignored', ledger: paid })
  })

  test('that raise one total and lower another are refused', () => {
    expect(() => acceptVoucher(paid, voucher(200n, 29n))).toThrow(refusal('VOUCHER_STALE'))
  })

  // VOUCHER-R4
  test('above the confirmed deposit are refused', () => {
    expect(acceptVoucher(paid, voucher(1_000n, 300n)).outcome).toBe('accepted')
    expect(() => acceptVoucher(paid, voucher(1_001n, 300n))).toThrow(refusal('VOUCHER_OVERFLOWS'))
  })

  // VOUCHER-R6
  test('with less royalty than the open calls owe are refused', () => {
    expect(() => acceptVoucher(opened, voucher(100n, 29n), cover('a', 100n))).toThrow(
      refusal('VOUCHER_ROYALTY_LOW')
    )
  })

  test('with less royalty than the issued receipts owe are refused, before and after commitment', () => {
    const ended = finishCall(recordDelivery(paid, 'a', 100n), 'a', { receiptsRoot: root(1) })
    const next = reserve(ended, 'b', limits)
    for (const receipts of [0, 1]) {
      expect(() => acceptVoucher(next, voucher(200n, 59n, receipts), cover('b', 100n))).toThrow(
        refusal('VOUCHER_ROYALTY_LOW')
      )
      expect(acceptVoucher(next, voucher(200n, 60n, receipts), cover('b', 100n)).outcome).toBe(
        'accepted'
      )
    }
  })

  test('that claim to cover a call without the amount behind it are refused', () => {
    expect(() => acceptVoucher(opened, voucher(99n, 30n), cover('a', 100n))).toThrow(
      refusal('VOUCHER_INSUFFICIENT')
    )
    expect(() => acceptVoucher(paid, voucher(100n, 30n), cover('a', 200n))).toThrow(
      refusal('VOUCHER_ROYALTY_LOW')
    )
  })

  test('that cover a call beyond its limit are refused', () => {
    expect(() => acceptVoucher(opened, voucher(500n, 150n), cover('a', 401n))).toThrow(
      refusal('SPENDING_LIMIT')
    )
  })

  test('for a call that has ended are taken without its cover', () => {
    const ended = finishCall(paid, 'a', { receiptsRoot: root(1) })
    expect(acceptVoucher(ended, voucher(120n, 30n), cover('a', 400n)).outcome).toBe('accepted')
  })

  // VOUCHER-R5
  test('that commit to receipts nobody issued are refused', () => {
    expect(() => acceptVoucher(paid, voucher(100n, 30n, 1))).toThrow(refusal('RECEIPT_UNKNOWN'))
  })

  test('that commit to another root than the issued receipts have are refused', () => {
    const ended = finishCall(paid, 'a', { receiptsRoot: root(9) })
    expect(() => acceptVoucher(ended, voucher(100n, 30n, 1))).toThrow(refusal('RECEIPT_UNKNOWN'))
  })

  test('that commit to a receipt move it out of the uncommitted', () => {
    const ended = finishCall(recordDelivery(paid, 'a', 100n), 'a', { receiptsRoot: root(1) })
    const { ledger, outcome } = acceptVoucher(ended, voucher(100n, 30n, 1))
    expect(outcome).toBe('accepted')
    expect(ledger.uncommitted).toEqual([])
    expect(ledger.committed).toEqual({ operatorWei: 70n, royaltyWei: 30n })
  })

  test('leave the ledger as it was when they are refused', () => {
    const before = structuredClone({ ...paid, calls: [...paid.calls] })
    expect(() => acceptVoucher(paid, voucher(200n, 30n), cover('a', 200n))).toThrow()
    expect({ ...paid, calls: [...paid.calls] }).toEqual(before)
  })

  test('that used surplus of a dearer royalty keep what the operator is owed', () => {
    const all = { maxWei: 400n, royaltyPpm: 1_000_000 }
    const none = { maxWei: 400n, royaltyPpm: 0 }
    const first = reserve(openProviderLedger(1_000n), 'a', all)
    const covered = acceptVoucher(first, voucher(100n, 100n), cover('a', 100n)).ledger
    const ended = finishCall(covered, 'a', { receiptsRoot: root(1) })
    const second = reserve(ended, 'b', none)
    expect(() => acceptVoucher(second, voucher(100n, 100n), cover('b', 100n))).toThrow(
      refusal('VOUCHER_INSUFFICIENT')
    )
    expect(acceptVoucher(second, voucher(200n, 100n), cover('b', 100n)).outcome).toBe('accepted')
  })
})

describe('delivery', () => {
  test('goes up to what is authorised, and no further without credit', () => {
    expect(mayDeliver(paid, 100n)).toBe(true)
    expect(mayDeliver(paid, 101n)).toBe(false)
    expect(mayDeliver(paid, 101n, 1n)).toBe(true)
    expect(() => recordDelivery(paid, 'a', 101n)).toThrow(refusal('VOUCHER_INSUFFICIENT'))
    expect(recordDelivery(paid, 'a', 101n, 1n).spentWei).toBe(101n)
  })

  test('never goes beyond the limit of the call', () => {
    const rich = acceptVoucher(paid, voucher(1_000n, 300n)).ledger
    expect(() => recordDelivery(rich, 'a', 401n)).toThrow(refusal('SPENDING_LIMIT'))
  })

  test('of a call that is not open is refused', () => {
    expect(() => recordDelivery(paid, 'b', 1n)).toThrow(refusal('CALL_CONFLICT'))
    expect(() => finishCall(paid, 'b', { receiptsRoot: root(1) })).toThrow(refusal('CALL_CONFLICT'))
  })
})

describe('the end of a call', () => {
  test('charges what was delivered', () => {
    const ended = finishCall(recordDelivery(paid, 'a', 40n), 'a', { receiptsRoot: root(1) })
    expect(ended.spentWei).toBe(40n)
    expect(ended.uncommitted).toMatchObject([{ priceWei: 40n, coveredWei: 100n }])
  })

  test('after a crash charges what was covered, as far as vouchers hold out', () => {
    expect(interruptedPriceWei(paid, 'a')).toBe(100n)
    const other = recordDelivery(reserve(paid, 'b', limits), 'b', 70n)
    expect(interruptedPriceWei(other, 'a')).toBe(30n)
    const ended = finishCall(other, 'a', { receiptsRoot: root(1), priceWei: 30n })
    expect(ended.spentWei).toBe(ended.authorisedWei)
  })

  test('is refused at a price beyond vouchers or the limit', () => {
    const end = { receiptsRoot: root(1), priceWei: 101n }
    expect(() => finishCall(paid, 'a', end)).toThrow(refusal('VOUCHER_INSUFFICIENT'))
    expect(() => finishCall(paid, 'a', { ...end, priceWei: 401n })).toThrow(
      refusal('SPENDING_LIMIT')
    )
  })
})
