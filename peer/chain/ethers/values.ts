import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Inclusion } from '../chain.ts'
import { isCoin } from '../token.ts'
import type { Sent } from './sender.ts'

/** The two words of a compact signature. Refuses another length (SIGNATURE_INVALID). */
export function splitSignature(signature: Uint8Array): { r: string; vs: string } {
  if (signature.byteLength !== 64) {
    throw new DatanetError('SIGNATURE_INVALID', { bytes: signature.byteLength })
  }
  const hex = Buffer.from(signature).toString('hex')
  return { r: `0x${hex.slice(0, 64)}`, vs: `0x${hex.slice(64)}` }
}

/** What a caller learns of every write. */
export function inclusionOf({ txHash, blockNumber, gasUsed }: Sent): Inclusion {
  return { txHash, blockNumber, gasUsed }
}

/** The coins that go along with a payment in `token`: none unless it is the chain's own (address zero). */
export function coinsFor(token: string, amountWei: bigint): { valueWei?: bigint } {
  return isCoin(token) ? { valueWei: amountWei } : {}
}

/** The parts of a compact signature in the long form that tokens take. */
export function longSignature(signature: Uint8Array): { v: bigint; r: string; s: string } {
  const { r, vs } = splitSignature(signature)
  const word = BigInt(vs)
  const s = word & ((1n << 255n) - 1n)
  return { v: 27n + (word >> 255n), r, s: `0x${s.toString(16).padStart(64, '0')}` }
}
