import { decodeCanonical } from '../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import { fromWire } from '../../protocol/base/schema.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { partsOf, sumParts } from '../../protocol/channel/ledger.ts'
import {
  acceptVoucher,
  finishCall,
  openProviderLedger,
  type ProviderLedger,
  recordDelivery,
  release,
  reserve
} from '../../protocol/channel/provider-ledger.ts'
import { escrowDomain, type Terms, termsSchema, verifyTerms } from '../../protocol/channel/terms.ts'
import { decodeVoucher, verifyVoucher } from '../../protocol/channel/voucher.ts'
import type { Payment } from '../../protocol/model/offer.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../protocol/receipt/accumulator.ts'
import { encodeReceipt, type Receipt, type SignedReceipt } from '../../protocol/receipt/receipt.ts'
import { createReceiptSigner, receiptLeaf } from '../../protocol/receipt/receipt-signature.ts'
import type { Parts } from './parts.ts'

/** One channel this peer is paid through, with the calls that run on it. */
export interface ProviderChannel {
  readonly channelId: string
  readonly ledger: ProviderLedger
  /**
   * Takes a voucher in that peer `from` brought: checked, then on disk before this returns. A voucher
   * that is not new covers a call only for the peer that brought it first: vouchers become public
   * when they are claimed, and must not buy strangers what the payer has prepaid (VOUCHER_STALE).
   */
  accept(
    voucher: Uint8Array,
    from: string,
    cover?: { callId: string; coveredWei: bigint }
  ): Promise<void>
  /**
   * Sets up to `maxWei` of the confirmed deposit aside for a call. Refuses all of them once the payer
   * has begun to take the deposit back (CHANNEL_CLOSING).
   */
  reserve(callId: string, maxWei: bigint, royaltyPpm: number): Promise<void>
  release(callId: string): void
  /** Whether this call's own cover and the channel's vouchers pay for a chunk of `costWei`. */
  isCovered(callId: string, costWei: bigint): boolean
  deliver(callId: string, costWei: bigint): void
  /** The receipt of a call, signed, in the next place of the channel, and on disk. */
  finish(callId: string, body: Omit<Receipt, 'channelId' | 'seq'>): SignedReceipt
}

/** The channels this peer is paid through. */
export interface ProviderChannels {
  /** The channel of `terms` under one of our payments; reads its deposit from the chain once. */
  open(terms: Uint8Array, payment: Payment, peer: string): Promise<ProviderChannel>
  /** A receipt for a call that cost nothing: no channel, no place. */
  free(body: Omit<Receipt, 'channelId' | 'seq'>): SignedReceipt
}

/** How old the chain's word about a deposit may be when a call is taken on. */
const DEPOSIT_FRESH_MS = 300_000

const NO_CHANNEL = `0x${'0'.repeat(64)}`

