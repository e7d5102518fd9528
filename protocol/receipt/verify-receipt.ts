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

/** What a caller knows about a call whose answer it cannot have any more. */
export type ForgottenExpectation = Omit<ReceiptExpectation, 'answer' | 'usage' | 'priceWei'> & {
  readonly inputTokens: number
  /** What it covered: the most that it can owe. */
  readonly coveredWei: bigint
}

/**
 * Refuses a receipt that contradicts the call the caller made (RECEIPT_INVALID, `details.field` names
 * the first contradiction), and one not signed by the receipt signer (SIGNATURE_INVALID). Whether its
 * seq is the next one is the accumulator's concern. specs/08-receipt.md §Checks
 */
export function verifyReceipt(signed: SignedReceipt, expected: ReceiptExpectation): void {
  const { receipt } = signed
  verifyCall(receipt, expected)
  demand('answer', receipt.answer, commitmentOf(expected.answer.salt, expected.answer.bytes))
  demand('usage.inputTokens', receipt.usage.inputTokens, expected.usage.inputTokens)
  demand('usage.outputTokens', receipt.usage.outputTokens, expected.usage.outputTokens)
  verifyPrice(signed, expected.priceWei, expected)
}

/**
 * The same of a receipt whose answer the caller does not have, and which the provider has forgotten:
 * everything but the answer, its tokens, and the price below what was covered. That much was signed
 * for already. specs/07-channel.md §Recovery
 */
export function verifyForgottenReceipt(
  signed: SignedReceipt,
  expected: ForgottenExpectation
): void {
  const { receipt } = signed
  verifyCall(receipt, expected)
  demand('usage.inputTokens', receipt.usage.inputTokens, expected.inputTokens)
  if (receipt.priceWei > expected.coveredWei) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'priceWei' })
  }
  verifyPrice(signed, receipt.priceWei, expected)
}

type CallExpectation = Omit<ReceiptExpectation, 'answer' | 'usage' | 'priceWei'>

function verifyCall(receipt: Receipt, expected: CallExpectation): void {
  for (const field of ['callId', 'attempt', 'channelId', 'provider', 'model', 'offer'] as const) {
    demand(field, receipt[field], expected[field])
  }
  demand('builder', receipt.builder, expected.builder)
  demand('request', receipt.request, commitmentOf(expected.request.salt, expected.request.bytes))
}

function verifyPrice(signed: SignedReceipt, priceWei: bigint, expected: CallExpectation): void {
  const { receipt } = signed
  demand('priceWei', receipt.priceWei, priceWei)
  const { royaltyWei } = partsOf(priceWei, expected.royaltyPpm)
  demand('royaltyWei', receipt.royaltyWei, royaltyWei)
  verifyReceiptSignature(expected.domainSeparator, signed, expected.receiptSigner)
}

function demand(field: string, stated: unknown, expected: unknown): void {
  if (!isSame(stated, expected)) throw new DatanetError('RECEIPT_INVALID', { field })
}

function isSame(stated: unknown, expected: unknown): boolean {
  if (stated === expected) return true
  if (stated instanceof Uint8Array) {
    return expected instanceof Uint8Array && Buffer.compare(stated, expected) === 0
  }
  // Links are equal by their text.
  return String(stated) === String(expected)
}
