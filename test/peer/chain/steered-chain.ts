import type { Chain, ChainContracts } from '../../../peer/chain/chain.ts'
import { deployContracts } from '../../../peer/chain/deploy.ts'
import { createEvm } from '../../../peer/chain/embedded/edr.ts'
import { createEthersChain } from '../../../peer/chain/ethers-chain.ts'
import type { Rpc } from '../../../peer/chain/rpc.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { keySigner } from '../../../protocol/base/typed-data.ts'
import { keyOf } from './devnet.ts'

/** An EVM whose blocks, clock, forks and silences are a test's own; no time passes by itself. */
export interface SteeredChain {
  readonly rpc: Rpc
  readonly contracts: ChainContracts
  /** By the chain's clock. */
  readonly timeS: number
  /** An account with coins and tokens that has approved the escrow, on this chain. */
  account(name: string): Promise<Chain>
  /** Empty blocks. */
  mine(blocks?: number): Promise<void>
  /** Moves the clock and mines a block there. */
  pass(seconds: number): Promise<void>
  /** A point to come back to; a fork grows from there with other hashes. */
  snapshot(): Promise<string>
  revert(snapshot: string): Promise<void>
  /** While set, decides about each request: what it throws is what the endpoint answers. */
  refuse: ((method: string, params: readonly unknown[]) => void) | undefined
  /** Whether transactions are mined as they come; else `mine` does it. */
  isMining: boolean
  /** Requests answered so far, by method. */
  readonly asked: Map<string, number>
}

const START_S = 1_800_000_000

/** The endpoint that does not answer. */
export function down(): never {
  throw new DatanetError('CHAIN_UNREACHABLE', { host: 'steered' })
}

export async function createSteeredChain(
  init: { dropDelayS?: number } = {}
): Promise<SteeredChain> {
  const names = ['deployer', 'payer', 'operator', 'tower', 'stranger']
  const rich = names.map((name) => [keySigner(keyOf(name)).address, 10n ** 24n] as const)
  const evm = await createEvm({
    chainId: 31_337n,
    timeS: BigInt(START_S),
    balances: Object.fromEntries(rich)
  })
  let timeS = START_S
  const asked = new Map<string, number>()

  async function mine(): Promise<void> {
    await evm('evm_setNextBlockTimestamp', [`0x${Math.floor(timeS).toString(16)}`])
    await evm('evm_mine', [])
  }

  const steered = {
    contracts: undefined as unknown as ChainContracts,
    asked,
    isMining: true,
    refuse: undefined as SteeredChain['refuse'],
    get timeS() {
      return Math.floor(timeS)
    },
    rpc: (async (method, params, options = {}) => {
      options.signal?.throwIfAborted()
      steered.refuse?.(method, params)
      asked.set(method, (asked.get(method) ?? 0) + 1)
      const answer = await evm(method, params)
      if (method === 'eth_sendRawTransaction' && steered.isMining) await mine()
      return answer
    }) as Rpc,
    async account(name: string) {
      const chain = createEthersChain({
        rpc: steered.rpc,
        contracts: steered.contracts,
        secretKey: keyOf(name),
        pollMs: 1
      })
      const { account } = chain
      if ((await chain.token.balanceOf(account)) === 0n) {
        const { Interface } = await import('ethers')
        const data = new Interface(['function drip(address)']).encodeFunctionData('drip', [account])
        await evm('eth_call', [{ to: steered.contracts.token, data, from: account }, 'latest'])
        await drip(chain, data)
        await chain.token.approve(steered.contracts.escrow, 10n ** 20n)
      }
      return chain
    },
    async mine(blocks = 1) {
      for (let i = 0; i < blocks; i += 1) await mine()
    },
    async pass(seconds: number) {
      timeS += seconds
      await mine()
    },
    snapshot: async () => (await evm('evm_snapshot', [])) as string,
    async revert(snapshot: string) {
      await evm('evm_revert', [snapshot])
      // The same blocks at the same time would be the same chain.
      timeS += 1
    }
  }

  async function drip(chain: Chain, data: string): Promise<void> {
    const { createSender } = await import('../../../peer/chain/ethers/sender.ts')
    const name = names.find((one) => keySigner(keyOf(one)).address === chain.account) as string
    const sender = createSender({
      rpc: steered.rpc,
      secretKey: keyOf(name),
      chainId: 31_337n,
      confirmations: 1,
      pollMs: 1,
      inclusionMs: 5_000
    })
    await sender.send({ to: steered.contracts.token, data, what: 'drip' })
  }

  steered.contracts = await deployContracts({
    rpc: steered.rpc,
    secretKey: keyOf('deployer'),
    dropDelayS: init.dropDelayS ?? 100
  })
  return steered
}
