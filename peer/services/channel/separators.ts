import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import type { Payment } from '../../../protocol/model/offer.ts'

/**
 * Gives the separator of the escrow that a payment names, hashed once: also a caller without a chain
 * can check its receipts.
 */
export function createSeparators(): (payment: Payment) => Uint8Array {
  const separators = new WeakMap<Payment, Uint8Array>()
  return (payment) => {
    const known = separators.get(payment)
    if (known !== undefined) return known
    const separator = domainSeparator(escrowDomain(payment.chainId, payment.escrow))
    separators.set(payment, separator)
    return separator
  }
}
