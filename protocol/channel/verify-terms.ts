import { DatanetError } from '../base/errors.ts'
import type { Payment } from '../model/offer.ts'
import { channelIdOf, escrowDomain, type Terms } from './terms.ts'

const ZERO_ADDRESS = `0x${'0'.repeat(40)}`

/** The chain and escrow that the caller works on. */
interface Place {
  readonly chainId: number | bigint
  readonly escrow: string
}

/**
 * The id of the channel that `terms` open under the payment of an offer. Refuses as refuseTerms does.
 * specs/07-channel.md §Terms
 */
export function verifyTerms(terms: Terms, payment: Payment, chain: Place = payment): string {
  refuseTerms(terms, payment, chain)
  return channelIdOf(escrowDomain(payment.chainId, payment.escrow), terms)
}

/**
 * Refuses another chain or escrow than the payment's (CHAIN_MISMATCH) and any term that the payment
 * fixes otherwise (TERMS_MISMATCH); `details.field` names it. specs/07-channel.md §Terms
 */
export function refuseTerms(terms: Terms, payment: Payment, chain: Place): void {
  if (BigInt(chain.chainId) !== BigInt(payment.chainId)) {
    throw new DatanetError('CHAIN_MISMATCH', { field: 'chainId' })
  }
  if (chain.escrow !== payment.escrow) {
    throw new DatanetError('CHAIN_MISMATCH', { field: 'escrow' })
  }
  for (const name of ['operator', 'receiptSigner', 'auditor', 'token', 'withdrawDelayS'] as const) {
    if (terms[name] !== payment[name]) throw new DatanetError('TERMS_MISMATCH', { field: name })
  }
  for (const name of ['payer', 'signer'] as const) {
    if (terms[name] === ZERO_ADDRESS) throw new DatanetError('TERMS_MISMATCH', { field: name })
  }
}
