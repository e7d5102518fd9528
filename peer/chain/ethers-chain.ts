import { DatanetError } from '../../protocol/base/errors.ts'
import type { Chain, ChainContracts, WaitOptions } from './chain.ts'
import { createBond } from './ethers/bond.ts'
import { createBounties } from './ethers/bounties.ts'
import { createCoinToken } from './ethers/coin-token.ts'
import { createCoins } from './ethers/coins.ts'
import { createEscrow } from './ethers/escrow.ts'
import { createPool } from './ethers/pool.ts'
import { createReader } from './ethers/reader.ts'
import { createRegistry } from './ethers/registry.ts'
import { createSender } from './ethers/sender.ts'
import { createToken } from './ethers/token.ts'
import { createHttpRpc, type Rpc } from './rpc.ts'
import { isCoin } from './token.ts'

/** What a chain is reached by and who signs; numbers have defaults that suit the endpoint. */
export interface EthersChainInit {
  /** A JSON-RPC endpoint, or the chain of this process. */
  readonly rpc: string | Rpc
  readonly contracts: ChainContracts
  /** 32 bytes; the account that signs and pays gas for writes. */
  readonly secretKey: Uint8Array
  /** Blocks that must carry a write before it counts, its own included; default 1. */
  readonly confirmations?: number
  /** Where the deployment's events begin; default 0. */
  readonly fromBlock?: number
  readonly pollMs?: number
  /** How long one request may take; default 20 s. */
  readonly timeoutMs?: number
  /** How long a sent transaction may wait for inclusion; default 120 s. */
  readonly inclusionMs?: number
}

const LOOPBACK_POLL_MS = 15
const REMOTE_POLL_MS = 1_000
/** Of each block that must follow a write. */
const SLOW_BLOCK_MS = 15_000

/** The chain behind `init.rpc`. Nothing is sent until it is used; the first use checks the chain id. */
export function createEthersChain(init: EthersChainInit): Chain {
  const { contracts } = init
  const closing = new AbortController()
  const endpoint = typeof init.rpc === 'string' ? new URL(init.rpc) : undefined
  const near = endpoint === undefined || /^(127\.|localhost$|\[::1\]$)/.test(endpoint.hostname)
  const outer: Rpc =
    typeof init.rpc === 'string'
      ? createHttpRpc({
          url: init.rpc,
          ...(init.timeoutMs === undefined ? {} : { timeoutMs: init.timeoutMs })
        })
      : init.rpc

  /** One signal of the caller and of close(), so that nothing outlives this object. */
  const request: Rpc = (method, params, options = {}) => outer(method, params, joined(options))

  function joined(options: WaitOptions): { signal: AbortSignal } {
    const { signal } = options
    return {
      signal: signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal])
    }
  }

  let checked: Promise<void> | undefined
  async function checkOnce(): Promise<void> {
    const chainId = BigInt((await request('eth_chainId', [])) as string)
    if (chainId === contracts.chainId) return
    throw new DatanetError('CHAIN_WRONG', {
      expected: contracts.chainId.toString(),
      served: chainId.toString(),
      ...(endpoint === undefined ? {} : { host: endpoint.host })
    })
  }
  function check(): Promise<void> {
    checked ??= checkOnce().catch((error: unknown) => {
      checked = undefined
      throw error
    })
    return checked
  }
  const rpc: Rpc = async (method, params, options = {}) => {
    await orAborted(check, options)
    return request(method, params, options)
  }

  const sender = createSender({
    rpc,
    secretKey: init.secretKey,
    chainId: contracts.chainId,
    confirmations: init.confirmations ?? 1,
    pollMs: init.pollMs ?? (near ? LOOPBACK_POLL_MS : REMOTE_POLL_MS),
    inclusionMs: init.inclusionMs ?? 120_000 + (init.confirmations ?? 1) * SLOW_BLOCK_MS,
    closed: closing.signal
  })
  const fromBlock = init.fromBlock ?? 0
  const sendCoins = createCoins(rpc, sender)
  return {
    contracts,
    account: sender.account,
    registry: createRegistry(contracts.registry, rpc, sender, fromBlock),
    escrow: createEscrow(contracts.escrow, rpc, sender, fromBlock),
    pool: createPool(contracts.pool, rpc, sender, fromBlock),
    bond: createBond(contracts.bond, rpc, sender, fromBlock),
    bounty: createBounties(contracts.bounty, rpc, sender),
    token: isCoin(contracts.token)
      ? createCoinToken(rpc, sendCoins)
      : createToken(contracts.token, rpc, sender, contracts.chainId),
    reader: createReader(contracts, rpc),
    transactions: sender,
    check: (options = {}) => orAborted(check, options),
    async nowMs(options) {
      const block = (await rpc('eth_getBlockByNumber', ['latest', false], options)) as {
        timestamp: string
      }
      return Number(block.timestamp) * 1000
    },
    async blockNumber(options) {
      return Number(await rpc('eth_blockNumber', [], options))
    },
    async gasBalanceOf(account, options) {
      return BigInt((await rpc('eth_getBalance', [account, 'latest'], options)) as string)
    },
    sendCoins,
    close() {
      closing.abort(
        new DatanetError('CHAIN_UNREACHABLE', {}, { hint: 'the chain was closed here' })
      )
    }
  }
}

/** Shared work that each caller can leave: the work itself goes on for the others. */
function orAborted(work: () => Promise<void>, { signal }: WaitOptions): Promise<void> {
  if (signal === undefined) return work()
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const leave = (): void => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave))
  })
}
