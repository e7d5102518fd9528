import { describe, expect, test } from 'vitest'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  openPayerLedger,
  settleCall
} from '../protocol/channel/payer-ledger.ts'
import * as provider from '../protocol/channel/provider-ledger.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../protocol/receipt/accumulator.ts'
import { refusal } from './protocol/base/refusal.ts'
import { bytes, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('07-window')
const CHANNEL = `0x${'cc'.repeat(32)}`
const voucherOf = (one: Vectors) => ({ ...one, channelId: CHANNEL })

test('payer and provider come to the totals of the page, step by step', () => {
  let payer = openPayerLedger(CHANNEL, file.depositWei)
  let ledger = provider.openProviderLedger(file.depositWei)
  let accumulator = EMPTY_ACCUMULATOR
  const issued: Uint8Array[] = []
  /** What the payer signs now, with every receipt that it verified. */
  const sign = () => {
    accumulator = appendLeaves(accumulator, ...committableLeaves(payer))
    const receiptsRoot = accumulatorRoot(accumulator)
    payer = commitReceipts(payer, { receipts: accumulator.count, receiptsRoot })
    return payer.voucher
  }
  const take = {
    begin({ callId, maxWei, royaltyPpm }: Vectors) {
      payer = beginCall(payer, callId, { maxWei, royaltyPpm })
      ledger = provider.reserve(ledger, callId, { maxWei, royaltyPpm })
    },
    cover({ callId, coveredWei, voucher }: Vectors) {
      payer = cover(payer, callId, coveredWei)
      expect(sign()).toEqual(voucherOf(voucher))
      ledger = provider.acceptVoucher(ledger, voucherOf(voucher), { callId, coveredWei }).ledger
    },
    deliver({ callId, costWei }: Vectors) {
      ledger = provider.recordDelivery(ledger, callId, costWei)
    },
    finish({ callId, priceWei, leaf, receiptsRoot }: Vectors) {
      issued.push(bytes(leaf))
      expect(accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, ...issued))).toBe(receiptsRoot)
      ledger = provider.finishCall(ledger, callId, { receiptsRoot })
      payer = settleCall(payer, callId, { priceWei, seq: issued.length - 1, leaf: bytes(leaf) })
    },
    commit({ voucher }: Vectors) {
      expect(sign()).toEqual(voucherOf(voucher))
      ledger = provider.acceptVoucher(ledger, voucherOf(voucher)).ledger
    }
  }
  for (const step of file.steps) {
    take[step.do as keyof typeof take](step)
    expect([step.do, ledger.spentWei]).toEqual([step.do, step.spentWei])
  }
  expect([ledger.receipts, ledger.uncommitted.length, ledger.calls.size]).toEqual([3, 0, 0])
})

describe('of a call under way is refused', () => {
  const { opened, vouchers, calls, chunks, accepted } = file.refused
  const { callId, maxWei, royaltyPpm, coveredWei } = opened
  let state = provider.openProviderLedger(opened.depositWei)
  state = provider.reserve(state, callId, { maxWei, royaltyPpm })
  state = provider.acceptVoucher(state, voucherOf(opened.voucher), { callId, coveredWei }).ledger
  state = provider.recordDelivery(state, callId, opened.deliveredWei)
  const named = (list: Vectors[]) => list.map((one) => [one.requirement, one.name, one] as const)

  test.each(named(vouchers))('%s a voucher %s', async (_, __, one) => {
    const covers = one.coveredWei === undefined ? undefined : { callId, coveredWei: one.coveredWei }
    const take = () => provider.acceptVoucher(state, voucherOf(one.voucher), covers)
    expect(await refusal(take)).toBe(one.error)
  })
  test.each(named(calls))('%s a call %s', async (_, __, one) => {
    const take = () => provider.reserve(state, one.callId, { maxWei: one.maxWei, royaltyPpm })
    expect(await refusal(take)).toBe(one.error)
  })
  test.each(named(chunks))('%s a chunk %s', async (_, __, one) => {
    expect(await refusal(() => provider.recordDelivery(state, callId, one.costWei))).toBe(one.error)
  })
  test('nothing that is just within', () => {
    const { call, chunk } = accepted
    provider.reserve(state, call.callId, { maxWei: call.maxWei, royaltyPpm })
    provider.recordDelivery(state, callId, chunk.costWei)
  })
})
