import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { isFree, type Offer } from '../../../protocol/model/offer.ts'
import {
  decodeReceipt,
  encodeReceipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import { receiptLeaf, verifyReceiptSignature } from '../../../protocol/receipt/receipt-signature.ts'
import type { EvidenceSummary, ReceiptReport } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { ReceiptPair } from '../../store/evidence.ts'
import type { Parts, SpendingLimits } from '../parts.ts'

/** How long the chain's word that a signer was not convicted holds. */
const CLEAN_MS = 600_000
/** How long a call waits for that word, and how long none is asked for when it does not come. */
const ASK_MS = 1_000
const SILENT_MS = 60_000
const NO_CHANNEL = `0x${'0'.repeat(64)}`

/** What providers signed twice: found, kept, acted upon. */
export interface Equivocations {
  /**
   * Refuses an offer of who signed two receipts for one place, as this peer saw it or as the chain
   * tells it of the receipt signer (RECORD_EQUIVOCATES), and of who has too little at stake
   * (BOND_MISSING).
   */
  refuse(offer: Offer, options?: CallOptions): Promise<void>
  /**
   * Refuses a receipt by the offer's signer for a place that has another one here (RECEIPT_INVALID);
   * the two are kept. `separator` is of the escrow's domain.
   */
  compare(receipt: SignedReceipt, offer: Offer, separator: Uint8Array): void
  list(): Promise<readonly EvidenceSummary[]>
  /** Takes every bond on the signer; refuses RECEIPT_UNKNOWN, and BOND_MISSING where none is left. */
  report(channelId: string, options?: CallOptions): Promise<ReceiptReport>
}

/** Evidence of receipts that contradict each other. specs/08-receipt.md §Checks, specs/09-reward.md §Bond */
export function createEquivocations(
  parts: Pick<Parts, 'evidenceStore' | 'channelStore' | 'chain' | 'wallet' | 'now' | 'log'>,
  { minBondWei = 0n }: Pick<SpendingLimits, 'minBondWei'> = {}
): Equivocations {
  const { evidenceStore, channelStore, chain, wallet, now, log } = parts
  const pairs = evidenceStore.receipts()
  const liars = new Set(pairs.flatMap(({ provider, receiptSigner }) => [provider, receiptSigner]))
  /** Signers that the chain knew nothing of, and until when that is believed. */
  const clean = new Map<string, number>()

  async function isConvictedOnChain(signer: string, options: CallOptions): Promise<boolean> {
    if ((clean.get(signer) ?? 0) > now()) return false
    const late = AbortSignal.timeout(ASK_MS)
    const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late])
    try {
      if (await chain.bond.isConvicted(signer, { signal })) return true
      clean.set(signer, now() + CLEAN_MS)
    } catch (error) {
      options.signal?.throwIfAborted()
      // A chain that does not answer convicts nobody, and must not stop calls that need none.
      if (!isDatanetError(error) && !isAbort(error)) throw error
      clean.set(signer, now() + SILENT_MS)
    }
    return false
  }

  /** Signers that had enough at stake, and until when that is believed. */
  const bonded = new Map<string, number>()

  /** Refuses who has less at stake than this peer asks for, as the chain tells it. */
  async function refuseUnbonded(offer: Offer, options: CallOptions): Promise<void> {
    const { receiptSigner, token } = offer.payment
    if (minBondWei === 0n || isFree(offer) || (bonded.get(receiptSigner) ?? 0) > now()) return
    let stakeWei = 0n
    for (const key of await chain.bond.bondsOn(receiptSigner, options)) {
      if (key.token !== token) continue
      const { stakeWei: heldWei, withdrawal } = await chain.bond.bondOf(key, options)
      // What is on its way out can be gone before two receipts are found.
      stakeWei += heldWei - (withdrawal?.amountWei ?? 0n)
    }
    if (stakeWei < minBondWei) {
      const hint = 'it has less at stake on its receipts than minBondWei asks for'
      const details = { receiptSigner, stakeWei: `${stakeWei}`, minBondWei: `${minBondWei}` }
      throw new DatanetError('BOND_MISSING', details, { hint })
    }
    bonded.set(receiptSigner, now() + CLEAN_MS)
  }

  function refusal(offer: Offer): DatanetError {
    const { provider, payment } = offer
    return new DatanetError(
      'RECORD_EQUIVOCATES',
      { provider, receiptSigner: payment.receiptSigner },
      { hint: 'this provider signed two receipts for one call; it is not called any more' }
    )
  }

  return {
    async refuse(offer, options = {}) {
      const { receiptSigner } = offer.payment
      if (liars.has(offer.provider) || liars.has(receiptSigner)) throw refusal(offer)
      if (await isConvictedOnChain(receiptSigner, options)) {
        liars.add(receiptSigner)
        throw refusal(offer)
      }
      await refuseUnbonded(offer, options)
    },

    compare(signed, offer, separator) {
      const { channelId, seq } = signed.receipt
      if (channelId === NO_CHANNEL) return
      const kept = channelStore.receiptAt('payer', channelId, seq)
      if (kept === undefined) return
      if (Buffer.compare(kept.leaf, receiptLeaf(signed.body)) === 0) return
      const { receiptSigner } = offer.payment
      // Anybody can make up a receipt: it proves something by its signature alone.
      verifyReceiptSignature(separator, signed, receiptSigner)
      evidenceStore.addReceipts({
        ...{ channelId, seq, provider: offer.provider, receiptSigner },
        first: kept.bytes,
        second: encodeReceipt(signed),
        foundAtMs: now()
      })
      liars.add(offer.provider).add(receiptSigner)
      log('evidence', { channelId, seq, provider: offer.provider })
      throw new DatanetError(
        'RECEIPT_INVALID',
        { field: 'seq', seq, channelId },
        { hint: 'two receipts for one place are kept as proof: datanet receipt report' }
      )
    },

    list: async () => evidenceStore.receipts().map(describe),

    async report(channelId, options = {}) {
      const pair = evidenceStore.receipts().find((one) => one.channelId === channelId)
      if (pair === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { channelId })
      await chain.check(options)
      const { seq, receiptSigner } = pair
      const [a, b] = [leafOf(pair.first), leafOf(pair.second)]
      const reporter = wallet.own.address
      const txHashes: string[] = []
      let [rewardWei, takenWei] = [0n, 0n]
      for (const key of await chain.bond.bondsOn(receiptSigner, options)) {
        const { stakeWei } = await chain.bond.bondOf(key, options)
        if (stakeWei === 0n) continue
        const done = await chain.bond.slash(key, { channelId, seq, a, b }, reporter, options)
        txHashes.push(done.txHash)
        rewardWei += done.rewardWei
        takenWei += stakeWei
        evidenceStore.setReported(channelId, rewardWei)
      }
      if (txHashes.length === 0) throw new DatanetError('BOND_MISSING', { receiptSigner })
      return { channelId, provider: pair.provider, takenWei, rewardWei, txHashes }
    }
  }
}

function leafOf(bytes: Uint8Array) {
  const { body, path, signature } = decodeReceipt(bytes)
  const leaf = `0x${Buffer.from(receiptLeaf(body)).toString('hex')}`
  return { leaf, ...(path === undefined ? {} : { path }), signature }
}

function describe(pair: ReceiptPair): EvidenceSummary {
  const callIds = [pair.first, pair.second].map((bytes) =>
    Buffer.from(decodeReceipt(bytes).receipt.callId).toString('hex')
  )
  const { channelId, seq, provider, receiptSigner, foundAtMs, reportedWei } = pair
  return {
    ...{ channelId, seq, provider, receiptSigner, callIds, foundAtMs },
    ...(reportedWei === undefined ? {} : { reportedWei })
  }
}
