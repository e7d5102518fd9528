import { DatanetError } from '../base/errors.ts'
import { partsOf } from '../channel/ledger.ts'
import { commitmentOf, type Receipt, type SignedReceipt } from './receipt.ts'
import { verifyReceiptSignature } from './receipt-signature.ts'

/** Bytes that only the two parties have, with the salt of their commitment. */
interface Salted {
  readonly salt: Uint8Array
  readonly bytes: Uint8Array
}

/** What a caller knows about its own call: from the offer, its request, and what it received. */
export interface ReceiptExpectation
  extends Pick<
    Receipt,
    'callId' | 'attempt' | 'channelId' | 'provider' | 'model' | 'offer' | 'builder'
  > {
  /** Separator of the escrow's domain. */
  readonly domainSeparator: Uint8Array
  /** The address in the terms, or in the offer for a free call. */
  readonly receiptSigner: string
  readonly request: Salted
  /** What was delivered, whole or not. */
  readonly answer: Salted
  /** Counted by the caller itself. */
  readonly usage: Receipt['usage']
  /** Computed by the caller from its usage and the offer's price. */
  readonly priceWei: bigint
  /** Of the offer's policy. */
  readonly royaltyPpm: number
}

/**
 * Refuses a receipt that contradicts the call the caller made (RECEIPT_INVALID, `details.field` names
 * the first contradiction), and one not signed by the receipt signer (SIGNATURE_INVALID). Whether its
 * seq is the next one is the accumulator's concern. specs/08-receipt.md §Checks
 */
export function verifyReceipt(signed: SignedReceipt, expected: ReceiptExpectation): void {
  const { receipt } = signed
  for (const field of ['callId', 'attempt', 'channelId', 'provider', 'model', 'offer'] as const) {
    demand(field, receipt[field], expected[field])
  }
  demand('builder', receipt.builder, expected.builder)
  demand('request', receipt.request, commitmentOf(expected.request.salt, expected.request.bytes))
  demand('answer', receipt.answer, commitmentOf(expected.answer.salt, expected.answer.bytes))
  demand('usage.inputTokens', receipt.usage.inputTokens, expected.usage.inputTokens)
  demand('usage.outputTokens', receipt.usage.outputTokens, expected.usage.outputTokens)
  demand('priceWei', receipt.priceWei, expected.priceWei)
  const { royaltyWei } = partsOf(expected.priceWei, expected.royaltyPpm)
  demand('royaltyWei', receipt.royaltyWei, royaltyWei)
  verifyReceiptSignature(expected.domainSeparator, signed, expected.receiptSigner)
}

function demand(field: string, stated: unknown, expected: unknown): void {
  if (comparable(stated) !== comparable(expected)) {
    throw new DatanetError('RECEIPT_INVALID', { field })
  }
}

function comparable(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)
}
