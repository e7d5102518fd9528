import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { isDatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { formatWei } from '../../protocol/base/units.ts'
import type { ChainContracts } from '../chain/chain.ts'
import { createEthersChain } from '../chain/ethers-chain.ts'
import { createHttpRpc } from '../chain/rpc.ts'
import { isCoin } from '../chain/token.ts'
import { createNode } from '../net/node.ts'
import { type Finding, fine, warning, wrong } from './finding.ts'

const CHAIN_MS = 5_000
const DIAL_MS = 5_000
/** A public chain has a block every few seconds; one that is older says that something stands still. */
const OLD_BLOCK_MS = 900_000

/**
 * Whether the chain answers, is the one that is meant, holds the contracts, whether `account` can pay
 * there, and whether this machine's clock, `nowMs`, fits its newest block.
 */
export async function checkChain(
  { rpcUrl, contracts }: { readonly rpcUrl: string; readonly contracts: ChainContracts },
  account: string | undefined,
  nowMs: number
): Promise<readonly Finding[]> {
  const { host, hostname } = new URL(rpcUrl)
  const rpc = createHttpRpc({ url: rpcUrl, timeoutMs: CHAIN_MS })
  // It only reads: any key will do.
  const secretKey = new Uint8Array(32).fill(1)
  const chain = createEthersChain({ rpc: rpcUrl, contracts, secretKey, timeoutMs: CHAIN_MS })
  try {
    await chain.check()
    const empty: string[] = []
    for (const name of ['registry', 'escrow', 'pool', 'token'] as const) {
      if (isCoin(contracts[name])) continue
      if ((await rpc('eth_getCode', [contracts[name], 'latest'])) === '0x') empty.push(name)
    }
    const blockMs = await chain.nowMs()
    const isPublic = !/^(127\.|localhost$|\[::1\]$)/.test(hostname)
    const clock = checkClock({ blockMs, nowMs, isPublic })
    if (empty.length > 0) {
      const text = `chain ${contracts.chainId} at ${host} has no contract as ${empty.join(', ')}`
      const todo = 'correct contracts, or put them there with datanet chain deploy'
      return [wrong('chain', text, todo), clock]
    }
    const answered = fine('chain', `${contracts.chainId} answers at ${host}, with the contracts`)
    if (account === undefined) return [answered, clock]
    const { symbol, decimals } = await chain.token.describe()
    const gasWei = await chain.gasBalanceOf(account)
    const held = formatWei(await chain.token.balanceOf(account), symbol, decimals)
    const text = `${account} holds ${held} and ${formatWei(gasWei)} of the chain’s coin for gas`
    const isPoor = gasWei === 0n || held === `0 ${symbol}`
    const todo = `to pay, send ${gasWei === 0n ? 'coins of the chain' : symbol} to this account`
    return [answered, isPoor ? warning('account', text, todo) : fine('account', text), clock]
  } catch (error) {
    if (!isDatanetError(error)) throw error
    const { served } = error.details
    const todo =
      error.code === 'CHAIN_WRONG'
        ? 'correct rpcUrl or contracts.chainId'
        : 'start it, or correct rpcUrl; a devnet ends with the terminal it runs in'
    const text =
      served === undefined
        ? `${host} does not answer as a chain`
        : `${host} serves chain ${served}, not ${contracts.chainId}`
    return [wrong('chain', text, todo)]
  } finally {
    chain.close()
  }
}

/** Whether this machine's clock fits the chain's: records and offers are dated by it. */
export function checkClock(init: {
  readonly blockMs: number
  readonly nowMs: number
  readonly isPublic: boolean
}): Finding {
  const { blockMs, nowMs, isPublic } = init
  const aheadMs = blockMs - nowMs
  if (aheadMs > LIMITS.clockSkewMs) {
    const text = `this machine's clock is ${minutes(aheadMs)} behind the chain's`
    return wrong('clock', text, 'set it, or have it set by the network (NTP)')
  }
  if (isPublic && -aheadMs > OLD_BLOCK_MS) {
    const text = `the newest block is ${minutes(-aheadMs)} old: this clock is ahead, or the endpoint behind`
    return warning('clock', text, 'compare the clock with another one, then the endpoint')
  }
  return fine('clock', 'fits the newest block')
}

/** Whether the peers to join by can be dialled, and are who their addresses say. */
export async function checkBootstrap(addresses: readonly string[]): Promise<Finding> {
  if (addresses.length === 0) {
    return fine('bootstrap', 'none: others join by this peer, or it stays alone')
  }
  const node = await createNode({
    privateKey: await generateKeyPair('Ed25519'),
    bootstrap: [],
    listen: [],
    dht: false
  })
  try {
    const silent = (await Promise.all(addresses.map((address) => failed(address)))).flat()
    if (silent.length === 0) return fine('bootstrap', `${addresses.length} answered`)
    const text = `no answer from ${silent.join(' ')}`
    const todo = 'correct the address, or ask its operator'
    const isAlone = silent.length === addresses.length
    return isAlone ? wrong('bootstrap', text, todo) : warning('bootstrap', text, todo)
  } finally {
    await node.stop()
  }

  async function failed(address: string): Promise<string[]> {
    try {
      await node.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_MS) })
      return []
    } catch {
      return [address]
    }
  }
}

function minutes(ms: number): string {
  return ms > 7_200_000
    ? `${Math.round(ms / 3_600_000)} hours`
    : `${Math.round(ms / 60_000)} minutes`
}
