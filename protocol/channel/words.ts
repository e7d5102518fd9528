import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'

/**
 * The words of Solidity's abi.encode by hand, for the hashes that are made once per call or once per
 * leaf: static values only, 32 bytes each. specs/03-signatures.md §Words
 */
export type Word = Uint8Array

const DIGEST_PREFIX = Uint8Array.of(0x19, 0x01)

/** The word of a non-negative integer below 2^256. Refuses any other (INPUT_INVALID). */
export function uintWord(value: bigint | number): Word {
  const hex = value.toString(16)
  if (value < 0 || hex.length > 64) throw new DatanetError('INPUT_INVALID', { value: `${value}` })
  return wordOf(hex)
}

/** The word of an address or a 32-byte hash in 0x text. Refuses longer or odd text (INPUT_INVALID). */
export function hexWord(text: string): Word {
  if (!/^0x([0-9a-f]{40}|[0-9a-f]{64})$/.test(text))
    throw new DatanetError('INPUT_INVALID', { text })
  return wordOf(text.slice(2))
}

function wordOf(hex: string): Word {
  const word = new Uint8Array(32)
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`
  word.set(Buffer.from(digits, 'hex'), 32 - digits.length / 2)
  return word
}

/** keccak256 over the words, as bytes. */
export function hashWords(...words: readonly Uint8Array[]): Uint8Array {
  return keccak256(Buffer.concat(words))
}

/** The EIP-712 digest of a struct of static fields: `typeHash` and its words, under a domain. */
export function wordsDigest(
  domainSeparator: Uint8Array,
  typeHash: Uint8Array,
  ...words: readonly Word[]
): Uint8Array {
  return hashWords(DIGEST_PREFIX, domainSeparator, hashWords(typeHash, ...words))
}
