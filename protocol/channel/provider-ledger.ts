import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { compareVouchers, NO_PARTS, type Parts, partsOf, sumParts } from './ledger.ts'
import type { Voucher } from './voucher.ts'

interface Call {
  readonly maxWei: bigint
  readonly royaltyPpm: number
  readonly deliveredWei: bigint
  readonly coveredWei: bigint
}

interface Issued {
  readonly priceWei: bigint
  readonly coveredWei: bigint
  readonly royaltyPpm: number
  /** Root of the accumulator with this receipt as its last; computed when it is first asked for. */
  readonly receiptsRoot: string
}

/**
 * One channel as its provider sees it: plain values, folded by the functions of this file in one
 * synchronous step each. specs/07-channel.md §Window
 */
export interface ProviderLedger {
  /** Confirmed on chain, less what the payer is withdrawing. */
  readonly depositWei: bigint
  /** The highest voucher's cumulativeWei. */
  readonly authorisedWei: bigint
  readonly royaltyWei: bigint
  readonly receipts: number
  readonly receiptsRoot: string
  /** Delivered: the price of ended calls and the running cost of open ones. */
  readonly spentWei: bigint
  readonly calls: ReadonlyMap<string, Call>
  /** The parts of all receipts that the payer committed to. */
  readonly committed: Parts
  /** Issued receipts from seq = `receipts` on. */
  readonly uncommitted: readonly Issued[]
}

/** What accepting a voucher came to: `ignored` ones are old or repeated and do no harm. */
export interface VoucherVerdict {
  readonly outcome: 'accepted' | 'ignored'
  readonly ledger: ProviderLedger
}

/** A new channel with `depositWei` confirmed. */
export function openProviderLedger(depositWei: bigint): ProviderLedger {
  return {
    depositWei,
    authorisedWei: 0n,
    royaltyWei: 0n,
    receipts: 0,
    receiptsRoot: `0x${'0'.repeat(64)}`,
    spentWei: 0n,
    calls: new Map(),
    committed: NO_PARTS,
    uncommitted: []
  }
}

/** Open calls may still cost this much, in wei. */
export function reservedWei(ledger: ProviderLedger): bigint {
  let sum = 0n
  for (const call of ledger.calls.values()) sum += call.maxWei - call.deliveredWei
  return sum
}

/**
 * Begins a call that may cost up to `maxWei`, against the confirmed deposit and not the voucher.
 * Refuses a call id that is open (CALL_CONFLICT), more than the deposit still holds
 * (DEPOSIT_INSUFFICIENT) and, past max(64, twice the open calls) uncommitted receipts, any call
 * (RECEIPTS_BEHIND).
 */
export function reserve(
  ledger: ProviderLedger,
  callId: string,
  { maxWei, royaltyPpm }: { readonly maxWei: bigint; readonly royaltyPpm: number }
): ProviderLedger {
  if (ledger.calls.has(callId)) throw new DatanetError('CALL_CONFLICT', { callId })
  const limit = Math.max(LIMITS.receiptsBehind, 2 * ledger.calls.size)
  if (ledger.uncommitted.length > limit) {
    throw new DatanetError('RECEIPTS_BEHIND', { uncommitted: ledger.uncommitted.length, limit })
  }
  const freeWei = ledger.depositWei - ledger.spentWei - reservedWei(ledger)
  if (maxWei > freeWei) {
    throw new DatanetError('DEPOSIT_INSUFFICIENT', { maxWei: `${maxWei}`, freeWei: `${freeWei}` })
  }
  return withCall(ledger, callId, { maxWei, royaltyPpm, deliveredWei: 0n, coveredWei: 0n })
}

/** Forgets a call of which nothing was delivered. Refuses any other (CALL_CONFLICT). */
export function release(ledger: ProviderLedger, callId: string): ProviderLedger {
  if (callOf(ledger, callId).deliveredWei > 0n) {
    throw new DatanetError('CALL_CONFLICT', { callId, reason: 'delivered' })
  }
  return withCall(ledger, callId, undefined)
}

/**
 * The ledger under a voucher whose signature holds, and under what its frame says is covered. Refuses
 * totals that fell and rose at once (VOUCHER_STALE), more than the deposit (VOUCHER_OVERFLOWS),
 * receipts that were not issued or another root over them (RECEIPT_UNKNOWN), a royalty below what the
 * calls owe (VOUCHER_ROYALTY_LOW) and a cover without the amount behind it (VOUCHER_INSUFFICIENT). A
 * refused voucher changes nothing. specs/07-channel.md §Window
 */
export function acceptVoucher(
  ledger: ProviderLedger,
  voucher: Voucher,
  cover?: { readonly callId: string; readonly coveredWei: bigint }
): VoucherVerdict {
  const covered = cover === undefined ? ledger : raiseCover(ledger, cover)
  const last = { ...ledger, cumulativeWei: ledger.authorisedWei }
  const isNewer = compareVouchers(last, voucher) === 'newer'
  const next = isNewer ? commit(covered, voucher) : covered
  const owed = owedParts(next)
  if (next.royaltyWei < owed.royaltyWei) {
    throw new DatanetError('VOUCHER_ROYALTY_LOW', {
      royaltyWei: `${next.royaltyWei}`,
      owedWei: `${owed.royaltyWei}`
    })
  }
  if (next.authorisedWei - next.royaltyWei < owed.operatorWei) {
    throw new DatanetError('VOUCHER_INSUFFICIENT', {
      authorisedWei: `${next.authorisedWei}`,
      owedWei: `${owed.operatorWei + next.royaltyWei}`
    })
  }
  return { outcome: isNewer ? 'accepted' : 'ignored', ledger: next }
}

