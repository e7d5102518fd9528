import { DatanetError } from '../base/errors.ts'
import { NO_PARTS, type Parts, partsOf, sumParts } from './ledger.ts'
import type { Voucher } from './voucher.ts'

interface Call {
  readonly maxWei: bigint
  readonly royaltyPpm: number
  readonly coveredWei: bigint
}

/**
 * One channel as its payer sees it: plain values, folded by the functions of this file.
 * `voucher` is always what may be signed next; it must be durable before it is sent.
 * specs/07-channel.md §Window
 */
export interface PayerLedger {
  readonly depositWei: bigint
  readonly voucher: Voucher
  readonly calls: ReadonlyMap<string, Call>
  /** The parts of all calls whose receipts were verified. */
  readonly settled: Parts
  /** Leaves of verified receipts that no voucher commits to yet, by seq. */
  readonly pending: ReadonlyMap<number, Uint8Array>
}

/** A new channel over `depositWei`. */
export function openPayerLedger(channelId: string, depositWei: bigint): PayerLedger {
  const voucher = {
    channelId,
    cumulativeWei: 0n,
    royaltyWei: 0n,
    receipts: 0,
    receiptsRoot: `0x${'0'.repeat(64)}`
  }
  return { depositWei, voucher, calls: new Map(), settled: NO_PARTS, pending: new Map() }
}

/** Begins a call that may cost up to `maxWei`. Refuses a call id that is open (CALL_CONFLICT). */
export function beginCall(
  ledger: PayerLedger,
  callId: string,
  { maxWei, royaltyPpm }: { readonly maxWei: bigint; readonly royaltyPpm: number }
): PayerLedger {
  if (ledger.calls.has(callId)) throw new DatanetError('CALL_CONFLICT', { callId })
  return withCall(ledger, callId, { maxWei, royaltyPpm, coveredWei: 0n })
}

/**
 * The ledger whose voucher covers the call up to `uptoWei` in all; surplus of ended calls is used
 * before the totals rise, and lower covers change nothing. Refuses more than the call's limit
 * (SPENDING_LIMIT) and more than the deposit (DEPOSIT_INSUFFICIENT).
 */
export function cover(ledger: PayerLedger, callId: string, uptoWei: bigint): PayerLedger {
  const call = callOf(ledger, callId)
  if (uptoWei <= call.coveredWei) return ledger
  if (uptoWei > call.maxWei) {
    throw new DatanetError('SPENDING_LIMIT', { callId, maxWei: `${call.maxWei}` })
  }
  return raise(withCall(ledger, callId, { ...call, coveredWei: uptoWei }))
}

/**
 * Ends a call whose receipt was verified: it counts at its price from now on, and the leaf waits for
 * its turn in the accumulator. Refuses a price above the call's limit and a seq that is taken by
 * another leaf or already committed (RECEIPT_INVALID). specs/07-channel.md §Settling
 */
export function settleCall(
  ledger: PayerLedger,
  callId: string,
  receipt: { readonly priceWei: bigint; readonly seq: number; readonly leaf: Uint8Array }
): PayerLedger {
  const { maxWei, royaltyPpm } = callOf(ledger, callId)
  if (receipt.priceWei > maxWei) throw new DatanetError('RECEIPT_INVALID', { field: 'priceWei' })
  if (receipt.seq < ledger.voucher.receipts || ledger.pending.has(receipt.seq)) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'seq', seq: receipt.seq })
  }
  return raise({
    ...withCall(ledger, callId, undefined),
    settled: sumParts(ledger.settled, partsOf(receipt.priceWei, royaltyPpm)),
    pending: new Map(ledger.pending).set(receipt.seq, receipt.leaf)
  })
}

/**
 * Ends a call that has no receipt and never will: the provider refused it or says so now. What was
 * covered for it stays in the totals as surplus. Do not use it for a call whose stream broke: ask for
 * the receipt instead, else the next voucher may fall short of what the provider delivered.
 */
export function dropCall(ledger: PayerLedger, callId: string): PayerLedger {
  callOf(ledger, callId)
  return withCall(ledger, callId, undefined)
}

/** The leaves to append to the accumulator next: the longest run from the committed count on. */
export function committableLeaves(ledger: PayerLedger): readonly Uint8Array[] {
  const run: Uint8Array[] = []
  for (let seq = ledger.voucher.receipts; ; seq++) {
    const leaf = ledger.pending.get(seq)
    if (leaf === undefined) return run
    run.push(leaf)
  }
}

/**
 * The ledger whose voucher commits to `receipts` receipts under `receiptsRoot`. Refuses a count that
 * falls or goes beyond the verified run (RECEIPT_UNKNOWN).
 */
export function commitReceipts(
  ledger: PayerLedger,
  { receipts, receiptsRoot }: { readonly receipts: number; readonly receiptsRoot: string }
): PayerLedger {
  const count = receipts - ledger.voucher.receipts
  if (count < 0 || count > committableLeaves(ledger).length) {
    throw new DatanetError('RECEIPT_UNKNOWN', { receipts })
  }
  if (count === 0) return ledger
  const pending = new Map([...ledger.pending].filter(([seq]) => seq >= receipts))
  return { ...ledger, pending, voucher: { ...ledger.voucher, receipts, receiptsRoot } }
}

function raise(ledger: PayerLedger): PayerLedger {
  const { cumulativeWei, royaltyWei } = ledger.voucher
  const due = sumParts(
    ledger.settled,
    ...[...ledger.calls.values()].map((call) => partsOf(call.coveredWei, call.royaltyPpm))
  )
  const nextRoyaltyWei = max(royaltyWei, due.royaltyWei)
  const nextWei = nextRoyaltyWei + max(cumulativeWei - royaltyWei, due.operatorWei)
  if (nextWei > ledger.depositWei) {
    throw new DatanetError('DEPOSIT_INSUFFICIENT', {
      neededWei: `${nextWei}`,
      depositWei: `${ledger.depositWei}`
    })
  }
  const voucher = { ...ledger.voucher, cumulativeWei: nextWei, royaltyWei: nextRoyaltyWei }
  return { ...ledger, voucher }
}

function callOf(ledger: PayerLedger, callId: string): Call {
  const call = ledger.calls.get(callId)
  if (call === undefined) throw new DatanetError('CALL_CONFLICT', { callId, reason: 'not open' })
  return call
}

function withCall(ledger: PayerLedger, callId: string, call: Call | undefined): PayerLedger {
  const calls = new Map(ledger.calls)
  if (call === undefined) calls.delete(callId)
  else calls.set(callId, call)
  return { ...ledger, calls }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
