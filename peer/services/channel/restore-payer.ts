import { partsOf, sumParts } from '../../../protocol/channel/ledger.ts'
import { openPayerLedger, type PayerLedger } from '../../../protocol/channel/payer-ledger.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import {
  type Accumulator,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../protocol/receipt/accumulator.ts'
import type { ChannelStore } from '../../store/channels.ts'

/** A payer's channel as its disk knows it. */
export interface RestoredPayer {
  readonly ledger: PayerLedger
  readonly accumulator: Accumulator
  /** Calls that were open when the peer ended: covered, and without a receipt. */
  readonly lost: Set<string>
}

/** What was promised, verified and left open on the channel. specs/07-channel.md §Recovery */
export function restorePayer(
  channelStore: Pick<ChannelStore, 'channel' | 'receiptsOf' | 'open'>,
  channelId: string,
  depositWei: bigint
): RestoredPayer {
  let ledger = openPayerLedger(channelId, depositWei)
  let accumulator = EMPTY_ACCUMULATOR
  const stored = channelStore.channel('payer', channelId)
  if (stored?.voucher !== undefined) {
    const { signature: _, ...voucher } = decodeVoucher(stored.voucher)
    const receipts = channelStore.receiptsOf('payer', channelId)
    const committed = receipts.filter((r) => r.seq < voucher.receipts)
    accumulator = appendLeaves(accumulator, ...committed.map((r) => r.leaf))
    ledger = {
      ...ledger,
      voucher,
      settled: sumParts(...receipts.map((r) => partsOf(r.priceWei, r.royaltyPpm))),
      pending: new Map(
        receipts.filter((r) => r.seq >= voucher.receipts).map((r) => [r.seq, r.leaf])
      )
    }
  }
  const open = channelStore.open.of(channelId)
  // Covered before: they count until their receipts come.
  const calls = open.map(
    ({ callId, maxWei, royaltyPpm, coveredWei }) =>
      [callId, { maxWei, royaltyPpm, coveredWei }] as const
  )
  return {
    ledger: { ...ledger, calls: new Map(calls) },
    accumulator,
    lost: new Set(open.map(({ callId }) => callId))
  }
}
