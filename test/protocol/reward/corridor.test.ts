import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../../protocol/channel/ledger.ts'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  openPayerLedger,
  settleCall
} from '../../../protocol/channel/payer-ledger.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher,
  type SignedVoucher,
  verifyVoucher
} from '../../../protocol/channel/voucher.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../protocol/receipt/accumulator.ts'
import { decodeReceipt, encodeReceipt } from '../../../protocol/receipt/receipt.ts'
import { receiptLeaf, verifyReceiptSignature } from '../../../protocol/receipt/receipt-signature.ts'
import { buildClaim, verifyClaim } from '../../../protocol/reward/claim.ts'
import {
  type DropRecord,
  decodeDrop,
  encodeDrop,
  verifyDropFollows,
  verifyDropLeaves
} from '../../../protocol/reward/drop.ts'
import { buildDropTree } from '../../../protocol/reward/drop-tree.ts'
import { type ChannelRoyalty, dropLeaves, foldRewards } from '../../../protocol/reward/fold.ts'
import { UNASSIGNED } from '../../../protocol/reward/split.ts'
import {
  address,
  hash,
  receiptSigner,
  sampleReceipt,
  separator
} from '../receipt/sample-receipt.ts'
import { anyParties } from './sample-pool.ts'

/** The money of one channel from the first voucher to the last claim, on the real records. */
interface Paid {
  readonly priceWei: bigint
  readonly surplusWei: bigint
  readonly ppm: number
  readonly isClaimed: boolean
}

const channelId = hash(0xc4a)
const vouchers = createVoucherSigner(separator, new Uint8Array(32).fill(9))
const calls = fc.array(
  fc.record({
    priceWei: fc.bigInt(0n, 10_000n),
    surplusWei: fc.bigInt(0n, 5_000n),
    ppm: fc.constantFrom(0, 100_000, 300_000, 333_333, 1_000_000),
    isClaimed: fc.boolean()
  }),
  { minLength: 1, maxLength: 8 }
)

/** What the escrow does with a voucher: never more royalty than is newly claimed. */
function claimAtEscrow(state: { claimedWei: bigint; royaltyWei: bigint }, voucher: SignedVoucher) {
  if (voucher.cumulativeWei <= state.claimedWei) return state
  const deltaWei = voucher.cumulativeWei - state.claimedWei
  const wantedWei = voucher.royaltyWei - state.royaltyWei
  const royaltyWei = state.royaltyWei + (wantedWei < deltaWei ? wantedWei : deltaWei)
  return { claimedWei: voucher.cumulativeWei, royaltyWei }
}

function run(paid: readonly Paid[]) {
  let payer = openPayerLedger(channelId, 10n ** 9n)
  let accumulator = EMPTY_ACCUMULATOR
  let escrow = { claimedWei: 0n, royaltyWei: 0n }
  const receipts: ReturnType<typeof decodeReceipt>[] = []
  const claimed: { escrow: typeof escrow; voucher: SignedVoucher; issued: number }[] = []
  for (const [seq, { priceWei, surplusWei, ppm, isClaimed }] of paid.entries()) {
    const callId = `${seq}`
    payer = beginCall(payer, callId, { maxWei: priceWei + surplusWei, royaltyPpm: ppm })
    payer = cover(payer, callId, priceWei + surplusWei)
    const { royaltyWei } = partsOf(priceWei, ppm)
    const signed = receiptSigner.sign({ ...sampleReceipt, seq, priceWei, royaltyWei })
    const receipt = decodeReceipt(encodeReceipt(signed))
    verifyReceiptSignature(separator, receipt, receiptSigner.address)
    receipts.push(receipt)
    payer = settleCall(payer, callId, { priceWei, seq, leaf: receiptLeaf(receipt.body) })
    accumulator = appendLeaves(accumulator, ...committableLeaves(payer))
    const receiptsRoot = accumulatorRoot(accumulator)
    payer = commitReceipts(payer, { receipts: accumulator.count, receiptsRoot })
    const voucher = decodeVoucher(encodeVoucher(vouchers.sign(payer.voucher)))
    verifyVoucher(separator, voucher, vouchers.address)
    if (!isClaimed && seq < paid.length - 1) continue
    escrow = claimAtEscrow(escrow, voucher)
    claimed.push({ escrow, voucher, issued: receipts.length })
  }
  return { receipts, claimed, escrow, payer }
}

describe('the money corridor', () => {
  test('brings every royalty that vouchers promise to the pool, whenever they are claimed', () => {
    fc.assert(
      fc.property(calls, (paid) => {
        const { claimed, receipts } = run(paid)
        const owedWei = receipts.reduce((sum, { receipt }) => sum + receipt.royaltyWei, 0n)
        for (const { escrow, voucher } of claimed) {
          expect(escrow.royaltyWei).toBe(voucher.royaltyWei)
        }
        const last = claimed.at(-1) as (typeof claimed)[0]
        expect(last.escrow.royaltyWei >= owedWei).toBe(true)
        const pricesWei = receipts.reduce((sum, { receipt }) => sum + receipt.priceWei, 0n)
        expect(last.voucher.cumulativeWei - last.voucher.royaltyWei >= pricesWei - owedWei).toBe(
          true
        )
      }),
      { numRuns: 60 }
    )
  })

  test('pays it out drop after drop, to the unit, and takes nothing back', () => {
    fc.assert(
      fc.property(calls, anyParties, (paid, by) => {
        const { receipts, claimed } = run(paid)
        const paidWei = new Map<string, bigint>()
        let previous: DropRecord | undefined
        for (const { escrow, voucher, issued } of claimed) {
          const capturedWei = escrow.royaltyWei
          const isClosed = false
          const channel: ChannelRoyalty = {
            channelId,
            capturedWei,
            voucher,
            isClosed,
            receipts: receipts.slice(0, issued)
          }
          const leaves = dropLeaves(foldRewards([channel], () => by))
          const record = encodeDrop({
            version: 1,
            pool: {
              chainId: 1,
              contract: address(1),
              operator: address(2),
              auditor: hash(3),
              token: address(4)
            },
            leaves: [...leaves],
            totalWei: capturedWei,
            channels: [{ channelId, voucher: encodeVoucher(voucher), capturedWei, isClosed }],
            ...(previous === undefined ? {} : { previous: previous.cid }),
            createdAtMs: 1
          })
          const read = decodeDrop(record.bytes)
          verifyDropFollows(read, previous)
          verifyDropLeaves(read.drop, leaves)
          previous = read
          const tree = buildDropTree(read.drop.leaves)
          for (const { account, cumulativeWei } of leaves) {
            const before = paidWei.get(account) ?? 0n
            if (account === UNASSIGNED || cumulativeWei === before) continue
            const claim = buildClaim(tree, leaves, account, before)
            paidWei.set(account, before + verifyClaim(claim, tree, before))
          }
          const sumWei = [...paidWei.values()].reduce((sum, wei) => sum + wei, 0n)
          const rest = leaves.find(({ account }) => account === UNASSIGNED)?.cumulativeWei ?? 0n
          expect(sumWei + rest).toBe(capturedWei)
        }
      }),
      { numRuns: 60 }
    )
  })
})
