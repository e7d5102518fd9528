import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import type { SignedOffer } from '../../../protocol/model/offer.ts'
import { refuseUncountable } from '../../../protocol/model/price.ts'

/** Characters a token stands for at most in an honest answer; more of them is padding. */
const TOKEN_CHARACTERS = 64

/** Refuses answers that grow without end or cannot be counted (RECEIPT_INVALID). */
export function refuseEndless(
  call: { readonly signed: SignedOffer; readonly meter: { readonly text: string }; chunks: number },
  chunk: string
): void {
  const { maxOutputTokens } = call.signed.offer
  call.chunks += 1
  const characters = call.meter.text.length + chunk.length
  if (call.chunks > maxOutputTokens || characters > TOKEN_CHARACTERS * maxOutputTokens) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'chunk', characters })
  }
  try {
    refuseUncountable(call.meter.text.slice(-LIMITS.tokenizerRun) + chunk)
  } catch (cause) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'chunk' }, { cause })
  }
}
