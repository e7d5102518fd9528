import fc from 'fast-check'
import { curationOf } from '../../../protocol/datanet/curation.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../protocol/receipt/accumulator.ts'
import type { Receipt, SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../../protocol/receipt/receipt-signature.ts'
import type { ChannelRoyalty } from '../../../protocol/reward/fold.ts'
import { address, cid, hash, receiptSigner, sampleReceipt } from '../receipt/sample-receipt.ts'

/** Random receipts, policies and channels for the laws of rewards. */
export const anyPolicy = fc.array(fc.nat(1_000_000), { minLength: 3, maxLength: 3 }).map((cuts) => {
  const [a, b, c] = cuts.sort((x, y) => x - y) as [number, number, number]
  return {
    royaltyPpm: 300_000,
    contributorsPpm: a,
    builderPpm: b - a,
    curatorsPpm: c - b,
    treasuryPpm: 1_000_000 - c
  }
})

const accounts = (from: number) =>
  fc
    .uniqueArray(fc.integer({ min: from, max: from + 9 }), { maxLength: 7 })
    .map((numbers) => numbers.map(address))

/** Shares of one Datanet's curators by what they reviewed. */
const curation = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 30, max: 39 }), fc.integer({ min: 1, max: 1_000 })), {
    ...{ minLength: 1, maxLength: 7 },
    selector: ([who]) => who
  })
  .map((counts) => curationOf(new Map(counts.map(([who, count]) => [address(who), count]))))

export const anyParties = fc
  .record({
    policy: anyPolicy,
    curators: accounts(30),
    treasuries: accounts(40),
    shared: fc.option(fc.array(curation, { minLength: 1, maxLength: 32 }))
  })
  .map(({ shared, ...parties }) => ({
    ...parties,
    ...(shared === null ? {} : { curation: shared })
  }))

const anyCredits = fc
  .uniqueArray(fc.integer({ min: 1, max: 999_999 }), { maxLength: 8 })
  .map((cuts) => {
    const marks = [0, ...cuts.sort((a, b) => a - b), 1_000_000]
    return marks.slice(1).map((mark, i) => {
      const ppm = mark - (marks[i] as number)
      if (i === 0) return { basis: 'unattributed' as const, ppm }
      const [contribution, account] = [cid(i).toString(), address(10 + (i % 5))]
      return { contribution, account, basis: 'retrieved' as const, ppm }
    })
  })

export const anyReceipt: fc.Arbitrary<Receipt> = fc
  .record({ royaltyWei: fc.bigInt(0n, 10n ** 18n), credits: anyCredits, b: fc.nat(3) })
  .map(({ b, ...rest }) => ({
    ...sampleReceipt,
    ...rest,
    priceWei: rest.royaltyWei * 3n,
    builder: address(20 + b)
  }))

/** Receipts of one channel, in order of seq, by a provider who signs whatever it says. */
export const signAll = (channelId: string, receipts: readonly Receipt[]): SignedReceipt[] =>
  receipts.map((receipt, seq) => receiptSigner.sign({ ...receipt, channelId, seq }))

/** The channel whose payer committed to the first `committed` of these receipts. */
export function channelOf(
  channelId: string,
  receipts: readonly SignedReceipt[],
  committed: number,
  capturedWei: bigint,
  isClosed = false
): ChannelRoyalty {
  const leaves = receipts.slice(0, committed).map(({ body }) => receiptLeaf(body))
  const receiptsRoot = accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, ...leaves))
  return {
    channelId,
    capturedWei,
    isClosed,
    receipts,
    voucher: { receipts: committed, receiptsRoot }
  }
}

export const anyChannels = fc
  .array(
    fc.record({
      receipts: fc.array(anyReceipt, { maxLength: 5 }),
      committed: fc.nat(5),
      capturedPpm: fc.nat(1_200_000),
      isClosed: fc.boolean()
    }),
    { maxLength: 4 }
  )
  .map((channels) =>
    channels.map(({ receipts, committed, capturedPpm, isClosed }, i) => {
      const royaltyWei = receipts.reduce((sum, receipt) => sum + receipt.royaltyWei, 0n)
      const capturedWei = (royaltyWei * BigInt(capturedPpm)) / 1_000_000n
      const signed = signAll(hash(100 + i), receipts)
      const count = Math.min(committed, receipts.length)
      return channelOf(hash(100 + i), signed, count, capturedWei, isClosed)
    })
  )
