import { digestOf } from '../base/codec.ts'
import { type TypedDomain, type TypedStruct, typedDigest } from '../base/typed-data.ts'
import type { SignedBounty } from './bounty.ts'

/** What names money that is locked for a question. specs/04-datanet.md §Lock */
export const LOCK: TypedStruct = {
  name: 'Lock',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'question', type: 'bytes32' },
    { name: 'token', type: 'address' },
    { name: 'expiresAt', type: 'uint64' }
  ]
}

/** What a curator signs to have a lock paid out. specs/04-datanet.md §Fill */
export const FILL: TypedStruct = {
  name: 'Fill',
  fields: [
    { name: 'lock', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'account', type: 'address' }
  ]
}

/** The terms of a lock: hashes and addresses are lowercase 0x strings. */
export interface Lock {
  /** The Datanet's chain key. */
  readonly datanet: string
  /** Digest of the bounty's CID. */
  readonly question: string
  readonly token: string
  /** By the chain's clock, in seconds. */
  readonly expiresAtS: number
}

/** The EIP-712 domain of locks and fills of one contract. specs/03-signatures.md §Domains */
export function bountyDomain(chainId: number | bigint, escrow: string): TypedDomain {
  return {
    name: 'datanet.BountyEscrow',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: escrow
  }
}

/** The id of a lock, a lowercase 0x hash: the digest of its terms in the contract's domain. */
export function lockIdOf(domain: TypedDomain, { expiresAtS, ...lock }: Lock): string {
  const digest = typedDigest(domain, LOCK, { ...lock, expiresAt: expiresAtS })
  return `0x${Buffer.from(digest).toString('hex')}`
}

/** The lock that pays for `bounty` in `token`, under the Datanet's chain key. specs/04-datanet.md §Lock */
export function lockFor(
  { bounty, cid }: Pick<SignedBounty, 'bounty' | 'cid'>,
  { datanetKey, token }: { readonly datanetKey: string; readonly token: string }
): Lock {
  return {
    datanet: datanetKey,
    question: `0x${Buffer.from(digestOf(cid)).toString('hex')}`,
    token,
    expiresAtS: bounty.expiresAtMs / 1_000
  }
}
