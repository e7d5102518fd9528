import { DatanetError } from '../base/errors.ts'
import { recoverAddress } from '../base/secp256k1.ts'
import { receiptDigest } from './receipt-signature.ts'

/** A receipt as it is signed: its leaf, its path where it was signed in a group, and the compact signature. */
export interface SignedLeaf {
  /** Lowercase 0x hash. */
  readonly leaf: string
  readonly path?: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** Two receipts for one place in one channel: what a bond is slashed by. specs/09-reward.md §Bond */
export interface Equivocation {
  readonly channelId: string
  readonly seq: number
  readonly a: SignedLeaf
  readonly b: SignedLeaf
}

const FREE = `0x${'0'.repeat(64)}`

/**
 * Refuses a pair that contradicts nothing: one leaf twice, or free calls (RECEIPT_INVALID); and one
 * that `receiptSigner` did not sign both of (SIGNATURE_INVALID).
 */
export function verifyEquivocation(
  domainSeparator: Uint8Array,
  proof: Equivocation,
  receiptSigner: string
): void {
  const { channelId, seq, a, b } = proof
  if (channelId === FREE || a.leaf === b.leaf) {
    throw new DatanetError('RECEIPT_INVALID', { channelId, seq })
  }
  for (const { leaf, path, signature } of [a, b]) {
    const digest = receiptDigest(
      domainSeparator,
      { channelId, seq },
      Buffer.from(leaf.slice(2), 'hex'),
      path
    )
    const signer = recoverAddress(digest, signature)
    if (signer !== receiptSigner) {
      throw new DatanetError('SIGNATURE_INVALID', { struct: 'Receipt', signer, receiptSigner })
    }
  }
}
