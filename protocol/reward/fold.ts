import { DatanetError } from '../base/errors.ts'
import type { Voucher } from '../channel/voucher.ts'
import { accumulatorRoot, appendLeaves, EMPTY_ACCUMULATOR } from '../receipt/accumulator.ts'
import type { Receipt, SignedReceipt } from '../receipt/receipt.ts'
import { receiptLeaf } from '../receipt/receipt-signature.ts'
import {
  type RoyaltyParties,
  type Shares,
  splitRoyalty,
  splitToTreasuries,
  UNASSIGNED,
  UNITS_PER_WEI
} from './split.ts'

/** One channel's part of a pool. specs/09-reward.md §Fold */
export interface ChannelRoyalty {
  readonly channelId: string
  /** Royalty captured from this channel on chain, in all. */
  readonly capturedWei: bigint
  /** The highest voucher: it says which receipts the payer agreed to. */
  readonly voucher: Pick<Voucher, 'receipts' | 'receiptsRoot'>
  /** True once no later voucher can be claimed: only then is a receipt for ever uncommitted. */
  readonly isClosed: boolean
  /** At least all that the voucher commits to, in any order; repetitions do no harm. */
  readonly receipts: readonly SignedReceipt[]
}

/** What everyone is owed of a pool since its beginning. */
export interface Rewards {
  /** All royalty captured. */
  readonly poolWei: bigint
  /** Exact, by account; they sum to poolWei · UNITS_PER_WEI. */
  readonly shares: Shares
}

/** One line of a drop: what an account was ever owed, in whole wei. */
export interface DropLeaf {
  readonly account: string
  readonly cumulativeWei: bigint
}

/**
 * The rewards that follow from captured royalties and receipts: the same for everyone who has the
 * same receipts, in whatever order. Per channel, captured royalty pays the committed receipts in
 * order of seq, each by its own split and the last one reached in part; what is left is unassigned
 * while the channel is open. Once it is closed, receipts that only the provider signed get their
 * royalty to the treasuries alone. More captured royalty or more commitments never take from
 * anyone: a drop can only grow. Refuses a channel listed twice, receipts that are missing or not
 * those of the committed root (DROP_INVALID), and two receipts for one seq (RECORD_EQUIVOCATES).
 */
export function foldRewards(
  channels: readonly ChannelRoyalty[],
  partiesOf: (receipt: Receipt) => RoyaltyParties
): Rewards {
  const shares = new Map<string, bigint>()
  let poolWei = 0n
  const seen = new Set<string>()
  for (const channel of channels) {
    if (seen.has(channel.channelId)) throw invalid(channel, 'listed twice')
    seen.add(channel.channelId)
    poolWei += channel.capturedWei
    for (const [account, units] of channelShares(channel, partiesOf)) {
      shares.set(account, (shares.get(account) ?? 0n) + units)
    }
  }
  return { poolWei, shares }
}

/**
 * The leaves of the drop that pays `rewards`: whole wei per account, ascending by account, none zero.
 * Fractions and all that has no owner stand in the unassigned leaf, so leaves sum to the pool.
 */
export function dropLeaves({ poolWei, shares }: Rewards): readonly DropLeaf[] {
  const leaves: DropLeaf[] = []
  let unassignedWei = poolWei
  for (const [account, units] of shares) {
    const cumulativeWei = units / UNITS_PER_WEI
    if (account === UNASSIGNED || cumulativeWei === 0n) continue
    leaves.push({ account, cumulativeWei })
    unassignedWei -= cumulativeWei
  }
  if (unassignedWei > 0n) leaves.push({ account: UNASSIGNED, cumulativeWei: unassignedWei })
  return leaves.sort((a, b) => (a.account < b.account ? -1 : 1))
}

function* channelShares(
  channel: ChannelRoyalty,
  partiesOf: (receipt: Receipt) => RoyaltyParties
): Generator<readonly [string, bigint]> {
  const { committed, others } = agreedReceipts(channel)
  let leftWei = channel.capturedWei
  const take = (wei: bigint) => {
    const taken = wei < leftWei ? wei : leftWei
    leftWei -= taken
    return taken
  }
  for (const receipt of committed) {
    const royaltyWei = take(receipt.royaltyWei)
    yield* splitRoyalty({ ...receipt, royaltyWei }, partiesOf(receipt))
  }
  for (const receipt of channel.isClosed ? others : []) {
    yield* splitToTreasuries(take(receipt.royaltyWei), partiesOf(receipt).treasuries)
  }
  if (leftWei > 0n) yield [UNASSIGNED, leftWei * UNITS_PER_WEI]
}

function agreedReceipts(channel: ChannelRoyalty): { committed: Receipt[]; others: Receipt[] } {
  const bySeq = new Map<number, SignedReceipt>()
  for (const signed of channel.receipts) {
    const { channelId, seq } = signed.receipt
    if (channelId !== channel.channelId) throw invalid(channel, 'a receipt of another channel')
    const known = bySeq.get(seq)
    if (known !== undefined && Buffer.compare(known.body, signed.body) !== 0) {
      throw new DatanetError('RECORD_EQUIVOCATES', { channelId, seq })
    }
    bySeq.set(seq, signed)
  }
  const { receipts, receiptsRoot } = channel.voucher
  const ordered = [...bySeq.values()].sort((a, b) => a.receipt.seq - b.receipt.seq)
  const committed = ordered.slice(0, receipts)
  if (committed.length < receipts || committed.some(({ receipt }, i) => receipt.seq !== i)) {
    throw invalid(channel, 'receipts are missing')
  }
  const leaves = committed.map(({ body }) => receiptLeaf(body))
  if (accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, ...leaves)) !== receiptsRoot) {
    throw invalid(channel, 'not the receipts of the committed root')
  }
  return {
    committed: committed.map(({ receipt }) => receipt),
    others: ordered.slice(receipts).map(({ receipt }) => receipt)
  }
}

function invalid({ channelId }: ChannelRoyalty, reason: string): DatanetError {
  return new DatanetError('DROP_INVALID', { channelId, reason })
}
