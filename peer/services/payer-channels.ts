import { randomBytes } from 'node:crypto'
import { DatanetError } from '../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord } from '../../protocol/base/schema.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { partsOf, sumParts } from '../../protocol/channel/ledger.ts'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  dropCall,
  openPayerLedger,
  type PayerLedger,
  settleCall
} from '../../protocol/channel/payer-ledger.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsFromOffer,
  termsSchema
} from '../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher
} from '../../protocol/channel/voucher.ts'
import type { Offer, Payment } from '../../protocol/model/offer.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../protocol/receipt/accumulator.ts'
import { encodeReceipt, type SignedReceipt } from '../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../protocol/receipt/receipt-signature.ts'
import { formatAmount } from '../api/amounts.ts'
import type { CallOptions } from '../api/peer-api.ts'
import type { ChannelState } from '../chain/escrow.ts'
import type { PromisedChannel } from './budget.ts'
import type { Parts } from './parts.ts'

/** One channel this peer pays through, with the calls that run on it. */
export interface PayerChannel {
  readonly channelId: string
  /** The peer that is paid through it. */
  readonly provider: string
  /** The terms' record bytes, which travel with every ask. */
  readonly terms: Uint8Array
  readonly ledger: PayerLedger
  /** True when no call runs on it; one whose provider was lost stays open and does not count. */
  readonly isIdle: boolean
  /**
   * The voucher that covers the call up to `uptoWei` and commits to every receipt verified so far: on
   * disk before this returns.
   */
  cover(callId: string, uptoWei: bigint): Uint8Array
  /** Ends a call by its verified receipt, which is kept with the channel's. */
  settle(callId: string, receipt: SignedReceipt, royaltyPpm: number): void
  /** Ends a call the provider refused: it has no receipt. */
  drop(callId: string): void
  /** Says that a call's provider is gone: what it covered stays spent until its receipt comes. */
  lose(callId: string): void
  /** No further call on this channel: the two sides' books differ, and another one is opened. */
  retire(): void
  /** The voucher that commits to every receipt verified so far, or undefined if nothing is new. */
  commit(): Uint8Array | undefined
  /** The channel as the chain has it now, which is kept. */
  refresh(options?: CallOptions): Promise<ChannelState>
}

/** The channels this peer pays through. */
export interface PayerChannels {
  /**
   * A channel to the offer's provider on which the call has begun with `maxWei` set aside; opens one
   * or adds to its deposit where it must. Refuses what the account cannot fund (FUNDS_INSUFFICIENT)
   * and offers of another chain or escrow than ours (CHAIN_MISMATCH).
   */
  begin(
    offer: Offer,
    call: { readonly id: string; readonly maxWei: bigint },
    options?: CallOptions
  ): Promise<PayerChannel>
  open(offer: Offer, depositWei: bigint, options?: CallOptions): Promise<PayerChannel>
  /** Refuses an id that this peer does not pay through (CHANNEL_UNKNOWN). */
  find(channelId: string): PayerChannel
  /** Runs `work` while no call begins at `provider`. */
  inTurn<T>(provider: string, work: () => Promise<T>): Promise<T>
  /** What was promised on each, for budgets. */
  promised(): readonly PromisedChannel[]
  /** Asks the chain about channels whose deposit was never seen to arrive: it may have landed since. */
  recover(options?: CallOptions): Promise<void>
}

/** A channel with what only this file may do to it. */
interface Held extends PayerChannel {
  begin(callId: string, call: { readonly maxWei: bigint; readonly royaltyPpm: number }): void
  /** Adds to the deposit, unless a payment that was cut off has landed meanwhile. */
  fund(amountWei: bigint, options: CallOptions): Promise<void>
}

