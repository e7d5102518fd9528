import { DatanetError } from '../../protocol/base/errors.ts'
import { createAbsentChain } from './absent-chain.ts'
import type { Chain, ChainContracts } from './chain.ts'
import { createEthersChain } from './ethers-chain.ts'
import { usualConfirmations } from './watch-limits.ts'

/** Which chain a peer was told of: both or neither of the first two. */
export interface ChainInit {
  readonly rpcUrl?: string
  readonly contracts?: ChainContracts
  readonly confirmations?: number
}

/**
 * The chain as `account` uses it; one that refuses every use (CHAIN_MISSING) where none was told of.
 * Refuses one of two without the other (CONFIG_INVALID).
 */
export function chainOf(
  init: ChainInit,
  { address, secretKey }: { readonly address: string; readonly secretKey: Uint8Array }
): Chain {
  const { rpcUrl, contracts } = init
  if (rpcUrl === undefined && contracts === undefined) return createAbsentChain(address)
  if (rpcUrl === undefined || contracts === undefined) {
    const key = rpcUrl === undefined ? 'rpcUrl' : 'contracts'
    const hint = `a chain is told by rpcUrl and contracts together; ${key} is missing`
    throw new DatanetError('CONFIG_INVALID', { key }, { hint })
  }
  const confirmations = confirmationsOf(init, contracts)
  return createEthersChain({ rpc: rpcUrl, contracts, secretKey, confirmations })
}

/** How many blocks must carry what the chain says before it counts: as told, or by the chain's id. */
export function confirmationsOf(
  { confirmations }: Pick<ChainInit, 'confirmations'>,
  { chainId }: Pick<ChainContracts, 'chainId'>
): number {
  return confirmations ?? usualConfirmations(chainId)
}

/** Whether a node is on this machine, so that it may be asked more often. */
export function isNear(rpcUrl = ''): boolean {
  return /^https?:\/\/(127\.|localhost\b|\[::1\])/.test(rpcUrl)
}
