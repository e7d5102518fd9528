import type { TypedStruct } from '../base/typed-data.ts'
import { hashWords, hexWord, uintWord } from './words.ts'

const ORDER = [
  { name: 'channelId', type: 'bytes32' },
  { name: 'amountWei', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint64' }
]

/** What a payer signs to have a channel funded by its permit. specs/07-channel.md §Funding */
export const FUND: TypedStruct = { name: 'Fund', fields: ORDER }

/** What a payer signs to have a channel funded from its vault. specs/07-channel.md §Vault */
export const VAULT_FUND: TypedStruct = { name: 'VaultFund', fields: ORDER }

/** What a receipt signer signs to end a channel at its last voucher. specs/07-channel.md §Close */
export const CLOSE: TypedStruct = {
  name: 'Close',
  fields: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cumulativeWei', type: 'uint128' },
    { name: 'royaltyWei', type: 'uint128' },
    { name: 'deadline', type: 'uint64' }
  ]
}

/**
 * The nonce that an EIP-3009 authorization to the escrow must have: it binds channel, amount and salt,
 * so that a copied authorization can fund nothing else. Lowercase 0x. specs/07-channel.md §Funding
 */
export function authorizationNonce(channelId: string, amountWei: bigint, salt: string): string {
  const hash = hashWords(hexWord(channelId), uintWord(amountWei), hexWord(salt))
  return `0x${Buffer.from(hash).toString('hex')}`
}
