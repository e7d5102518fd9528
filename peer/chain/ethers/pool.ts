import { AbiCoder, keccak256 } from 'ethers'
import { RewardPool } from '../../../protocol/contracts/abi/RewardPool.ts'
import type { PoolContract, PoolKey } from '../pool.ts'
import type { Rpc } from '../rpc.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { inclusionOf, splitSignature } from './values.ts'

const ZERO_HASH = `0x${'00'.repeat(32)}`

/** RewardPool at `address`, written to through `sender`; events are searched from `fromBlock` on. */
export function createPool(
  address: string,
  rpc: Rpc,
  sender: Sender,
  fromBlock: number
): PoolContract {
  const contract = createContract(RewardPool.abi, address, rpc)
  return {
    poolId: idOf,
    async delayMs(options) {
      const [delayS] = await contract.read('delayS', [], options)
      return Number(delayS) * 1000
    },
    async state(key, options) {
      const [pool] = await contract.read('pool', [idOf(key)], options)
      const final = { root: pool.root, totalWei: pool.totalWei, drop: pool.drop }
      const pending = {
        root: pool.pendingRoot,
        totalWei: pool.pendingTotalWei,
        drop: pool.pendingDrop,
        readyAtMs: Number(pool.pendingReadyAt) * 1000
      }
      return {
        creditedWei: pool.creditedWei,
        claimedWei: pool.claimedWei,
        dropSeq: Number(pool.dropSeq),
        ...(pool.root === ZERO_HASH ? {} : { final }),
        ...(pool.pendingRoot === ZERO_HASH ? {} : { pending })
      }
    },
    async claimedOf(key, account, options) {
      const [amountWei] = await contract.read('claimedOf', [idOf(key), account], options)
      return amountWei
    },
    async collect({ operator, auditor, token }, options) {
      const data = contract.encode('collect', [operator, auditor, token])
      const sent = await sender.send({ to: address, data, what: 'collect' }, options)
      const [event] = contract.eventsIn('RoyaltyCollected', sent.logs)
      return { ...inclusionOf(sent), collectedWei: event?.amountWei ?? 0n }
    },
    async postDrop({ auditor, token }, drop, options) {
      const args = [auditor, token, drop.root, drop.totalWei, drop.drop] as const
      const data = contract.encode('postDrop', args)
      const sent = await sender.send({ to: address, data, what: 'postDrop' }, options)
      const [event] = contract.eventsIn('DropPosted', sent.logs)
      return {
        ...inclusionOf(sent),
        dropSeq: Number(event?.dropSeq),
        readyAtMs: Number(event?.readyAt) * 1000
      }
    },
    async vetoDrop({ operator, auditor, token }, approvals, options) {
      const signatures = approvals.map(splitSignature)
      const data = contract.encode('vetoDrop', [operator, auditor, token, signatures])
      return inclusionOf(await sender.send({ to: address, data, what: 'vetoDrop' }, options))
    },
    async claim({ operator, auditor, token }, account, cumulativeWei, proof, options) {
      const args = [operator, auditor, token, account, cumulativeWei, proof] as const
      const data = contract.encode('claim', args)
      const sent = await sender.send({ to: address, data, what: 'claim' }, options)
      const [event] = contract.eventsIn('RewardClaimed', sent.logs)
      return { ...inclusionOf(sent), paidWei: event?.amountWei ?? 0n }
    },
    async dropsOf(key, options) {
      const events = await contract.eventsOf('DropPosted', idOf(key), fromBlock, options)
      return events.map(({ root, totalWei, drop, dropSeq, readyAt }) => ({
        root,
        totalWei,
        drop,
        dropSeq: Number(dropSeq),
        readyAtMs: Number(readyAt) * 1000
      }))
    }
  }
}

function idOf({ operator, auditor, token }: PoolKey): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(['address', 'bytes32', 'address'], [operator, auditor, token])
  )
}
