import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Inclusion } from '../chain.ts'
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
