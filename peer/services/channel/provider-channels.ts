import { decodeCanonical } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire } from '../../../protocol/base/schema.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import {
  acceptVoucher,
  finishCall,
  mayDeliver,
  type ProviderLedger,
  recordDelivery,
  release,
  reserve,
  takeBackDelivery
} from '../../../protocol/channel/provider-ledger.ts'
import {
  channelIdOf,
  escrowDomain,
  type Terms,
  termsSchema
} from '../../../protocol/channel/terms.ts'
import { refuseTerms, verifyTerms } from '../../../protocol/channel/verify-terms.ts'
import {
  decodeVoucher,
  type SignedVoucher,
  verifyVoucher
} from '../../../protocol/channel/voucher.ts'
import type { Payment } from '../../../protocol/model/offer.ts'
import { accumulatorRoot, appendLeaves } from '../../../protocol/receipt/accumulator.ts'
import type { Receipt, SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import { createReceiptSigner } from '../../../protocol/receipt/receipt-signature.ts'
import type { AtEnd, OnUndo } from '../../store/group-commit.ts'
import type { ServedCall } from '../../store/served-calls.ts'
import { createKeeping, type Keeping } from '../call/keeping.ts'
import type { Parts } from '../parts.ts'
import type { Deposits } from './deposits.ts'
import { createReceiptWriting, type WrittenReceipt } from './receipt-writing.ts'
import { restoreProvider } from './restore-provider.ts'

/** What a call ends with: its receipt but for the place, and what is kept beside it in one commit. */
export interface CallEnd {
  readonly body: Omit<Receipt, 'channelId' | 'seq'>
  readonly keep?: (seq: number, onUndo: OnUndo) => void
}

/** One channel this peer is paid through, with the calls that run on it. */
export interface ProviderChannel {
  readonly channelId: string
  readonly ledger: ProviderLedger
  /**
   * Takes a voucher in that peer `from` brought: checked and written when this resolves, on the disk
   * when `durable` does, and before any chunk that is delivered from now on. A voucher
   * that is not new covers a call only for the peer that brought it first: vouchers become public
   * when they are claimed, and must not buy strangers what the payer has prepaid (VOUCHER_STALE).
   */
  accept(
    voucher: Uint8Array,
    from: string,
    cover?: { callId: string; coveredWei: bigint }
  ): Promise<{ readonly durable: Promise<void> }>
  /**
   * Sets up to `maxWei` of the confirmed deposit aside for a call. Refuses all of them once the payer
   * has begun to take the deposit back (CHANNEL_CLOSING).
   */
  reserve(callId: string, maxWei: bigint, royaltyPpm: number): Promise<void>
  release(callId: string): void
  /** Whether this call's own cover and the channel's vouchers pay for a chunk of `costWei`. */
  isCovered(callId: string, costWei: bigint): boolean
  /**
   * Counts a chunk of `costWei` at once and runs `keep` in the next group commit; on disk, with every
   * voucher that pays for it, when this resolves, and only then may the chunk leave. `last` is asked in
   * that commit whether the call ends with this chunk: then its end is written in place of `keep`, and
   * this resolves with the receipt.
   */
  deliver(
    callId: string,
    costWei: bigint,
    keep?: (onUndo: OnUndo) => void,
    last?: (onUndo: OnUndo) => CallEnd | undefined
  ): Promise<SignedReceipt | undefined>
  /** Takes back the last chunk: it did not leave. */
  takeBack(callId: string, costWei: bigint): void
  /** The receipt of a call, signed, in the next place of the channel, and on disk with what `keep` writes. */
  finish(callId: string, end: CallEnd): Promise<SignedReceipt>
}

/** The channels this peer is paid through. */
export interface ProviderChannels {
  /** The channel of `terms` under one of our payments, with its deposit as confirmed blocks say it. */
  open(terms: Uint8Array, payment: Payment, peer: string): Promise<ProviderChannel>
  /** A receipt for a call that cost nothing: no channel, no place. */
  free(body: Omit<Receipt, 'channelId' | 'seq'>): Promise<SignedReceipt>
  /** The id of the channel of `terms`. Refuses bytes that are no terms (RECORD_MALFORMED). */
  idOf(terms: Uint8Array): string
  /** Resolves when every call that a crash cut off has its receipt; nothing is opened before. */
  readonly ready: Promise<void>
  stop(): void
}

/** How soon after it was committed to an answer is forgotten, and how often what is too old. */
const SWEEP_MS = 1_000
const EXPIRE_MS = 60_000

/** How old the chain's word about a deposit may be when a call is taken on. */
const DEPOSIT_FRESH_MS = 300_000

const NO_CHANNEL = `0x${'0'.repeat(64)}`

/** Provider channels over the store and what was seen of the chain. specs/07-channel.md §Window */
export function createProviderChannels(
  parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet' | 'peerId' | 'now' | 'log'>,
  deposits: Deposits,
  keeping: Keeping = createKeeping(parts)
): ProviderChannels {
  const { channelStore, chain, wallet } = parts
  const { chainId, escrow } = chain.contracts
  const separator = domainSeparator(escrowDomain(chainId, escrow))
  const receipts = createReceiptWriting(
    channelStore,
    createReceiptSigner(separator, wallet.own.secretKey)
  )
  /** By their terms' bytes, which are canonical: a channel's id is hashed once. */
  const channels = new Map<string, { terms: Terms; channel: Promise<ProviderChannel> }>()

  /** Channels whose vouchers committed to more receipts, and to how many. */
  const committed = new Map<string, number>()
  let sweeping: NodeJS.Timeout | undefined
  function sweepSoon(): void {
    sweeping ??= setTimeout(sweep, SWEEP_MS).unref()
  }
  function sweep(): void {
    sweeping = undefined
    const due = new Map(committed)
    committed.clear()
    // What is not forgotten now is forgotten after the next voucher or the next start.
    channelStore.together(() => keeping.sweep(due)).catch(() => {})
  }
  const expiring = setInterval(sweep, EXPIRE_MS).unref()
  const ready = recover()
  ready.catch(() => {})

  /** After a crash: each call that was cut off ends here, and what is committed to is forgotten. */
  async function recover(): Promise<void> {
    for (const channelId of channelStore.served.channels()) {
      const voucher = channelStore.channel('provider', channelId)?.voucher
      if (voucher !== undefined) committed.set(channelId, decodeVoucher(voucher).receipts)
    }
    if (committed.size > 0) sweepSoon()
    await channelStore.together(() => keeping.interrupt(signInterrupted))
  }

  function signInterrupted(
    { channelId, royaltyPpm }: ServedCall,
    body: Omit<Receipt, 'channelId' | 'seq'>
  ): number {
    const seq = channelStore.countOf('provider', channelId)
    const { peer } = channelStore.channel('provider', channelId) ?? { peer: 'anyone' }
    receipts.addAlone({ ...body, channelId, seq }, { peer, royaltyPpm })
    return seq
  }

  /** What the payer cannot take back, and whether it has begun to. */
  async function confirmed(
    channelId: string,
    maxAgeMs: number
  ): Promise<{ depositWei: bigint; isClosing: boolean }> {
    const { depositWei, withdrawal, isClosed } = await deposits.at(channelId, maxAgeMs)
    return {
      depositWei: depositWei - (withdrawal?.amountWei ?? 0n),
      isClosing: withdrawal !== undefined || isClosed === true
    }
  }

  async function load(
    channelId: string,
    terms: Terms,
    bytes: Uint8Array,
    peer: string
  ): Promise<ProviderChannel> {
    await ready
    // Well inside the delay after which a payer can have its deposit back.
    const freshMs = Math.min(DEPOSIT_FRESH_MS, (terms.withdrawDelayS * 1_000) / 20)
    let state = await deposits.at(channelId, freshMs)
    // Just paid, maybe: it is asked about once more.
    if (state.depositWei === 0n) state = await deposits.at(channelId, 0)
    const { depositWei } = state
    if (depositWei === 0n) {
      throw new DatanetError('DEPOSIT_INSUFFICIENT', { channelId, depositWei: '0' })
    }
    channelStore.addChannel({ side: 'provider', channelId, peer, terms: bytes, depositWei })
    channelStore.setChainState('provider', channelId, state)
    const found = await confirmed(channelId, freshMs)
    let { ledger, accumulator, issued } = restoreProvider(channelStore, channelId, found.depositWei)
    let { isClosing } = found
    let bearer = channelStore.channel('provider', channelId)?.bearer
    let forgottenTo = ledger.receipts

    /** The channel as it is now comes back when what is written next does not reach the disk. */
    function keepForUndo(onUndo: OnUndo): void {
      const before = { ledger, accumulator, issued, bearer }
      onUndo(() => {
        ;({ ledger, accumulator, issued, bearer } = before)
      })
    }

    async function readDeposit(maxAgeMs: number): Promise<void> {
      const state = await confirmed(channelId, maxAgeMs)
      isClosing = state.isClosing
      ledger = { ...ledger, depositWei: state.depositWei }
    }

    /** Tries again with the deposit as the chain has it now, once: the payer may have topped up. */
    async function withFreshDeposit<T>(step: () => T | Promise<T>): Promise<T> {
      try {
        return await step()
      } catch (error) {
        const isShort =
          isDatanetError(error) &&
          (error.code === 'DEPOSIT_INSUFFICIENT' || error.code === 'VOUCHER_OVERFLOWS')
        if (!isShort) throw error
        // Read first: other calls move the ledger on while the chain is asked.
        await readDeposit(0)
        return await step()
      }
    }

    /** The newest voucher whose signature was checked: parallel calls all carry the same one. */
    let verified: Uint8Array | undefined
    function verify(bytes: Uint8Array, voucher: SignedVoucher): void {
      if (verified !== undefined && Buffer.compare(bytes, verified) === 0) return
      verifyVoucher(separator, voucher, terms.signer)
      verified = bytes
    }

    /** Writes a voucher whose signature holds, and what it covers; refused by what it says. */
    function take(
      voucher: SignedVoucher,
      bytes: Uint8Array,
      from: string,
      cover: { callId: string; coveredWei: bigint } | undefined
    ): Promise<{ durable: Promise<void> }> {
      return new Promise((resolve, reject) => {
        const write = (onUndo: OnUndo) => {
          const verdict = acceptVoucher(ledger, voucher, cover)
          keepForUndo(onUndo)
          if (verdict.outcome === 'accepted') {
            channelStore.setVoucher('provider', channelId, bytes, from)
            bearer = from
          } else if (cover !== undefined && from !== bearer) {
            throw new DatanetError('VOUCHER_STALE', { field: 'bearer' })
          }
          ledger = verdict.ledger
        }
        const durable = channelStore.together(write, () => resolve({ durable }))
        durable.then(() => forgetTo(voucher.receipts), reject)
      })
    }

    /** What a voucher on the disk commits to need not be shown again. */
    function forgetTo(receipts: number): void {
      if (receipts <= forgottenTo) return
      forgottenTo = receipts
      committed.set(channelId, receipts)
      sweepSoon()
    }

    /** Ends the call in the next place. In a group commit. */
    function end(
      callId: string,
      { body, keep: keepEnd }: CallEnd,
      writing: { onUndo: OnUndo; atEnd: AtEnd }
    ): WrittenReceipt {
      const { onUndo } = writing
      const royaltyPpm = ledger.calls.get(callId)?.royaltyPpm ?? 0
      const written = receipts.add(
        { ...body, channelId, seq: issued },
        { peer, royaltyPpm },
        writing
      )
      const next = appendLeaves(accumulator, written.leaf)
      const finished = finishCall(ledger, callId, {
        get receiptsRoot() {
          return accumulatorRoot(next)
        }
      })
      keepEnd?.(issued, onUndo)
      keepForUndo(onUndo)
      ledger = finished
      accumulator = next
      issued += 1
      return written
    }

    return {
      channelId,
      get ledger() {
        return ledger
      },
      async accept(voucherBytes, from, cover) {
        const voucher = decodeVoucher(voucherBytes)
        if (voucher.channelId !== channelId) {
          throw new DatanetError('TERMS_MISMATCH', { field: 'channelId' })
        }
        verify(voucherBytes, voucher)
        return withFreshDeposit(() => take(voucher, voucherBytes, from, cover))
      },
      async reserve(callId, maxWei, royaltyPpm) {
        // Refused before anything is answered: its receipt would have no place.
        if (channelStore.hasReceipt('provider', channelId, callId)) {
          throw new DatanetError('CALL_CONFLICT', { callId })
        }
        if (ledger.calls.size >= LIMITS.openCalls) {
          throw new DatanetError('PROVIDER_BUSY', { openCalls: ledger.calls.size })
        }
        await readDeposit(freshMs)
        if (isClosing) throw new DatanetError('CHANNEL_CLOSING', { channelId })
        await withFreshDeposit(() => {
          ledger = reserve(ledger, callId, { maxWei, royaltyPpm })
        })
      },
      release(callId) {
        ledger = release(ledger, callId)
      },
      isCovered(callId, costWei) {
        const call = ledger.calls.get(callId)
        return (
          call !== undefined &&
          call.deliveredWei + costWei <= call.coveredWei &&
          mayDeliver(ledger, costWei)
        )
      },
      deliver(callId, costWei, keepChunk, last) {
        ledger = recordDelivery(ledger, callId, costWei)
        const writing = channelStore.together((onUndo, atEnd) => {
          onUndo(() => {
            ledger = takeBackDelivery(ledger, callId, costWei)
          })
          const ending = last?.(onUndo)
          if (ending !== undefined) return end(callId, ending, { onUndo, atEnd })
          keepChunk?.(onUndo)
          return undefined
        })
        return writing.then((written) => written?.signed)
      },
      takeBack(callId, costWei) {
        ledger = takeBackDelivery(ledger, callId, costWei)
      },
      finish: (callId, ending) =>
        channelStore
          .together((onUndo, atEnd) => end(callId, ending, { onUndo, atEnd }))
          .then(({ signed }) => signed as SignedReceipt)
    }
  }

  return {
    ready,
    idOf(termsBytes) {
      const terms = fromWire(termsSchema, decodeCanonical(termsBytes))
      return channelIdOf(escrowDomain(chainId, escrow), terms)
    },
    stop() {
      clearInterval(expiring)
      clearTimeout(sweeping)
    },
    open(termsBytes, payment, peer) {
      const key = Buffer.from(termsBytes).toString('base64')
      const known = channels.get(key)
      if (known !== undefined) {
        refuseTerms(known.terms, payment, { chainId, escrow })
        return known.channel
      }
      const terms = fromWire(termsSchema, decodeCanonical(termsBytes))
      const channelId = verifyTerms(terms, payment, { chainId, escrow })
      const channel = load(channelId, terms, termsBytes, peer)
      channels.set(key, { terms, channel })
      channel.catch(() => channels.delete(key))
      return channel
    },
    free: (body) =>
      channelStore
        .together((onUndo, atEnd) =>
          receipts.add(
            { ...body, channelId: NO_CHANNEL, seq: 0 },
            { peer: 'anyone', royaltyPpm: 0 },
            { onUndo, atEnd }
          )
        )
        .then(({ signed }) => signed as SignedReceipt)
  }
}
