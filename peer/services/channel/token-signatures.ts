import type { TypedStruct } from '../../../protocol/base/typed-data.ts'

/** What an owner signs so that somebody may take from it. ERC-2612 */
export const PERMIT: TypedStruct = {
  name: 'Permit',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' }
  ]
}

/** What an owner signs so that the receiver, and nobody else, may take one payment. EIP-3009 */
export const RECEIVE_WITH_AUTHORIZATION: TypedStruct = {
  name: 'ReceiveWithAuthorization',
  fields: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' }
  ]
}
