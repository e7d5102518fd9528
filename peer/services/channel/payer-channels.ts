import { randomBytes } from 'node:crypto'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord } from '../../../protocol/base/schema.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  dropCall,
  type PayerLedger,
  settleCall
} from '../../../protocol/channel/payer-ledger.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsFromOffer,
  termsSchema
} from '../../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher
} from '../../../protocol/channel/voucher.ts'
import type { Offer, Payment } from '../../../protocol/model/offer.ts'
import { accumulatorRoot, appendLeaves } from '../../../protocol/receipt/accumulator.ts'
import { encodeReceipt, type SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../../protocol/receipt/receipt-signature.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { ChannelState } from '../../chain/escrow.ts'
import type { StoredChannel } from '../../store/channels.ts'
import type { OpenCall } from '../../store/open-calls.ts'
import type { Parts } from '../parts.ts'
import type { PromisedChannel } from './budget.ts'
import { createFunding, type Funding, freeWei, isUnfunded } from './funding.ts'
import { restorePayer } from './restore-payer.ts'
import { createUnsaved } from './unsaved.ts'

/** What a call is asked for again by. */
export type Opening = Pick<OpenCall, 'offer' | 'request' | 'builder'>

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
   * disk before this resolves. Calls that are covered in one turn share one voucher: its totals hold
   * for all of them. The first cover of a call says by `opening` what it is known by after a restart.
   */
  cover(callId: string, uptoWei: bigint, opening?: Opening): Promise<Uint8Array>
  /** Calls whose provider was lost, also before a restart: to be asked for again. */
  readonly lost: readonly OpenCall[]
  /**
   * Ends a call by its verified receipt. Resolves when that is written with the channel's others; it
   * is on the disk before any voucher that commits to it.
   */
  settle(callId: string, receipt: SignedReceipt, royaltyPpm: number): Promise<void>
  /** Ends a call the provider refused: it has no receipt. */
  drop(callId: string): void
  /** Says that a call's provider is gone: what it covered stays spent until its receipt comes. */
  lose(callId: string): void
  /** No further call on this channel: the two sides' books differ, and another one is opened. */
  retire(): void
  /** The voucher that commits to every receipt verified so far, or undefined if nothing is new. */
  commit(): Promise<Uint8Array> | undefined
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
  readonly agreed: Terms
  begin(callId: string, call: { readonly maxWei: bigint; readonly royaltyPpm: number }): void
  /** Adds to the deposit, unless a payment that was cut off has landed meanwhile. */
  fund(amountWei: bigint, options: CallOptions): Promise<void>
}

/** A channel that may not have been read from the store yet. */
interface Entry extends Omit<PromisedChannel, 'channelId'> {
  readonly held: Held
}

