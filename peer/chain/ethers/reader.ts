import { Interface, type InterfaceAbi, type LogDescription } from 'ethers'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { BountyEscrow } from '../../../protocol/contracts/abi/BountyEscrow.ts'
import { ChannelEscrow } from '../../../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../../../protocol/contracts/abi/DatanetRegistry.ts'
import { RewardPool } from '../../../protocol/contracts/abi/RewardPool.ts'
import type { ChainContracts, WaitOptions } from '../chain.ts'
import type { BlockRef, ChainEvent, ChainFact, ChainReader } from '../reader.ts'
import type { Rpc } from '../rpc.ts'
import type { ChainLog } from '../transactions.ts'
import { refusalOf } from './refusal.ts'

interface FoundLog extends ChainLog {
  readonly blockHash: string
  readonly logIndex: string
  readonly removed?: boolean
}

/** A chain with fewer blocks is read from its beginning. */
const SHORT_CHAIN = 5_000

// biome-ignore lint/suspicious/noExplicitAny: decoded by the contract's own ABI, whose names these are
type Args = any
const facts: Readonly<Record<string, (args: Args) => ChainFact>> = {
  ChannelOpened: ({ channelId, depositWei }) => ({ name: 'funded', channelId, depositWei }),
  ChannelFunded: ({ channelId, depositWei }) => ({ name: 'funded', channelId, depositWei }),
  Claimed: ({ channelId, claimedWei, royaltyWei }) => ({
    ...{ name: 'claimed', channelId, claimedWei, royaltyWei }
  }),
  WithdrawStarted: ({ channelId, amountWei, readyAt }) => ({
    ...{ name: 'withdraw-started', channelId, amountWei, readyAtMs: Number(readyAt) * 1_000 }
  }),
  WithdrawFinished: ({ channelId, amountWei }) => ({
    ...{ name: 'withdraw-finished', channelId, amountWei }
  }),
  WithdrawCancelled: ({ channelId }) => ({ name: 'withdraw-cancelled', channelId }),
  ChannelClosed: ({ channelId, claimedWei, royaltyWei }) => ({
    ...{ name: 'closed', channelId, claimedWei, royaltyWei }
  }),
  DropPosted: ({ poolId, dropSeq, root, totalWei, drop, readyAt }) => ({
    ...{ name: 'drop-posted', pool: poolId, dropSeq: Number(dropSeq), root, totalWei, drop },
    readyAtMs: Number(readyAt) * 1_000
  }),
  DropVetoed: (args) => dropFact('drop-vetoed', args),
  DropRefuted: (args) => dropFact('drop-refuted', args),
  DropFinalised: (args) => dropFact('drop-finalised', args),
  BountyFunded: ({ bounty, expiresAt, lockedWei }) => ({
    ...{ name: 'bounty-funded', lock: bounty, expiresAtMs: Number(expiresAt) * 1_000, lockedWei }
  }),
  BountyFilled: ({ bounty, contribution, account, amountWei }) => ({
    ...{ name: 'bounty-filled', lock: bounty, contribution, amountWei },
    account: `${account}`.toLowerCase()
  }),
  BountyRefunded: ({ bounty, amountWei }) => ({
    ...{ name: 'bounty-refunded', lock: bounty, amountWei }
  }),
  RevisionAnchored: ({ datanet, ordinal, revision, parent, contributionsRoot }) => ({
    ...{ name: 'anchored', datanet, ordinal: Number(ordinal) },
    ...{ revision, parent, contributionsRoot }
  })
}

function dropFact(
  name: 'drop-vetoed' | 'drop-refuted' | 'drop-finalised',
  { poolId, dropSeq }: Args
): ChainFact {
  return { name, pool: poolId, dropSeq: Number(dropSeq) }
}

/** A reader of what escrow, pool, registry and bounties say on the chain behind `rpc`. */
export function createReader(contracts: ChainContracts, rpc: Rpc): ChainReader {
  const codecs = new Map(
    [
      [contracts.escrow, ChannelEscrow.abi],
      [contracts.pool, RewardPool.abi],
      [contracts.registry, DatanetRegistry.abi],
      ...(contracts.bounty === undefined ? [] : [[contracts.bounty, BountyEscrow.abi]])
    ].map(([address, abi]) => [address as string, new Interface(abi as unknown as InterfaceAbi)])
  )

  async function ask(
    method: string,
    params: readonly unknown[],
    options: WaitOptions = {}
  ): Promise<unknown> {
    return rpc(method, params, options).catch((error: unknown) => {
      const refused = refusalOf(error, { method })
      // Whatever a node's own words are, here it is a question that it did not answer.
      if (!(refused instanceof DatanetError) || refused.code === 'CHAIN_WRONG') throw refused
      if (refused.code === 'CHAIN_UNREACHABLE') throw refused
      throw new DatanetError('CHAIN_UNREACHABLE', { method, rpcCode: 0 }, { cause: error })
    })
  }

  function eventOf(log: FoundLog): ChainEvent[] {
    let parsed: LogDescription | null | undefined
    try {
      parsed = codecs
        .get(log.address.toLowerCase())
        ?.parseLog({ topics: [...log.topics], data: log.data })
    } catch {
      // Not of these contracts, whatever the node says.
      return []
    }
    const read = parsed === null || parsed === undefined ? undefined : facts[parsed.name]
    if (read === undefined || parsed === null || parsed === undefined) return []
    const block = { number: Number(log.blockNumber), hash: log.blockHash }
    return [{ fact: read(parsed.args.toObject()), block }]
  }

  return {
    head: async (options) => Number(await ask('eth_blockNumber', [], options)),
    async block(number, options) {
      const found = (await ask('eth_getBlockByNumber', [hexOf(number), false], options)) as {
        hash: string
        timestamp: string
      } | null
      if (found === null) return undefined
      const block: BlockRef = {
        number,
        hash: found.hash,
        timeMs: Number(found.timestamp) * 1_000
      }
      return block
    },
    async events(where, options) {
      const range =
        'blockHash' in where
          ? { blockHash: where.blockHash }
          : { fromBlock: hexOf(where.from), toBlock: hexOf(where.to) }
      const logs = (await ask(
        'eth_getLogs',
        [{ address: [...codecs.keys()], ...range }],
        options
      )) as readonly FoundLog[]
      return logs
        .filter(({ removed }) => removed !== true)
        .toSorted(
          (a, b) =>
            Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex)
        )
        .flatMap(eventOf)
    },
    async firstBlock(options) {
      const head = Number(await ask('eth_blockNumber', [], options))
      if (head < SHORT_CHAIN) return 0
      let [low, high] = [0, head]
      try {
        while (low < high) {
          const middle = Math.floor((low + high) / 2)
          const code = await rpc('eth_getCode', [contracts.registry, hexOf(middle)], options)
          if (code === '0x') low = middle + 1
          else high = middle
        }
      } catch (error) {
        options?.signal?.throwIfAborted()
        const refused = refusalOf(error, { method: 'eth_getCode' })
        if (refused instanceof DatanetError && refused.details.rpcCode === undefined) throw refused
        return 0
      }
      return low
    }
  }
}

function hexOf(number: number): string {
  return `0x${number.toString(16)}`
}
