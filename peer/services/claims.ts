import { decodeRecord } from '../../protocol/base/schema.ts'
import { type Terms, termsSchema } from '../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../protocol/channel/voucher.ts'
import type { ChannelSummary, ClaimSummary } from '../api/money-api.ts'
import type { ProgressOptions } from '../api/peer-api.ts'
import type { StoredChannel } from '../store/channels.ts'
import type { Parts } from './parts.ts'

/** What a provider does on chain with the vouchers it holds. */
export interface Claims {
  /** Claims what can be claimed, on all channels or on `only` these. */
  claim(options?: ProgressOptions & { readonly only?: ReadonlySet<string> }): Promise<ClaimSummary>
  /** The channels whose vouchers say more than was claimed, as last seen. */
  claimable(): readonly StoredChannel[]
  list(): readonly ChannelSummary[]
}

/** Rows of one claim transaction: far below the gas a transaction may use. */
const ROWS = 200

/** Claims of this peer's vouchers. specs/07-channel.md §Claim */
export function createClaims(parts: Pick<Parts, 'channelStore' | 'chain' | 'wallet'>): Claims {
  const { channelStore, chain, wallet } = parts

  function claimable(): Array<StoredChannel & { terms: Uint8Array; voucher: Uint8Array }> {
    return channelStore
      .channels('provider')
      .filter((channel): channel is StoredChannel & { voucher: Uint8Array } => {
        if (channel.voucher === undefined) return false
        return decodeVoucher(channel.voucher).cumulativeWei > channel.claimedWei
      })
  }

  return {
    claimable,
    async claim(options = {}) {
      const { only } = options
      const channels = claimable().filter(({ channelId }) => only?.has(channelId) ?? true)
      const txHashes: string[] = []
      let claimedWei = 0n
      let royaltyWei = 0n
      const auditors = new Map<string, Terms>()
      for (let at = 0; at < channels.length; at += ROWS) {
        options.onProgress?.({ text: 'claiming vouchers', done: at, total: channels.length })
        const batch = channels.slice(at, at + ROWS).map((channel) => {
          const terms = decodeRecord(termsSchema, channel.terms)
          auditors.set(`${terms.auditor} ${terms.token}`, terms)
          return { channel, row: { terms, ...decodeVoucher(channel.voucher) } }
        })
        const before = await Promise.all(
          batch.map(({ channel }) => chain.escrow.channel(channel.channelId, options))
        )
        const { txHash } = await chain.escrow.claim(
          batch.map(({ row }) => row),
          options
        )
        txHashes.push(txHash)
        for (const [i, { channel }] of batch.entries()) {
          const after = await chain.escrow.channel(channel.channelId, options)
          channelStore.setChainState('provider', channel.channelId, after)
          claimedWei += after.claimedWei - (before[i]?.claimedWei ?? 0n)
          royaltyWei += after.royaltyWei - (before[i]?.royaltyWei ?? 0n)
        }
      }
      const operator = wallet.own.address
      for (const { auditor, token } of auditors.values()) {
        if ((await chain.escrow.royaltyOf(operator, auditor, token, options)) > 0n) {
          const { txHash } = await chain.pool.collect({ operator, auditor, token }, options)
          txHashes.push(txHash)
        }
        if ((await chain.escrow.creditOf(operator, token, options)) > 0n) {
          txHashes.push((await chain.escrow.pull(operator, token, options)).txHash)
        }
      }
      return {
        channels: channels.length,
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
        return [{ ...summary, ...stateOf(channel, voucher?.cumulativeWei ?? 0n) }]
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