/** True when a chunk of `costWei` may leave: delivered + cost ≤ authorised + credit, all in wei. */
export function mayDeliver(ledger: ProviderLedger, costWei: bigint, creditWei = 0n): boolean {
  return ledger.spentWei + costWei <= ledger.authorisedWei + creditWei
}

/**
 * The ledger after `costWei` more of the call left. Refuses a chunk beyond the window
 * (VOUCHER_INSUFFICIENT) or beyond the call's own limit (SPENDING_LIMIT).
 */
export function recordDelivery(
  ledger: ProviderLedger,
  callId: string,
  costWei: bigint,
  creditWei = 0n
): ProviderLedger {
  const call = callOf(ledger, callId)
  if (!mayDeliver(ledger, costWei, creditWei)) {
    throw new DatanetError('VOUCHER_INSUFFICIENT', { costWei: `${costWei}` })
  }
  const deliveredWei = call.deliveredWei + costWei
  if (deliveredWei > call.maxWei) throw new DatanetError('SPENDING_LIMIT', { callId })
  const next = withCall(ledger, callId, { ...call, deliveredWei })
  return { ...next, spentWei: ledger.spentWei + costWei }
}

/**
 * The ledger after the call's last chunk, of `costWei`, did not leave after all. Refuses more than was
 * delivered (CALL_CONFLICT).
 */
export function takeBackDelivery(
  ledger: ProviderLedger,
  callId: string,
  costWei: bigint
): ProviderLedger {
  const call = callOf(ledger, callId)
  if (costWei > call.deliveredWei) throw new DatanetError('CALL_CONFLICT', { callId })
  const next = withCall(ledger, callId, { ...call, deliveredWei: call.deliveredWei - costWei })
  return { ...next, spentWei: ledger.spentWei - costWei }
}

/**
 * Ends a call with the receipt that follows all issued so far, at the price of what was delivered;
 * `receiptsRoot` is the accumulator's root with it, read when a voucher commits to it. Refuses a call that is not open (CALL_CONFLICT).
 */
export function finishCall(
  ledger: ProviderLedger,
  callId: string,
  end: { readonly receiptsRoot: string }
): ProviderLedger {
  const { royaltyPpm, deliveredWei: priceWei, coveredWei } = callOf(ledger, callId)
  let root: string | undefined
  const issued = {
    ...{ priceWei, coveredWei, royaltyPpm },
    // Vouchers that cover many calls commit to the last root alone.
    get receiptsRoot() {
      root ??= end.receiptsRoot
      return root
    }
  }
  return {
    ...withCall(ledger, callId, undefined),
    uncommitted: [...ledger.uncommitted, issued]
  }
}

function commit(ledger: ProviderLedger, voucher: Voucher): ProviderLedger {
  if (voucher.cumulativeWei > ledger.depositWei) {
    throw new DatanetError('VOUCHER_OVERFLOWS', {
      cumulativeWei: `${voucher.cumulativeWei}`,
      depositWei: `${ledger.depositWei}`
    })
  }
  const count = voucher.receipts - ledger.receipts
  const taken = ledger.uncommitted.slice(0, count)
  if (
    taken.length < count ||
    (taken.at(-1)?.receiptsRoot ?? voucher.receiptsRoot) !== voucher.receiptsRoot
  ) {
    throw new DatanetError('RECEIPT_UNKNOWN', { receipts: voucher.receipts })
  }
  return {
    ...ledger,
    authorisedWei: voucher.cumulativeWei,
    royaltyWei: voucher.royaltyWei,
    receipts: voucher.receipts,
    receiptsRoot: voucher.receiptsRoot,
    committed: sumParts(
      ledger.committed,
      ...taken.map(({ priceWei, royaltyPpm }) => partsOf(priceWei, royaltyPpm))
    ),
    uncommitted: ledger.uncommitted.slice(count)
  }
}

function owedParts(ledger: ProviderLedger): Parts {
  return sumParts(
    ledger.committed,
    ...ledger.uncommitted.map(({ priceWei, coveredWei, royaltyPpm }) =>
      partsOf(priceWei < coveredWei ? priceWei : coveredWei, royaltyPpm)
    ),
    ...[...ledger.calls.values()].map((call) => partsOf(call.coveredWei, call.royaltyPpm))
  )
}

function raiseCover(
  ledger: ProviderLedger,
  { callId, coveredWei }: { readonly callId: string; readonly coveredWei: bigint }
): ProviderLedger {
  const call = ledger.calls.get(callId)
  // A frame may cross the end of its call: there is nothing left to cover then.
  if (call === undefined || coveredWei <= call.coveredWei) return ledger
  if (coveredWei > call.maxWei) throw new DatanetError('SPENDING_LIMIT', { callId })
  return withCall(ledger, callId, { ...call, coveredWei })
}

function callOf(ledger: ProviderLedger, callId: string): Call {
  const call = ledger.calls.get(callId)
  if (call === undefined) throw new DatanetError('CALL_CONFLICT', { callId, reason: 'not open' })
  return call
}

function withCall(ledger: ProviderLedger, callId: string, call: Call | undefined): ProviderLedger {
  const calls = new Map(ledger.calls)
  if (call === undefined) calls.delete(callId)
  else calls.set(callId, call)
  return { ...ledger, calls }
}
