import { sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'
import { addressOfPublicKey, publicKeyOf, recoverAddress, secp256k1 } from '../base/secp256k1.ts'
import { hexWord, uintWord, wordsDigest } from '../channel/words.ts'
import { encodeReceiptBody, type Receipt, type SignedReceipt } from './receipt.ts'

const TYPE_HASH = keccak256(Buffer.from('Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)'))

/** Signs receipts of one escrow with one key, without a promise: once per call. */
export interface ReceiptSigner {
  readonly address: string
  sign(receipt: Receipt): SignedReceipt
}

/** What the accumulator holds for a receipt: sha256 of its body. */
export function receiptLeaf(body: Uint8Array): Uint8Array {
  return sha256(body)
}

/** The EIP-712 digest of {channelId, seq, leaf} under the escrow's separator. */
export function receiptDigest(
  domainSeparator: Uint8Array,
  receipt: Pick<Receipt, 'channelId' | 'seq'>,
  leaf: Uint8Array
): Uint8Array {
  const { channelId, seq } = receipt
  return wordsDigest(domainSeparator, TYPE_HASH, hexWord(channelId), uintWord(seq), leaf)
}

/**
 * A signer of receipts for one escrow. `sign` refuses receipts outside the schema
 * (RECORD_MALFORMED); the caller has appended (seq, leaf) durably first.
 */
export function createReceiptSigner(
  domainSeparator: Uint8Array,
  secretKey: Uint8Array
): ReceiptSigner {
  return {
    address: addressOfPublicKey(publicKeyOf(secretKey)),
    sign(receipt) {
      const body = encodeReceiptBody(receipt)
      const digest = receiptDigest(domainSeparator, receipt, receiptLeaf(body))
      return { receipt, body, signature: secp256k1.sign(digest, secretKey) }
    }
  }
}

/** Refuses a receipt that `receiptSigner` (0x address) did not sign (SIGNATURE_INVALID). */
export function verifyReceiptSignature(
  domainSeparator: Uint8Array,
  { receipt, body, signature }: SignedReceipt,
  receiptSigner: string
): void {
  const digest = receiptDigest(domainSeparator, receipt, receiptLeaf(body))
  const signer = recoverAddress(digest, signature)
  if (signer !== receiptSigner) {
    throw new DatanetError('SIGNATURE_INVALID', { struct: 'Receipt', signer, receiptSigner })
  }
}