/** Payer channels over the store and the chain. specs/07-channel.md §Window */
export function createPayerChannels(
  parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet' | 'limits'>
): PayerChannels {
  const { channelStore, chain, wallet, limits } = parts
  const { chainId, escrow, token } = chain.contracts
  const domain = escrowDomain(chainId, escrow)
  const voucherSigner = createVoucherSigner(domainSeparator(domain), wallet.own.secretKey)
  const channels = new Map<string, Held>()
  /** One opening or top-up per provider at a time: two calls must not both pay a deposit. */
  const turns = new Map<string, Promise<unknown>>()

  for (const stored of channelStore.channels('payer')) {
    load(decodeRecord(termsSchema, stored.terms), stored.terms, stored.peer, stored.depositWei)
  }

  function refuseForeign(payment: Payment): void {
    const mismatch =
      BigInt(payment.chainId) !== chainId ? 'chainId' : payment.escrow !== escrow ? 'escrow' : ''
    if (mismatch !== '') throw new DatanetError('CHAIN_MISMATCH', { field: mismatch })
    if (payment.token !== token) throw new DatanetError('TERMS_MISMATCH', { field: 'token' })
  }

  /** The allowance is the account's: two fundings at once would count on the same one. */
  let funding: Promise<unknown> = Promise.resolve()
  function fund(terms: Terms, amountWei: bigint, options: CallOptions): Promise<void> {
    const turn = funding.catch(() => {}).then(() => fundNow(terms, amountWei, options))
    funding = turn
    return turn
  }

  async function fundNow(terms: Terms, amountWei: bigint, options: CallOptions): Promise<void> {
    const account = wallet.own.address
    const balanceWei = await chain.token.balanceOf(account, options)
    if (balanceWei < amountWei) {
      const [holds, needs] = [formatAmount(balanceWei), formatAmount(amountWei)]
      const hint =
        `${account} holds ${holds} of the token, and a deposit of ${needs} is due; ` +
        'datanet wallet deposit says where to pay to'
      throw new DatanetError(
        'FUNDS_INSUFFICIENT',
        { account, balanceWei: `${balanceWei}`, neededWei: `${amountWei}` },
        { hint }
      )
    }
    if ((await chain.token.allowance(account, escrow, options)) < amountWei) {
      await chain.token.approve(escrow, amountWei, options)
    }
    await chain.escrow.fund(terms, amountWei, options)
  }

  function load(terms: Terms, termsBytes: Uint8Array, peer: string, depositWei: bigint): Held {
    const channelId = channelIdOf(domain, terms)
    let ledger = openPayerLedger(channelId, depositWei)
    let accumulator = EMPTY_ACCUMULATOR
    const lost = new Set<string>()
    const stored = channelStore.channel('payer', channelId)
    if (stored?.voucher !== undefined) {
      const { signature: _, ...voucher } = decodeVoucher(stored.voucher)
      const receipts = channelStore.receiptsOf('payer', channelId)
      const committed = receipts.filter((r) => r.seq < voucher.receipts)
      accumulator = appendLeaves(accumulator, ...committed.map((r) => r.leaf))
      ledger = {
        ...ledger,
        voucher,
        settled: sumParts(...receipts.map((r) => partsOf(r.priceWei, r.royaltyPpm))),
        pending: new Map(
          receipts.filter((r) => r.seq >= voucher.receipts).map((r) => [r.seq, r.leaf])
        )
      }
    }

    /** Signs and keeps what `next` promises; only then does it become the channel's state. */
    function promise(next: PayerLedger): Uint8Array {
      const bytes = encodeVoucher(voucherSigner.sign(next.voucher))
      channelStore.setVoucher('payer', channelId, bytes)
      ledger = next
      return bytes
    }

    /** The state of `before` that also commits to every receipt verified so far, signed. */
    function promiseAll(before: PayerLedger): Uint8Array {
      const next = appendLeaves(accumulator, ...committableLeaves(before))
      const commitment = { receipts: next.count, receiptsRoot: accumulatorRoot(next) }
      const bytes = promise(commitReceipts(before, commitment))
      accumulator = next
      return bytes
    }

    const channel: Held = {
      channelId,
      provider: peer,
      terms: termsBytes,
      get ledger() {
        return ledger
      },
      get isIdle() {
        return [...ledger.calls.keys()].every((callId) => lost.has(callId))
      },
      cover: (callId, uptoWei) => promiseAll(cover(ledger, callId, uptoWei)),
      settle(callId, signed, royaltyPpm) {
        const { seq, priceWei } = signed.receipt
        const leaf = receiptLeaf(signed.body)
        const next = settleCall(ledger, callId, { priceWei, seq, leaf })
        channelStore.addReceipt({
          side: 'payer',
          callId: Buffer.from(signed.receipt.callId).toString('hex'),
          channelId,
          seq,
          peer,
          priceWei,
          royaltyPpm,
          leaf,
          bytes: encodeReceipt(signed)
        })
        ledger = next
      },
      drop(callId) {
        if (ledger.calls.has(callId)) ledger = dropCall(ledger, callId)
      },
      lose: (callId) => void lost.add(callId),
      retire: () => channelStore.retire('payer', channelId),
      commit: () => (committableLeaves(ledger).length === 0 ? undefined : promiseAll(ledger)),
      begin(callId, call) {
        ledger = beginCall(ledger, callId, call)
      },
      async refresh(options = {}) {
        const state = await chain.escrow.channel(channelId, options)
        channelStore.setChainState('payer', channelId, state)
        ledger = { ...ledger, depositWei: state.depositWei }
        return state
      },
      async fund(amountWei, options) {
        const known = ledger.depositWei
        const { depositWei: found } = await channel.refresh(options)
        // A deposit whose payment was cut off before it was answered is there all the same.
        if (found > known) return
        await fund(terms, amountWei, options)
        await channel.refresh(options)
      }
    }
    channels.set(channelId, channel)
    return channel
  }

  async function open(
    offer: Offer,
    depositWei: bigint,
    options: CallOptions = {}
  ): Promise<PayerChannel> {
    refuseForeign(offer.payment)
    const held = unfunded(offer) ?? prepare(offer)
    await held.fund(depositWei, options)
    return held
  }

  /** A new channel, on disk; it counts for nothing until its deposit is paid. */
  function prepare(offer: Offer): Held {
    const own = wallet.own.address
    const salt = `0x${randomBytes(32).toString('hex')}`
    const terms = termsFromOffer(offer.payment, { payer: own, signer: own, salt })
    const bytes = encodeRecord(termsSchema, terms)
    const channelId = channelIdOf(domain, terms)
    const peer = offer.provider
    // The salt is on disk before the deposit is paid: a crash between the two must not lose it.
    channelStore.addChannel({ side: 'payer', channelId, peer, terms: bytes, depositWei: 0n })
    return load(terms, bytes, peer, 0n)
  }

  /** One that was prepared for such an offer and never paid into. */
  function unfunded(offer: Offer): Held | undefined {
    return fitting(offer).find(({ ledger }) => isUnfunded(ledger))
  }

  /** The open channels whose terms are the ones the offer asks for. */
  function fitting(offer: Offer): Held[] {
    const { operator, receiptSigner, auditor, token: paid, withdrawDelayS } = offer.payment
    return channelStore.channels('payer').flatMap((stored) => {
      if (stored.peer !== offer.provider || stored.isRetired) return []
      const terms = decodeRecord(termsSchema, stored.terms)
      const isFitting =
        terms.operator === operator &&
        terms.receiptSigner === receiptSigner &&
        terms.auditor === auditor &&
        terms.token === paid &&
        terms.withdrawDelayS === withdrawDelayS
      const held = channels.get(stored.channelId)
      return isFitting && held !== undefined ? [held] : []
    })
  }

  async function beginNow(
    offer: Offer,
    { id, maxWei }: { readonly id: string; readonly maxWei: bigint },
    options: CallOptions
  ): Promise<PayerChannel> {
    options.signal?.throwIfAborted()
    refuseForeign(offer.payment)
    const amountWei = maxWei > limits.depositWei ? maxWei : limits.depositWei
    const known = fitting(offer)
    const channel = known.find(({ ledger }) => !isUnfunded(ledger)) ?? known[0] ?? prepare(offer)
    while (freeWei(channel.ledger) < maxWei) await channel.fund(amountWei, options)
    // In this turn still: the next call must see what this one has set aside.
    channel.begin(id, { maxWei, royaltyPpm: offer.policy.royaltyPpm })
    return channel
  }

  function inTurn<T>(provider: string, work: () => Promise<T>): Promise<T> {
    const before = turns.get(provider) ?? Promise.resolve()
    const turn = before.catch(() => {}).then(work)
    turns.set(provider, turn)
    return turn
  }

  return {
    open: (offer, depositWei, options = {}) =>
      inTurn(offer.provider, () => open(offer, depositWei, options)),
    begin: (offer, call, options = {}) =>
      inTurn(offer.provider, () => beginNow(offer, call, options)),
    inTurn,
    promised: () =>
      [...channels.values()].map(({ channelId, provider, ledger }) => ({
        channelId,
        provider,
        promisedWei: ledger.voucher.cumulativeWei,
        coveredWei: (callId) => ledger.calls.get(callId)?.coveredWei
      })),
    find(channelId) {
      const held = channels.get(channelId)
      if (held === undefined) throw new DatanetError('CHANNEL_UNKNOWN', { channelId })
      return held
    },
    async recover(options = {}) {
      for (const { channelId, isRetired } of channelStore.channels('payer')) {
        const held = channels.get(channelId)
        if (held === undefined || isRetired || !isUnfunded(held.ledger)) continue
        await held.refresh(options)
      }
    }
  }
}

/** Never seen with a deposit: it was not paid, or not answered, and nothing was promised on it. */
function isUnfunded({ depositWei, voucher }: PayerLedger): boolean {
  return depositWei === 0n && voucher.cumulativeWei === 0n
}

/** What the deposit still holds once every open call has cost its most, in wei. */
function freeWei(ledger: PayerLedger): bigint {
  let openWei = 0n
  for (const call of ledger.calls.values()) openWei += call.maxWei - call.coveredWei
  return ledger.depositWei - ledger.voucher.cumulativeWei - openWei
}
