import { verifyMessage } from 'ethers'

/**
 * Whether the key of `address` signed `text` the way wallets sign texts for people (EIP-191,
 * `personal_sign`). What is no signature is none of theirs.
 */
export function isTextSignedBy(address: string, text: string, signature: string): boolean {
  try {
    return verifyMessage(text, signature).toLowerCase() === address.toLowerCase()
  } catch {
    return false
  }
}
