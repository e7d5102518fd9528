import { describe, expect, test } from 'vitest'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  dropCall,
  openPayerLedger,
  settleCall
} from '../../../protocol/channel/payer-ledger.ts'

const root = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const leaf = (n: number) => new Uint8Array(32).fill(n)
const limits = { maxWei: 400n, royaltyPpm: 300_000 }
const refusal = (code: string) => expect.objectContaining({ code })
const opened = beginCall(openPayerLedger(root(77), 1_000n), 'a', limits)
const covered = cover(opened, 'a', 100n)

describe('covering a call', () => {
  test('raises amount and royalty of the next voucher', () => {
    expect(covered.voucher).toEqual({
      channelId: root(77),
      cumulativeWei: 100n,
      royaltyWei: 30n,
      receipts: 0,
      receiptsRoot: root(0)
    })
  })

  test('again or by less changes nothing', () => {
    expect(cover(covered, 'a', 100n)).toBe(covered)
    expect(cover(covered, 'a', 99n)).toBe(covered)
  })

  // VOUCHER-W2
  test('adds up over parallel calls', () => {
    const two = cover(beginCall(covered, 'b', limits), 'b', 50n)
    expect(two.voucher).toMatchObject({ cumulativeWei: 150n, royaltyWei: 45n })
  })

  test('uses the surplus of ended calls first', () => {
    const ended = settleCall(covered, 'a', { priceWei: 40n, seq: 0, leaf: leaf(1) })
    expect(ended.voucher.cumulativeWei).toBe(100n)
    const next = beginCall(ended, 'b', limits)
    expect(cover(next, 'b', 60n).voucher).toMatchObject({ cumulativeWei: 100n, royaltyWei: 30n })
    expect(cover(next, 'b', 70n).voucher).toMatchObject({ cumulativeWei: 110n, royaltyWei: 33n })
  })

  test('keeps surplus royalty for royalties and surplus fees for fees', () => {
    const all = beginCall(openPayerLedger(root(77), 1_000n), 'a', {
      ...limits,
      royaltyPpm: 1_000_000
    })
    const dropped = dropCall(cover(all, 'a', 100n), 'a')
    const free = beginCall(dropped, 'b', { ...limits, royaltyPpm: 0 })
    const next = cover(free, 'b', 100n)
    expect(next.voucher).toMatchObject({ cumulativeWei: 200n, royaltyWei: 100n })
    const last = beginCall(next, 'c', { ...limits, royaltyPpm: 1_000_000 })
    expect(cover(last, 'c', 100n).voucher).toEqual(next.voucher)
  })

  // WINDOW-W2
  test('beyond the limit of the call is refused', () => {
    expect(() => cover(opened, 'a', 401n)).toThrow(refusal('SPENDING_LIMIT'))
  })

  test('beyond the deposit is refused', () => {
    const rich = beginCall(opened, 'b', { ...limits, maxWei: 2_000n })
    expect(cover(rich, 'b', 1_000n).voucher.cumulativeWei).toBe(1_000n)
    expect(() => cover(rich, 'b', 1_001n)).toThrow(refusal('DEPOSIT_INSUFFICIENT'))
  })

  test('of a call that is not open is refused, and no call opens twice', () => {
    expect(() => cover(opened, 'b', 1n)).toThrow(refusal('CALL_CONFLICT'))
    expect(() => beginCall(opened, 'a', limits)).toThrow(refusal('CALL_CONFLICT'))
    expect(() => dropCall(opened, 'b')).toThrow(refusal('CALL_CONFLICT'))
  })
})

describe('settling a call', () => {
  test('above what was covered raises the totals to the price', () => {
    const ended = settleCall(covered, 'a', { priceWei: 200n, seq: 0, leaf: leaf(1) })
    expect(ended.voucher).toMatchObject({ cumulativeWei: 200n, royaltyWei: 60n })
  })

  test('above its limit is refused', () => {
    expect(() => settleCall(covered, 'a', { priceWei: 401n, seq: 0, leaf: leaf(1) })).toThrow(
      refusal('RECEIPT_INVALID')
    )
  })

  // RECEIPT-R4
  test('at a place that another receipt has is refused', () => {
    const two = beginCall(covered, 'b', limits)
    const one = settleCall(two, 'a', { priceWei: 1n, seq: 0, leaf: leaf(1) })
    const again = { priceWei: 1n, seq: 0, leaf: leaf(2) }
    expect(() => settleCall(one, 'b', again)).toThrow(refusal('RECEIPT_INVALID'))
    const committed = commitReceipts(one, { receipts: 1, receiptsRoot: root(1) })
    expect(() => settleCall(committed, 'b', again)).toThrow(refusal('RECEIPT_INVALID'))
  })

  test('twice is refused', () => {
    const ended = settleCall(covered, 'a', { priceWei: 1n, seq: 0, leaf: leaf(1) })
    expect(() => settleCall(ended, 'a', { priceWei: 1n, seq: 1, leaf: leaf(1) })).toThrow(
      refusal('CALL_CONFLICT')
    )
  })
})

describe('committing to receipts', () => {
  const three = ['a', 'b', 'c'].reduce(
    (ledger, callId, i) =>
      settleCall(beginCall(ledger, callId, limits), callId, {
        priceWei: 10n,
        // The second receipt is still missing: 0, 2, 3.
        seq: [0, 2, 3][i] as number,
        leaf: leaf(i)
      }),
    openPayerLedger(root(77), 1_000n)
  )

  test('waits for the longest verified run', () => {
    expect(committableLeaves(three)).toEqual([leaf(0)])
    const late = settleCall(beginCall(three, 'd', limits), 'd', {
      priceWei: 1n,
      seq: 1,
      leaf: leaf(9)
    })
    expect(committableLeaves(late)).toEqual([leaf(0), leaf(9), leaf(1), leaf(2)])
    const all = commitReceipts(late, { receipts: 4, receiptsRoot: root(4) })
    expect(all.voucher).toMatchObject({ receipts: 4, receiptsRoot: root(4), cumulativeWei: 31n })
    expect(all.pending.size).toBe(0)
  })

  test('changes no amount', () => {
    const { voucher } = commitReceipts(three, { receipts: 1, receiptsRoot: root(1) })
    expect(voucher).toEqual({ ...three.voucher, receipts: 1, receiptsRoot: root(1) })
  })

  test('beyond the run or below what was committed is refused', () => {
    expect(() => commitReceipts(three, { receipts: 2, receiptsRoot: root(2) })).toThrow(
      refusal('RECEIPT_UNKNOWN')
    )
    const one = commitReceipts(three, { receipts: 1, receiptsRoot: root(1) })
    expect(() => commitReceipts(one, { receipts: 0, receiptsRoot: root(0) })).toThrow(
      refusal('RECEIPT_UNKNOWN')
    )
    expect(commitReceipts(one, { receipts: 1, receiptsRoot: root(5) })).toBe(one)
  })
})
