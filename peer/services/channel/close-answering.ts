import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { decodeRecord, fromWire, toWire } from '../../../protocol/base/schema.ts'
import { CLOSE } from '../../../protocol/channel/orders.ts'
import { escrowDomain, type Terms, termsSchema } from '../../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import { closeAskSchema, closeEndSchema } from '../../../protocol/net/close.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import type { ChainWatcher } from '../../chain/watch.ts'
import type { CloseStore } from '../../store/closes.ts'
import type { Parts } from '../parts.ts'
import { CLAIM_AT_WEI, CLAIMS } from './claim-limits.ts'
import type { Deposits } from './deposits.ts'
import type { ProviderChannel, ProviderChannels } from './provider-channels.ts'

const COIN = `0x${'0'.repeat(40)}`
/** Gas of a close, measured and rounded up. */
const CLOSE_GAS = 120_000n

/**
 * The handler of `/datanet/close/1`: a provider's word to end a channel at its last voucher. Given only
 * for the highest voucher on the disk, with no call open and every receipt committed; from then on no
 * call is taken on the channel. specs/07-channel.md §Close
 */
export function createCloseAnswering(
  parts: Pick<Parts, 'chain' | 'channelStore' | 'wallet' | 'log'>,
  channels: Pick<ProviderChannels, 'open'>,
  closes: CloseStore,
  init: { readonly claimAtWei?: bigint } = {}
): ExchangeHandler {
  const { chain, channelStore, wallet, log } = parts
  /** One at a time: each may take back only the word that it gave itself. */
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  /** The channel under the payment that its own terms state, standing or not: what is owed is owed. */
  function open(bytes: Uint8Array, terms: Terms, peer: string): Promise<ProviderChannel> {
    const { operator, receiptSigner, auditor, token, withdrawDelayS } = terms
    if (receiptSigner !== wallet.own.address) {
      throw new DatanetError('TERMS_MISMATCH', { field: 'receiptSigner' })
    }
    // What is claimed for a stranger would only cost gas.
    if (wallet.find(operator) === undefined) {
      throw new DatanetError('TERMS_MISMATCH', { field: 'operator' })
    }
    const { chainId, escrow, pool, registry } = chain.contracts
    const place = { chainId: Number(chainId), escrow, pool, registry }
    const payment = { ...place, token, operator, receiptSigner, auditor, withdrawDelayS }
    return channels.open(bytes, payment, peer)
  }

  /**
   * Refuses an amount on a channel that nothing was served on: its terms are under no payment of ours,
   * and a delay of a second would have the chain read without a pause for it.
   */
  function refuseUnserved(channelId: string, voucher: Uint8Array): void {
    const kept = channelStore.channel('provider', channelId)?.voucher
    if (kept !== undefined || totalsOf(voucher).cumulativeWei === 0n) return
    throw new DatanetError('CHANNEL_UNKNOWN', { channelId })
  }

  /**
   * Refuses who did not bring the voucher: it becomes public when it is claimed, and whoever reads it
   * there must not end, or hold up, somebody else's channel.
   */
  function refuseStranger(channelId: string, peer: string): void {
    const { voucher, bearer } = channelStore.channel('provider', channelId) ?? {}
    if (voucher === undefined || bearer === peer) return
    throw new DatanetError('VOUCHER_STALE', { field: 'bearer' })
  }

  /** Refuses a channel that has more to come than `voucher` says. */
  function refuseUnsettled(channel: ProviderChannel, voucher: Uint8Array): void {
    const { channelId, ledger } = channel
    if (ledger.calls.size > 0) throw new DatanetError('CHANNEL_BUSY', { channelId })
    const uncommitted = ledger.uncommitted.length
    if (uncommitted > 0) throw new DatanetError('RECEIPTS_BEHIND', { channelId, uncommitted })
    const kept = channelStore.channel('provider', channelId)?.voucher
    const [highest, said] = [totalsOf(kept), totalsOf(voucher)]
    const isSame =
      highest.cumulativeWei === said.cumulativeWei && highest.royaltyWei === said.royaltyWei
    if (isSame && ledger.authorisedWei === said.cumulativeWei) return
    const { cumulativeWei } = highest
    throw new DatanetError('VOUCHER_STALE', { channelId, acceptedWei: `${cumulativeWei}` })
  }

  /** From here on no call is taken on the channel; a call that was let in before is seen afterwards. */
  async function giveWord(channel: ProviderChannel, voucher: Uint8Array, atS: number) {
    const { channelId } = channel
    refuseUnsettled(channel, voucher)
    const before = closes.deadlineOf(channelId)
    const deadlineS = Math.max(atS, before ?? 0)
    await channelStore.together(() => closes.put(channelId, deadlineS))
    try {
      refuseUnsettled(channel, voucher)
    } catch (error) {
      await channelStore.together(() => {
        if (before === undefined) closes.remove(channelId)
        else closes.put(channelId, before)
      })
      throw error
    }
    return deadlineS
  }

  /** Whether this peer pays the gas of closing: for no less than it would claim by itself at its end. */
  async function isWorthSending(terms: Terms, voucher: Uint8Array, channelId: string) {
    const { depositWei, claimedWei } = await chain.escrow.channel(channelId)
    const { cumulativeWei } = totalsOf(voucher)
    const mostWei = cumulativeWei < depositWei ? cumulativeWei : depositWei
    const atWei =
      terms.token === COIN
        ? (await chain.transactions.gasPriceWei()) * CLOSE_GAS * CLAIMS.gasTimes
        : (init.claimAtWei ?? CLAIM_AT_WEI)
    return mostWei > claimedWei && mostWei - claimedWei >= atWei / CLAIMS.stopShare
  }

  return async function* close(value, { remotePeer }) {
    const ask = fromWire(closeAskSchema, value)
    const terms = decodeRecord(termsSchema, ask.terms)
    const channel = await open(ask.terms, terms, remotePeer)
    const { channelId } = channel
    refuseUnserved(channelId, ask.voucher)
    await channel.accept(ask.voucher, remotePeer)
    refuseStranger(channelId, remotePeer)
    const untilS = Math.floor(((await chain.nowMs()) + LIMITS.closeMs) / 1_000)
    const deadline = await inTurn(() => giveWord(channel, ask.voucher, untilS))
    const { cumulativeWei, royaltyWei } = totalsOf(ask.voucher)
    const { chainId, escrow } = chain.contracts
    const said = { channelId, cumulativeWei, royaltyWei, deadline }
    const { signer } = wallet.own
    const signature = await signer.signTypedData(escrowDomain(chainId, escrow), CLOSE, said)
    const sends = ask.send === true && (await isWorthSending(terms, ask.voucher, channelId))
    if (sends) {
      const row = { terms, ...decodeVoucher(ask.voucher) }
      chain.escrow.close(row, { deadlineS: deadline, signature }).then(
        ({ txHash }) => log('close', { channelId, txHash }),
        (error) =>
          log('close', { channelId, code: isDatanetError(error) ? error.code : 'INTERNAL' })
      )
    }
    log('close', { channelId, deadline, sends })
    return toWire(closeEndSchema, {
      deadline,
      signature,
      ...(sends ? { sends: true as const } : {})
    })
  }
}

/** Deposits of which a channel counts as closed while this peer's word to end it stands. */
export function withCloses(
  deposits: Deposits,
  closes: CloseStore,
  watcher: Pick<ChainWatcher, 'state'>
): Deposits {
  return {
    async at(channelId, maxAgeMs) {
      const state = await deposits.at(channelId, maxAgeMs)
      const deadlineS = closes.deadlineOf(channelId)
      if (deadlineS === undefined || state.isClosed === true) return state
      // A block after the deadline is confirmed, and none up to it has the close: nothing can have it.
      const confirmedMs = watcher.state.block?.timeMs ?? 0
      return confirmedMs > deadlineS * 1_000 ? state : { ...state, isClosed: true }
    }
  }
}

function totalsOf(voucher: Uint8Array | undefined): { cumulativeWei: bigint; royaltyWei: bigint } {
  return voucher === undefined ? { cumulativeWei: 0n, royaltyWei: 0n } : decodeVoucher(voucher)
}
