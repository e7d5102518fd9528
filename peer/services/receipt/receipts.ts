import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord } from '../../../protocol/base/schema.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain, termsSchema } from '../../../protocol/channel/terms.ts'
import { verifyOffer } from '../../../protocol/model/offer.ts'
import type { DocumentSource } from '../../../protocol/net/document-server.ts'
import { verifyCredits } from '../../../protocol/receipt/attribution.ts'
import { decodeReceipt, type Receipt } from '../../../protocol/receipt/receipt.ts'
import { verifyReceiptSignature } from '../../../protocol/receipt/receipt-signature.ts'
import type { Citation } from '../../api/models-api.ts'
import type { ReceiptSummary, ReceiptsApi } from '../../api/money-api.ts'
import type { StoredReceipt } from '../../store/channels.ts'
import type { Parts } from '../parts.ts'
import type { Revisions } from '../revision/revisions.ts'
import type { Bonds } from './bonds.ts'
import type { Equivocations } from './equivocations.ts'
import { explain } from './explaining.ts'
import { createKeptAnswers } from './kept-answers.ts'
import { recompute } from './recomputing.ts'
import { createRevisionTexts } from './revision-texts.ts'

/** The receipts this peer keeps, of calls it made and calls it answered. specs/08-receipt.md */
export function createReceipts(
  parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet'>,
  evidence: Pick<Equivocations, 'list' | 'report'>,
  revisions: Pick<Revisions, 'read'>
): Omit<ReceiptsApi, keyof Bonds> {
  const { channelStore, chain, wallet } = parts
  const answers = createKeptAnswers(parts)
  const texts = createRevisionTexts(revisions)

  function stored(callId: string) {
    const receipt = channelStore.receipt(callId)
    if (receipt === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { callId })
    return receipt
  }

  /**
   * Who must have signed a receipt, and in which escrow's domain: by the offer that a caller took, by
   * the channel's terms, or for a free call that was answered here by this peer's own account.
   */
  async function signedBy({ side, channelId }: StoredReceipt, receipt: Receipt) {
    const taken = side === 'payer' ? channelStore.offer(receipt.offer.toString()) : undefined
    if (taken !== undefined) {
      const { offer, cid } = await verifyOffer(taken)
      if (!cid.equals(receipt.offer)) throw new DatanetError('CID_MISMATCH', { cid: `${cid}` })
      const { chainId, escrow, receiptSigner } = offer.payment
      return { separator: domainSeparator(escrowDomain(chainId, escrow)), receiptSigner }
    }
    const channel = channelStore.channel(side, channelId)
    const { chainId, escrow } = chain.contracts
    const { receiptSigner } =
      channel === undefined
        ? { receiptSigner: wallet.own.address }
        : decodeRecord(termsSchema, channel.terms)
    return { separator: domainSeparator(escrowDomain(chainId, escrow)), receiptSigner }
  }

  return {
    async list() {
      // A call of this peer to itself is kept on both sides, and is one receipt all the same.
      const once = new Map<string, Receipt>()
      for (const { callId, bytes } of channelStore.receipts()) {
        const { receipt } = decodeReceipt(bytes)
        once.set(`${callId} ${receipt.attempt} ${receipt.provider}`, receipt)
      }
      return [...once.values()].map(describeReceipt)
    },
    async show(callId) {
      return describeReceipt(decodeReceipt(stored(callId).bytes).receipt)
    },
    evidence: evidence.list,
    report: evidence.report,
    async verify(callId) {
      const kept = stored(callId)
      const signed = decodeReceipt(kept.bytes)
      verifyCredits(signed.receipt.credits)
      const { separator, receiptSigner } = await signedBy(kept, signed.receipt)
      verifyReceiptSignature(separator, signed, receiptSigner)
      const { receipt } = signed
      const said = answers.of(callId)
      const ground = said === undefined ? undefined : await texts.groundOf(receipt, said)
      const checks = await recompute(receipt, said, () => texts.read(ground))
      const signature = { what: 'signature' as const, holds: true }
      return { ...describeReceipt(receipt), checks: [signature, ...checks], ...ground }
    },
    async explain(callId) {
      const { receipt } = decodeReceipt(stored(callId).bytes)
      const said = answers.of(callId)
      if (said === undefined) {
        const hint = 'of this call only the receipt is kept here, not what was asked and answered'
        throw new DatanetError('RECEIPT_UNKNOWN', { callId }, { hint })
      }
      return { receipt: describeReceipt(receipt), ...explain(receipt, said) }
    }
  }
}

/**
 * `source`, and by name, not listed: the receipts of the calls that `peerId`, this peer, answered, and
 * the offers they were made under, each by its own CID; and by CID alone earlier anchored revisions.
 * specs/05-network.md §Names
 */
export function showReceipts(
  source: DocumentSource,
  { channelStore, datanetStore, peerId }: Pick<Parts, 'channelStore' | 'datanetStore' | 'peerId'>
): DocumentSource {
  return {
    async byCid(cid) {
      // Cards name revisions that are not the newest any more.
      return (await source.byCid(cid)) ?? datanetStore.anchoredRevision(cid.toString())
    },
    newest({ issuer, kind, id }) {
      const own =
        issuer !== peerId
          ? undefined
          : kind === 'receipt'
            ? channelStore.receipt(id, 'provider')?.bytes
            : kind === 'offer'
              ? channelStore.offer(id)
              : undefined
      return own ?? source.newest({ issuer, kind, id })
    },
    catalogue: () => source.catalogue()
  }
}

/** A receipt as the faces show it. */
export function describeReceipt(receipt: Receipt): ReceiptSummary {
  return {
    callId: Buffer.from(receipt.callId).toString('hex'),
    channelId: receipt.channelId,
    seq: receipt.seq,
    model: receipt.model.toString(),
    provider: receipt.provider,
    outcome: receipt.outcome,
    inputTokens: receipt.usage.inputTokens,
    outputTokens: receipt.usage.outputTokens,
    priceWei: receipt.priceWei,
    royaltyWei: receipt.royaltyWei,
    method: receipt.method,
    credits: receipt.credits,
    finishedAtMs: receipt.finishedAtMs
  }
}

/** The end of an answer as the faces show it. */
export function describeEnd(
  receipt: Receipt,
  citations: ReadonlyArray<{ contribution: string; title: string; sourceUrl?: string | undefined }>
): { receipt: ReceiptSummary; citations: Citation[] } {
  return {
    receipt: describeReceipt(receipt),
    citations: citations.map(({ sourceUrl, ...citation }, i) => ({
      mark: i + 1,
      ...citation,
      ...(sourceUrl === undefined ? {} : { sourceUrl })
    }))
  }
}
