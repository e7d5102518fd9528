import { AbiCoder } from 'ethers'
import { DatanetError } from '../../protocol/base/errors.ts'
import { BountyEscrow } from '../../protocol/contracts/abi/BountyEscrow.ts'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../../protocol/contracts/abi/DatanetRegistry.ts'
import { DevnetToken } from '../../protocol/contracts/abi/DevnetToken.ts'
import { ProviderBond } from '../../protocol/contracts/abi/ProviderBond.ts'
import type { ChainContracts, WaitOptions } from './chain.ts'
import { createContract } from './ethers/contract.ts'
import { createSender } from './ethers/sender.ts'
import { describeToken } from './ethers/token.ts'
import { createHttpRpc, type Rpc } from './rpc.ts'
import { isCoin } from './token.ts'

/** What a deployment needs to know. */
export interface DeployInit {
  readonly rpc: string | Rpc
  /** 32 bytes; the account that pays for the deployment and has no power afterwards. */
  readonly secretKey: Uint8Array
  /** Seconds a posted drop stays open to veto: 2 on the devnet, a day or more where money is real. */
  readonly dropDelayS: number
  /** Seconds from start to finish of a vault's withdrawal; an hour, or `dropDelayS` where that is less. */
  readonly vaultDelayS?: number
  /** Seconds from start to finish of a bond's withdrawal; thirty times `dropDelayS` unless given. */
  readonly bondDelayS?: number
  /** An ERC-20 that is there already; without it a DevnetToken is deployed. */
  readonly token?: string
  /** Told of each contract once it is included. */
  readonly onDeployed?: (deployed: DeployedContract) => void
}

/** One contract that was just put on the chain. */
export interface DeployedContract {
  readonly contract: string
  readonly address: string
  readonly gasUsed: bigint
  readonly txHash: string
}

/**
 * Deploys registry, escrow (which brings its pool), bond, bounty contract and, where no token is named,
 * the devnet's own.
 * Refuses like a Chain: CHAIN_UNREACHABLE, FUNDS_INSUFFICIENT, CHAIN_REVERTED, and a token that is
 * none (CHAIN_WRONG) before anything was paid.
 */
export async function deployContracts(
  init: DeployInit,
  options: WaitOptions = {}
): Promise<ChainContracts> {
  const near = typeof init.rpc !== 'string' || new URL(init.rpc).hostname === '127.0.0.1'
  const rpc = typeof init.rpc === 'string' ? createHttpRpc({ url: init.rpc }) : init.rpc
  const chainId = BigInt((await rpc('eth_chainId', [], options)) as string)
  const sender = createSender({
    rpc,
    secretKey: init.secretKey,
    chainId,
    confirmations: 1,
    pollMs: near ? 15 : 1_000,
    inclusionMs: 300_000
  })

  async function deploy(contract: string, data: string): Promise<string> {
    const sent = await sender.send({ data, what: `deploy ${contract}` }, options)
    const { contractAddress: address, gasUsed, txHash } = sent
    if (address === undefined) throw new DatanetError('CHAIN_REVERTED', { contract, txHash })
    init.onDeployed?.({ contract, address, gasUsed, txHash })
    return address
  }

  if (init.token !== undefined && !isCoin(init.token)) {
    await describeToken(init.token, rpc, options)
  }

  // One after another, so that the same key deploys to the same addresses.
  const registry = await deploy('DatanetRegistry', DatanetRegistry.bytecode)
  const token = init.token ?? (await deploy('DevnetToken', DevnetToken.bytecode))
  const { dropDelayS, vaultDelayS = Math.min(dropDelayS, 3_600) } = init
  const escrow = await deploy(
    'ChannelEscrow',
    withArgs(
      ChannelEscrow.bytecode,
      ['address', 'uint64', 'uint64'],
      [registry, dropDelayS, vaultDelayS]
    )
  )
  const bond = await deploy(
    'ProviderBond',
    withArgs(
      ProviderBond.bytecode,
      ['address', 'uint64'],
      [escrow, init.bondDelayS ?? 30 * dropDelayS]
    )
  )
  // Last, so that the addresses of the others stay what they were before there were bounties.
  const bounty = await deploy(
    'BountyEscrow',
    withArgs(BountyEscrow.bytecode, ['address'], [registry])
  )
  const [pool] = await createContract(ChannelEscrow.abi, escrow, rpc).read(
    'rewardPool',
    [],
    options
  )
  const addresses = { registry, escrow, pool: pool.toLowerCase(), bond, bounty }
  return { chainId, ...addresses, token: token.toLowerCase() }
}

function withArgs(bytecode: string, types: string[], values: unknown[]): string {
  return `${bytecode}${AbiCoder.defaultAbiCoder().encode(types, values).slice(2)}`
}
