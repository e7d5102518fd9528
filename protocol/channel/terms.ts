import { z } from 'zod'
import { field } from '../base/schema.ts'
import { type TypedDomain, type TypedStruct, typedDigest } from '../base/typed-data.ts'
import type { Payment } from '../model/offer.ts'

const ZERO_ADDRESS = `0x${'0'.repeat(40)}`
const party = field.address.refine((address) => address !== ZERO_ADDRESS, 'not the zero address')

/** The wire form of terms. specs/07-channel.md §Terms */
export const termsSchema = z.strictObject({
  /** Whose deposit it is and who gets the rest back. */
  payer: party,
  /** The key that signs vouchers: the payer's own or a session key. */
  signer: party,
  /** Who is paid. */
  operator: party,
  /** The provider's key that signs receipts on this channel. */
  receiptSigner: party,
  /** Chain key of the Datanet whose curators may veto drops of the royalties. */
  auditor: field.hash,
  token: field.address,
  /** Seconds between a payer's wish to withdraw and the withdrawal. */
  withdrawDelayS: z.int().min(1).max(2_592_000),
  /** Makes two channels of the same parties differ. */
  salt: field.hash
})

/** What payer and provider fixed when the channel was opened; its hash is the channel's id. */
export type Terms = z.output<typeof termsSchema>

/** The EIP-712 struct of terms, as the escrow hashes it. */
export const TERMS: TypedStruct = {
  name: 'Terms',
  fields: [
    { name: 'payer', type: 'address' },
    { name: 'signer', type: 'address' },
    { name: 'operator', type: 'address' },
    { name: 'receiptSigner', type: 'address' },
    { name: 'auditor', type: 'bytes32' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelayS', type: 'uint32' },
    { name: 'salt', type: 'bytes32' }
  ]
}

/** The EIP-712 domain of terms, vouchers and receipts of one escrow. specs/03-signatures.md §Domains */
export function escrowDomain(chainId: number | bigint, escrow: string): TypedDomain {
  return {
    name: 'datanet.ChannelEscrow',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: escrow
  }
}

/** The channel's id, a lowercase 0x hash: the EIP-712 digest of its terms in the escrow's domain. */
export function channelIdOf(domain: TypedDomain, terms: Terms): string {
  return `0x${Buffer.from(typedDigest(domain, TERMS, { ...terms })).toString('hex')}`
}

/** The terms that an offer's payment asks of a payer. `salt` is 32 fresh bytes in 0x text. */
export function termsFromOffer(
  payment: Payment,
  payer: { readonly payer: string; readonly signer: string; readonly salt: string }
): Terms {
  const { operator, receiptSigner, auditor, token, withdrawDelayS } = payment
  const { payer: account, signer, salt } = payer
  return { payer: account, signer, operator, receiptSigner, auditor, token, withdrawDelayS, salt }
}