/** Provider channels over the store and the chain. specs/07-channel.md §Window */
export function createProviderChannels(
  parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet' | 'now'>
): ProviderChannels {
  const { channelStore, chain, wallet, now } = parts
  const { chainId, escrow } = chain.contracts
  const separator = domainSeparator(escrowDomain(chainId, escrow))
  const signer = createReceiptSigner(separator, wallet.own.secretKey)
  const channels = new Map<string, Promise<ProviderChannel>>()

  /** What the payer cannot take back, and whether it has begun to. */
  async function confirmed(channelId: string): Promise<{ depositWei: bigint; isClosing: boolean }> {
    const state = await chain.escrow.channel(channelId)
    channelStore.setChainState('provider', channelId, state)
    const { depositWei, withdrawal } = state
    return {
      depositWei: depositWei - (withdrawal?.amountWei ?? 0n),
      isClosing: withdrawal !== undefined
    }
  }

  /** The ledger as the disk knows it: what was promised and what was delivered for it. */
  function restore(channelId: string, depositWei: bigint) {
    let accumulator = EMPTY_ACCUMULATOR
    const stored = channelStore.channel('provider', channelId)
    const voucher = stored?.voucher === undefined ? undefined : decodeVoucher(stored.voucher)
    const issued = channelStore.receiptsOf('provider', channelId).map((receipt) => {
      accumulator = appendLeaves(accumulator, receipt.leaf)
      return {
        priceWei: receipt.priceWei,
        coveredWei: receipt.priceWei,
        royaltyPpm: receipt.royaltyPpm,
        receiptsRoot: accumulatorRoot(accumulator)
      }
    })
    const count = voucher?.receipts ?? 0
    const ledger: ProviderLedger = {
      ...openProviderLedger(depositWei),
      authorisedWei: voucher?.cumulativeWei ?? 0n,
      royaltyWei: voucher?.royaltyWei ?? 0n,
      receipts: count,
      receiptsRoot: voucher?.receiptsRoot ?? NO_CHANNEL,
      spentWei: issued.reduce((sum, { priceWei }) => sum + priceWei, 0n),
      committed: sumParts(...issued.slice(0, count).map((i) => partsOf(i.priceWei, i.royaltyPpm))),
      uncommitted: issued.slice(count)
    }
    return { ledger, accumulator, issued: issued.length }
  }

  async function load(
    channelId: string,
    terms: Terms,
    bytes: Uint8Array,
    peer: string
  ): Promise<ProviderChannel> {
    const { depositWei } = await chain.escrow.channel(channelId)
    if (depositWei === 0n) {
      throw new DatanetError('DEPOSIT_INSUFFICIENT', { channelId, depositWei: '0' })
    }
    channelStore.addChannel({ side: 'provider', channelId, peer, terms: bytes, depositWei })
    const found = await confirmed(channelId)
    let { ledger, accumulator, issued } = restore(channelId, found.depositWei)
    let { isClosing } = found
    let bearer = channelStore.channel('provider', channelId)?.bearer
    let readAtMs = now()
    // Well inside the delay after which a payer can have its deposit back.
    const freshMs = Math.min(DEPOSIT_FRESH_MS, (terms.withdrawDelayS * 1_000) / 20)

    async function readDeposit(): Promise<void> {
      const state = await confirmed(channelId)
      readAtMs = now()
      isClosing = state.isClosing
      ledger = { ...ledger, depositWei: state.depositWei }
    }

    /** Tries again with the deposit as the chain has it now, once: the payer may have topped up. */
    async function withFreshDeposit(step: () => void): Promise<void> {
      try {
        step()
      } catch (error) {
        const isShort =
          isDatanetError(error) &&
          (error.code === 'DEPOSIT_INSUFFICIENT' || error.code === 'VOUCHER_OVERFLOWS')
        if (!isShort) throw error
        // Read first: other calls move the ledger on while the chain is asked.
        await readDeposit()
        step()
      }
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
        verifyVoucher(separator, voucher, terms.signer)
        await withFreshDeposit(() => {
          const verdict = acceptVoucher(ledger, voucher, cover)
          if (verdict.outcome === 'accepted') {
            channelStore.setVoucher('provider', channelId, voucherBytes, from)
            bearer = from
          } else if (cover !== undefined && from !== bearer) {
            throw new DatanetError('VOUCHER_STALE', { field: 'bearer' })
          }
          ledger = verdict.ledger
        })
      },
      async reserve(callId, maxWei, royaltyPpm) {
        // Refused before anything is answered: its receipt would have no place.
        if (channelStore.hasReceipt('provider', channelId, callId)) {
          throw new DatanetError('CALL_CONFLICT', { callId })
        }
        if (isClosing || now() - readAtMs > freshMs) await readDeposit()
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
          ledger.spentWei + costWei <= ledger.authorisedWei
        )
      },
      deliver(callId, costWei) {
        ledger = recordDelivery(ledger, callId, costWei)
      },
      finish(callId, body) {
        const call = ledger.calls.get(callId)
        const royaltyPpm = call?.royaltyPpm ?? 0
        const signed = signer.sign({ ...body, channelId, seq: issued })
        const leaf = receiptLeaf(signed.body)
        const next = appendLeaves(accumulator, leaf)
        const finished = finishCall(ledger, callId, { receiptsRoot: accumulatorRoot(next) })
        keep(signed, leaf, peer, royaltyPpm)
        ledger = finished
        accumulator = next
        issued += 1
        return signed
      }
    }
  }

  function keep(signed: SignedReceipt, leaf: Uint8Array, peer: string, royaltyPpm: number): void {
    const { receipt } = signed
    const isNew = channelStore.addReceipt({
      side: 'provider',
      callId: Buffer.from(receipt.callId).toString('hex'),
      channelId: receipt.channelId,
      seq: receipt.seq,
      peer,
      priceWei: receipt.priceWei,
      royaltyPpm,
      leaf,
      bytes: encodeReceipt(signed)
    })
    if (!isNew) throw new DatanetError('CALL_CONFLICT', { seq: receipt.seq })
  }

  return {
    open(termsBytes, payment, peer) {
      const terms = fromWire(termsSchema, decodeCanonical(termsBytes))
      const channelId = verifyTerms(terms, payment, { chainId, escrow })
      const known = channels.get(channelId)
      if (known !== undefined) return known
      const loading = load(channelId, terms, termsBytes, peer)
      channels.set(channelId, loading)
      loading.catch(() => channels.delete(channelId))
      return loading
    },
    free(body) {
      const signed = signer.sign({ ...body, channelId: NO_CHANNEL, seq: 0 })
      keep(signed, receiptLeaf(signed.body), 'anyone', 0)
      return signed
    }
  }
}
