import type { TypedDomain, TypedStruct } from '../base/typed-data.ts'
import { hashWords, hexWord } from '../channel/words.ts'

/** What the auditor's curators sign to end a pending drop. specs/09-reward.md §Veto */
export const DROP_VETO: TypedStruct = {
  name: 'DropVeto',
  fields: [
    { name: 'pool', type: 'bytes32' },
    { name: 'dropSeq', type: 'uint64' },
    { name: 'root', type: 'bytes32' }
  ]
}

/** What the auditor's curators sign to post for a silent operator. specs/09-reward.md §Silence */
export const DROP_POST: TypedStruct = {
  name: 'DropPost',
  fields: [
    { name: 'pool', type: 'bytes32' },
    { name: 'dropSeq', type: 'uint64' },
    { name: 'root', type: 'bytes32' },
    { name: 'totalWei', type: 'uint256' },
    { name: 'drop', type: 'bytes32' }
  ]
}

/** The EIP-712 domain of vetoes and posts at one pool contract. */
export function poolDomain(chainId: number | bigint, contract: string): TypedDomain {
  return {
    name: 'datanet.RewardPool',
    version: '1',
    chainId: BigInt(chainId),
    verifyingContract: contract
  }
}

/** The pool of one operator, auditor and token, as a lowercase 0x hash. */
export function poolIdOf(pool: {
  readonly operator: string
  readonly auditor: string
  readonly token: string
}): string {
  const words = [hexWord(pool.operator), hexWord(pool.auditor), hexWord(pool.token)]
  return `0x${Buffer.from(hashWords(...words)).toString('hex')}`
}