/** Payer channels over the store and the chain. specs/07-channel.md §Window */
export function createPayerChannels(
  parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet' | 'limits'>,
  { fund }: Pick<Funding, 'fund'> = createFunding(parts)
): PayerChannels {
  const { channelStore, chain, wallet, limits } = parts
  const { chainId, escrow, token } = chain.contracts
  const domain = escrowDomain(chainId, escrow)
  const voucherSigner = createVoucherSigner(domainSeparator(domain), wallet.own.secretKey)
  /** Read from the store when they are first used: a restart with ten thousand costs as much as one. */
  const channels = new Map<string, Entry>()
  /** By provider, oldest first, without those that were retired. */
  const usable = new Map<string, Entry[]>()
  /** One opening or top-up per provider at a time: two calls must not both pay a deposit. */
  const turns = new Map<string, Promise<unknown>>()

  const opened = new Set(channelStore.open.channels())
  for (const stored of channelStore.channels('payer')) {
    const { channelId, terms, peer, depositWei } = stored
    const entry = enter(channelId, stored, () => load(channelId, terms, peer, depositWei))
    // Calls that a crash left open are counted from the start.
    if (opened.has(channelId)) entry.held
  }

  function enter(
    channelId: string,
    { peer, isRetired, voucher }: Pick<StoredChannel, 'peer' | 'isRetired' | 'voucher'>,
    read: () => Held
  ): Entry {
    let held: Held | undefined
    const entry: Entry = {
      provider: peer,
      get held() {
        held ??= read()
        return held
      },
      get promisedWei() {
        if (held !== undefined) return held.ledger.voucher.cumulativeWei
        return voucher === undefined ? 0n : decodeVoucher(voucher).cumulativeWei
      },
      coveredWei: (callId) => held?.ledger.calls.get(callId)?.coveredWei
    }
    channels.set(channelId, entry)
    if (!isRetired) {
      const others = usable.get(peer)
      if (others === undefined) usable.set(peer, [entry])
      else others.push(entry)
    }
    return entry
  }

  function refuseForeign(payment: Payment): void {
    const mismatch =
      BigInt(payment.chainId) !== chainId ? 'chainId' : payment.escrow !== escrow ? 'escrow' : ''
    if (mismatch !== '') throw new DatanetError('CHAIN_MISMATCH', { field: mismatch })
    if (payment.token !== token) throw new DatanetError('TERMS_MISMATCH', { field: 'token' })
  }

  function load(channelId: string, termsBytes: Uint8Array, peer: string, depositWei: bigint): Held {
    const terms = decodeRecord(termsSchema, termsBytes)
    const restored = restorePayer(channelStore, channelId, depositWei)
    const { lost } = restored
    let { ledger, accumulator } = restored

    /** The newest voucher on the disk: nothing that is sent promises more. */
    let durable = ledger.voucher
    let signing: Promise<Uint8Array> | undefined

    /** Receipts and covers that are not written yet. No voucher promises what is not. */
    const unsaved = createUnsaved(channelStore.together)

    /** The voucher over all that is covered and verified when the turn ends, signed and kept. */
    function promise(): Promise<Uint8Array> {
      signing ??= channelStore.together((onUndo) => {
        signing = undefined
        unsaved.save(onUndo)
        const before = { ledger, accumulator, durable }
        onUndo(() => {
          // What was covered meanwhile was never promised.
          ledger = { ...before.ledger, voucher: before.durable }
          ;({ accumulator, durable } = before)
        })
        accumulator = appendLeaves(accumulator, ...committableLeaves(ledger))
        const receiptsRoot = accumulatorRoot(accumulator)
        ledger = commitReceipts(ledger, { receipts: accumulator.count, receiptsRoot })
        durable = ledger.voucher
        const bytes = encodeVoucher(voucherSigner.sign(durable))
        channelStore.setVoucher('payer', channelId, bytes)
        return bytes
      })
      return signing
    }

    const channel: Held = {
      channelId,
      provider: peer,
      terms: termsBytes,
      agreed: terms,
      get ledger() {
        return ledger
      },
      get isIdle() {
        return [...ledger.calls.keys()].every((callId) => lost.has(callId))
      },
      async cover(callId, uptoWei, opening) {
        ledger = cover(ledger, callId, uptoWei)
        const call = ledger.calls.get(callId)
        if (call !== undefined && opening !== undefined) {
          unsaved.push(() => channelStore.open.add({ channelId, callId, ...opening, ...call }))
        } else if (call?.coveredWei === uptoWei) {
          unsaved.push(() => channelStore.open.cover(channelId, callId, uptoWei))
        }
        return promise()
      },
      get lost() {
        return channelStore.open.of(channelId).filter(({ callId }) => lost.has(callId))
      },
      settle(callId, signed, royaltyPpm) {
        const { seq, priceWei } = signed.receipt
        const leaf = receiptLeaf(signed.body)
        ledger = settleCall(ledger, callId, { priceWei, seq, leaf })
        lost.delete(callId)
        unsaved.push(() => {
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
          channelStore.open.remove(channelId, callId)
        })
        return unsaved.saveSoon()
      },
      drop(callId) {
        if (!ledger.calls.has(callId)) return
        ledger = dropCall(ledger, callId)
        lost.delete(callId)
        unsaved.push(() => channelStore.open.remove(channelId, callId))
        // What is not written now is found open after a restart, and dropped then.
        unsaved.saveSoon().catch(() => {})
      },
      lose: (callId) => void lost.add(callId),
      retire() {
        channelStore.retire('payer', channelId)
        const left = (usable.get(peer) ?? []).filter((one) => one !== channels.get(channelId))
        usable.set(peer, left)
      },
      commit: () => (committableLeaves(ledger).length === 0 ? undefined : promise()),
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
    const read = () => load(channelId, bytes, peer, 0n)
    return enter(channelId, { peer, isRetired: false }, read).held
  }

  /** One that was prepared for such an offer and never paid into. */
  function unfunded(offer: Offer): Held | undefined {
    return fitting(offer).find(({ ledger }) => isUnfunded(ledger))
  }

  /** The open channels whose terms are the ones the offer asks for. */
  function fitting(offer: Offer): Held[] {
    const { operator, receiptSigner, auditor, token: paid, withdrawDelayS } = offer.payment
    return (usable.get(offer.provider) ?? []).flatMap(
      ({ held: channel, held: { agreed: terms } }) =>
        terms.operator === operator &&
        terms.receiptSigner === receiptSigner &&
        terms.auditor === auditor &&
        terms.token === paid &&
        terms.withdrawDelayS === withdrawDelayS
          ? [channel]
          : []
    )
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
      [...channels].map(([channelId, { provider, promisedWei, coveredWei }]) => ({
        channelId,
        provider,
        promisedWei,
        coveredWei
      })),
    find(channelId) {
      const held = channels.get(channelId)?.held
      if (held === undefined) throw new DatanetError('CHANNEL_UNKNOWN', { channelId })
      return held
    },
    async recover(options = {}) {
      for (const { channelId, isRetired, depositWei, voucher } of channelStore.channels('payer')) {
        if (isRetired || depositWei > 0n || voucher !== undefined) continue
        const held = channels.get(channelId)?.held
        if (held === undefined || !isUnfunded(held.ledger)) continue
        await held.refresh(options)
      }
    }
  }
}
