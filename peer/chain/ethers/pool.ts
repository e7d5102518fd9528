import { AbiCoder, keccak256, toBeHex } from 'ethers'
import { RewardPool } from '../../../protocol/contracts/abi/RewardPool.ts'
import type { DropGap, ProvenLeaf } from '../../../protocol/reward/refutation.ts'
import type { WaitOptions } from '../chain.ts'
import type { PoolContract, PoolKey, ShareOutcome } from '../pool.ts'
import type { Rpc } from '../rpc.ts'
import type { ChainLog } from '../transactions.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { inclusionOf, splitSignature } from './values.ts'

const ZERO_HASH = `0x${'00'.repeat(32)}`
const ZERO_ADDRESS = `0x${'00'.repeat(20)}`
/** In the order of the contract's SkipReason. */
const SKIP_REASONS = ['not-in-drop', 'nothing-new', 'overdrawn', 'payment-refused'] as const

/** RewardPool at `address`, written to through `sender`; events are searched from `fromBlock` on. */
export function createPool(
  address: string,
  rpc: Rpc,
  sender: Sender,
  fromBlock: number
): PoolContract {
  const contract = createContract(RewardPool.abi, address, rpc)

  /** The digest that was posted with drop `seq`; only the event has it. */
  async function documentOf(id: string, seq: bigint, options?: WaitOptions): Promise<string> {
    const keys = [id, toBeHex(seq, 32)]
    const [event] = await contract.eventsOf('DropPosted', keys, fromBlock, options)
    return event?.drop ?? ZERO_HASH
  }

  function outcomesIn(logs: readonly ChainLog[]): ShareOutcome[] {
    return logs.flatMap((log): ShareOutcome[] => {
      const [paid] = contract.eventsIn('RewardClaimed', [log])
      if (paid !== undefined)
        return [{ account: paid.account.toLowerCase(), paidWei: paid.amountWei }]
      const [skipped] = contract.eventsIn('RewardSkipped', [log])
      if (skipped === undefined) return []
      const reason = SKIP_REASONS[Number(skipped.reason)] ?? 'not-in-drop'
      return [{ account: skipped.account.toLowerCase(), skipped: reason }]
    })
  }

  return {
    poolId: idOf,
    async delayMs(options) {
      const [delayS] = await contract.read('delayS', [], options)
      return Number(delayS) * 1000
    },
    async state(key, options) {
      const [pool] = await contract.read('pool', [idOf(key)], options)
      const isFinal = pool.root !== ZERO_HASH
      const isPending = pool.pendingRoot !== ZERO_HASH
      const [finalDrop, pendingDrop] = await Promise.all([
        isFinal ? documentOf(idOf(key), pool.finalSeq, options) : ZERO_HASH,
        isPending ? documentOf(idOf(key), pool.dropSeq, options) : ZERO_HASH
      ])
      const final = { root: pool.root, totalWei: pool.totalWei, drop: finalDrop }
      const pending = {
        root: pool.pendingRoot,
        totalWei: pool.pendingTotalWei,
        drop: pendingDrop,
        readyAtMs: Number(pool.pendingReadyAt) * 1000
      }
      return {
        creditedWei: pool.creditedWei,
        claimedWei: pool.claimedWei,
        dropSeq: Number(pool.dropSeq),
        ...(isFinal ? { final } : {}),
        ...(isPending ? { pending } : {}),
        ...(pool.silentAt === 0n ? {} : { silentAtMs: Number(pool.silentAt) * 1000 })
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
    async claim(key, account, cumulativeWei, proof, options) {
      const leaf = leafBytes({ account, cumulativeWei, proof })
      const data = contract.encode('claim', [keyTuple(key), leaf])
      const sent = await sender.send({ to: address, data, what: 'claim' }, options)
      const [event] = contract.eventsIn('RewardClaimed', sent.logs)
      return { ...inclusionOf(sent), paidWei: event?.amountWei ?? 0n }
    },
    async claimMany(shares, options) {
      const rows = shares.map(({ key, leaves }) => ({
        key: keyTuple(key),
        leaves: leaves.map(leafBytes)
      }))
      const data = contract.encode('claimMany', [rows])
      const sent = await sender.send({ to: address, data, what: 'claimMany' }, options)
      return { ...inclusionOf(sent), outcomes: outcomesIn(sent.logs) }
    },
    async refute(key, refutation, options) {
      const { kind } = refutation
      const pool = keyTuple(key)
      const data =
        kind === 'total'
          ? contract.encode('refuteTotal', [pool, leafBytes(refutation.pending)])
          : kind === 'unordered'
            ? contract.encode('refuteUnordered', [pool, gapTuple(refutation.gap)])
            : kind === 'shrunk'
              ? contract.encode('refuteShrunk', [
                  pool,
                  leafBytes(refutation.before),
                  leafBytes(refutation.pending)
                ])
              : contract.encode('refuteAbsent', [
                  pool,
                  leafBytes(refutation.before),
                  gapTuple(refutation.gap)
                ])
      return inclusionOf(await sender.send({ to: address, data, what: 'refute' }, options))
    },
    async postForSilent(key, drop, approvals, options) {
      const data = contract.encode('postDropForSilent', [
        keyTuple(key),
        drop.root,
        drop.totalWei,
        drop.drop,
        approvals.map(splitSignature)
      ])
      const sent = await sender.send({ to: address, data, what: 'postDropForSilent' }, options)
      const [event] = contract.eventsIn('DropPosted', sent.logs)
      return {
        ...inclusionOf(sent),
        dropSeq: Number(event?.dropSeq),
        readyAtMs: Number(event?.readyAt) * 1000
      }
    },
    async dropsOf(key, options) {
      const events = await contract.eventsOf('DropPosted', [idOf(key)], fromBlock, options)
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

function keyTuple({ operator, auditor, token }: PoolKey) {
  return { operator, auditor, token }
}

/**
 * A leaf and its way up as the contract takes them, as 0x hex: account, amount and sides in 20, 12 and 4
 * bytes, then the steps. specs/09-reward.md §Claim
 */
export function leafBytes({ account, cumulativeWei, proof }: ProvenLeaf): string {
  const head = `${account.slice(2)}${hexOf(cumulativeWei, 12)}${hexOf(sidesOf(proof), 4)}`
  return `0x${head}${stepsOf(proof).slice(2)}`
}

function gapTuple({ left, right, proof }: DropGap) {
  return {
    hasLeft: left !== undefined,
    leftAccount: left?.account ?? ZERO_ADDRESS,
    leftWei: left?.cumulativeWei ?? 0n,
    leftProof: stepsOf(left?.proof ?? []),
    hasRight: right !== undefined,
    rightAccount: right?.account ?? ZERO_ADDRESS,
    rightWei: right?.cumulativeWei ?? 0n,
    rightProof: stepsOf(right?.proof ?? []),
    lefts: sidesOf(proof),
    proof: stepsOf(proof)
  }
}

/** On which side the siblings stand: bit i is set for a left one. */
function sidesOf(proof: ProvenLeaf['proof']): bigint {
  return proof.reduce((bits, { isLeft }, i) => (isLeft ? bits | (1n << BigInt(i)) : bits), 0n)
}

/** The siblings in 36 bytes each: the sum, and what counts of the hash. */
function stepsOf(proof: ProvenLeaf['proof']): string {
  return `0x${proof.map(({ hash, sumWei }) => `${hexOf(sumWei, 12)}${hash.slice(2, 50)}`).join('')}`
}

/** What does not fit belongs to no drop: its lower bytes lead to no root either. */
function hexOf(value: bigint, bytes: number): string {
  return value
    .toString(16)
    .padStart(2 * bytes, '0')
    .slice(-2 * bytes)
}

function idOf({ operator, auditor, token }: PoolKey): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(['address', 'bytes32', 'address'], [operator, auditor, token])
  )
}
