import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import type { ChannelSummary, ClaimSummary } from '../../api/money-api.ts'
import type { ProgressOptions } from '../../api/peer-api.ts'
import type { StoredChannel } from '../../store/channels.ts'
import type { Parts } from '../parts.ts'
import type { Claimer } from './claimer.ts'
import type { Funding } from './funding.ts'

/** What a provider does on chain with the vouchers it holds. */
export interface Claims {
  claim(options?: ProgressOptions): Promise<ClaimSummary>
  list(): readonly ChannelSummary[]
}

/** Claims of this peer's vouchers. specs/07-channel.md §Claim */
export function createClaims(
  parts: Pick<Parts, 'channelStore' | 'chain'>,
  claimer: Pick<Claimer, 'claimAll'>,
  funding?: Pick<Funding, 'wayOf'>
): Claims {
  const { channelStore, chain } = parts

  /** Channels whose voucher is above what was last seen claimed. */
  function claimable(): readonly string[] {
    return channelStore.channels('provider').flatMap(({ channelId, voucher, claimedWei }) => {
      if (voucher === undefined) return []
      try {
        return decodeVoucher(voucher).cumulativeWei > claimedWei ? [channelId] : []
      } catch {
        // One that cannot be read keeps none of the others back.
        return []
      }
    })
  }

  return {
    async claim(options = {}) {
      const ids = claimable()
      options.onProgress?.({ text: 'claiming vouchers', done: 0, total: ids.length })
      const now = () => Promise.all(ids.map((id) => chain.escrow.channel(id, options)))
      const before = await now()
      const txHashes = await claimer.claimAll(options)
      const grown = (await now()).map((after, i) => ({
        claimedWei: after.claimedWei - (before[i]?.claimedWei ?? 0n),
        royaltyWei: after.royaltyWei - (before[i]?.royaltyWei ?? 0n)
      }))
      const claimedWei = grown.reduce((sum, one) => sum + one.claimedWei, 0n)
      const royaltyWei = grown.reduce((sum, one) => sum + one.royaltyWei, 0n)
      return {
        channels: grown.filter((one) => one.claimedWei > 0n).length,
        claimedWei,
        operatorWei: claimedWei - royaltyWei,
        royaltyWei,
        txHashes
      }
    },

    list: () =>
      channelStore.channels().flatMap((channel) => {
        const voucher = channel.voucher === undefined ? undefined : decodeVoucher(channel.voucher)
        const { isRetired, depositWei } = channel
        // Prepared, and never paid into as far as is known.
        if (depositWei === 0n && voucher === undefined && !isRetired) return []
        const receipts = channelStore.receiptsOf(channel.side, channel.channelId)
        const summary = {
          channelId: channel.channelId,
          side: channel.side,
          peer: channel.peer,
          depositWei,
          authorisedWei: voucher?.cumulativeWei ?? 0n,
          royaltyWei: voucher?.royaltyWei ?? 0n,
          spentWei: receipts.reduce((sum, { priceWei }) => sum + priceWei, 0n),
          receipts: receipts.length,
          claimedWei: channel.claimedWei
        }
        const paidBy = channel.side === 'payer' ? funding?.wayOf(channel.channelId) : undefined
        const state = stateOf(channel, voucher?.cumulativeWei ?? 0n)
        return [{ ...summary, ...state, ...(paidBy === undefined ? {} : { paidBy }) }]
      })
  }
}

/** Where a channel stands, by what was last seen of it. */
function stateOf(
  { side, isRetired, depositWei, claimedWei, withdrawal }: StoredChannel,
  authorisedWei: bigint
): Pick<ChannelSummary, 'state' | 'withdrawableWei' | 'readyAtMs'> {
  const isPayer = side === 'payer'
  if (withdrawal !== undefined) {
    const { amountWei, readyAtMs } = withdrawal
    return { state: 'withdrawing', withdrawableWei: isPayer ? amountWei : 0n, readyAtMs }
  }
  const freeWei = unsignedWei({ depositWei, claimedWei }, authorisedWei)
  const state = !isRetired ? 'open' : freeWei === 0n ? 'closed' : 'retired'
  return { state, withdrawableWei: isPayer ? freeWei : 0n }
}

/** The deposit without what was signed for or claimed: what a payer may take back. */
export function unsignedWei(
  { depositWei, claimedWei }: { readonly depositWei: bigint; readonly claimedWei: bigint },
  authorisedWei: bigint
): bigint {
  const heldWei = authorisedWei > claimedWei ? authorisedWei : claimedWei
  return depositWei > heldWei ? depositWei - heldWei : 0n
}
