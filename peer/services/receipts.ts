import { DatanetError } from '../../protocol/base/errors.ts'
import { decodeRecord } from '../../protocol/base/schema.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { escrowDomain, termsSchema } from '../../protocol/channel/terms.ts'
import { verifyCredits } from '../../protocol/receipt/attribution.ts'
import { decodeReceipt, type Receipt } from '../../protocol/receipt/receipt.ts'
import { verifyReceiptSignature } from '../../protocol/receipt/receipt-signature.ts'
import type { ReceiptSummary, ReceiptsApi } from '../api/money-api.ts'
import type { Parts } from './parts.ts'

/** The receipts this peer keeps, of calls it made and calls it answered. specs/08-receipt.md */
export function createReceipts(parts: Pick<Parts, 'channelStore' | 'chain'>): ReceiptsApi {
  const { channelStore, chain } = parts
  const { chainId, escrow } = chain.contracts
  const separator = domainSeparator(escrowDomain(chainId, escrow))

  function stored(callId: string) {
    const receipt = channelStore.receipt(callId)
    if (receipt === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { callId })
    return receipt
  }

  return {
    async list() {
      return channelStore
        .receipts()
        .map(({ bytes }) => describeReceipt(decodeReceipt(bytes).receipt))
    },
    async show(callId) {
      return describeReceipt(decodeReceipt(stored(callId).bytes).receipt)
    },
    async verify(callId) {
      const { bytes, side, channelId } = stored(callId)
      const signed = decodeReceipt(bytes)
      verifyCredits(signed.receipt.credits)
      const channel = channelStore.channel(side, channelId)
      if (channel !== undefined) {
        const { receiptSigner } = decodeRecord(termsSchema, channel.terms)
        verifyReceiptSignature(separator, signed, receiptSigner)
      }
      return describeReceipt(signed.receipt)
    }
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
