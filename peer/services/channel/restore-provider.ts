import { partsOf, sumParts } from '../../../protocol/channel/ledger.ts'
import {
  openProviderLedger,
  type ProviderLedger
} from '../../../protocol/channel/provider-ledger.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import {
  type Accumulator,
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../protocol/receipt/accumulator.ts'
import type { ChannelStore } from '../../store/channels.ts'

/** A provider's channel as its disk knows it. */
export interface RestoredProvider {
  readonly ledger: ProviderLedger
  readonly accumulator: Accumulator
  /** How many receipts it has. */
  readonly issued: number
}

/** What was promised on the channel and what was delivered for it. specs/07-channel.md §Recovery */
export function restoreProvider(
  channelStore: Pick<ChannelStore, 'channel' | 'receiptsOf'>,
  channelId: string,
  depositWei: bigint
): RestoredProvider {
  let accumulator = EMPTY_ACCUMULATOR
  const stored = channelStore.channel('provider', channelId)
  const voucher = stored?.voucher === undefined ? undefined : decodeVoucher(stored.voucher)
  const issued = channelStore.receiptsOf('provider', channelId).map((receipt) => {
    accumulator = appendLeaves(accumulator, receipt.leaf)
    return {
      priceWei: receipt.priceWei,
      coveredWei: receipt.priceWei,
      royaltyPpm: receipt.royaltyPpm,
      receiptsRoot: accumulatorRoot(accumulator)
    }
  })
  const opened = openProviderLedger(depositWei)
  const count = voucher?.receipts ?? 0
  const ledger: ProviderLedger = {
    ...opened,
    authorisedWei: voucher?.cumulativeWei ?? 0n,
    royaltyWei: voucher?.royaltyWei ?? 0n,
    receipts: count,
    receiptsRoot: voucher?.receiptsRoot ?? opened.receiptsRoot,
    spentWei: issued.reduce((sum, { priceWei }) => sum + priceWei, 0n),
    committed: sumParts(...issued.slice(0, count).map((i) => partsOf(i.priceWei, i.royaltyPpm))),
    uncommitted: issued.slice(count)
  }
  return { ledger, accumulator, issued: issued.length }
}
