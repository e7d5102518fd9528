import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { decodeRecord, fromWire, toWire } from '../../../protocol/base/schema.ts'
import { domainSeparator, verifyTypedData } from '../../../protocol/base/typed-data.ts'
import { CLOSE } from '../../../protocol/channel/orders.ts'
import { escrowDomain, type Terms, termsSchema } from '../../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher
} from '../../../protocol/channel/voucher.ts'
import { closeAskSchema, closeEndSchema } from '../../../protocol/net/close.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { invokeAskSchema } from '../../../protocol/net/invoke.ts'
import { pause } from '../../../protocol/net/waiting.ts'
import type { ChannelClosing } from '../../api/money-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { ChannelState } from '../../chain/escrow.ts'
import type { Parts } from '../parts.ts'
import { unsignedWei } from './claims.ts'
import type { PayerChannel, PayerChannels } from './payer-channels.ts'
import type { Recovery } from './recovery.ts'

/** Taking deposits back. */
export interface Closing {
  close(channelId: string, options?: CallOptions): Promise<ChannelClosing>
}

/** How long a provider is waited for that is asked to agree, and then for the transaction it sends. */
const AGREE_MS = 8_000
const SENT_MS = 5_000
const LOOK_MS = 250
const NO_RECEIPTS = `0x${'0'.repeat(64)}`

/** What came of asking a provider to end a channel at once. */
type Agreement =
  | { readonly state: ChannelState; readonly txHash?: string; readonly isSent: boolean }
  | { readonly code: string }

/**
 * The payer's end of channels: at once where the provider agrees, else by a withdrawal and its delay.
 * What was signed for stays for the provider. specs/07-channel.md §Close, §Withdrawal
 */
export function createClosing(
  parts: Pick<Parts, 'chain' | 'channelStore' | 'pool' | 'log' | 'wallet'>,
  channels: PayerChannels,
  recovery?: Pick<Recovery, 'channel'>
): Closing {
  const { chain, channelStore, pool, log, wallet } = parts

  /** A voucher that promises nothing: it says that it is the payer who asks. */
  function overNothing(channelId: string): Uint8Array {
    const { chainId, escrow } = chain.contracts
    const separator = domainSeparator(escrowDomain(chainId, escrow))
    const none = { cumulativeWei: 0n, royaltyWei: 0n, receipts: 0, receiptsRoot: NO_RECEIPTS }
    const signer = createVoucherSigner(separator, wallet.own.secretKey)
    return encodeVoucher(signer.sign({ channelId, ...none }))
  }

  /** Asks the provider for its word, over the newest voucher. Refuses one that is none. */
  async function wordOf(
    channel: PayerChannel,
    terms: Terms,
    options: CallOptions & { readonly sends: boolean }
  ) {
    const { channelId, provider } = channel
    const voucher = channelStore.channel('payer', channelId)?.voucher ?? overNothing(channelId)
    const ask = toWire(closeAskSchema, {
      terms: channel.terms,
      voucher,
      ...(options.sends ? { send: true as const } : {})
    })
    const waiting = { ...options, deadlineMs: AGREE_MS }
    const end = fromWire(
      closeEndSchema,
      await pool.request(provider, PROTOCOLS.close, ask, waiting)
    )
    const { deadline, signature } = end
    const row = { terms, ...decodeVoucher(voucher) }
    const { cumulativeWei, royaltyWei } = row
    const { chainId, escrow } = chain.contracts
    const said = { channelId, cumulativeWei, royaltyWei, deadline }
    verifyTypedData(escrowDomain(chainId, escrow), CLOSE, said, signature, terms.receiptSigner)
    return { row, close: { deadlineS: deadline, signature }, sends: end.sends === true }
  }

  /** Waits a moment for the transaction of the provider. */
  async function untilClosed(channel: PayerChannel, options: CallOptions): Promise<ChannelState> {
    const late = AbortSignal.timeout(SENT_MS)
    for (;;) {
      const state = await channel.refresh(options)
      if (state.isClosed === true || late.aborted) return state
      await pause(LOOK_MS, options.signal ?? new AbortController().signal)
    }
  }

  async function agree(
    channel: PayerChannel,
    terms: Terms,
    options: CallOptions
  ): Promise<Agreement> {
    try {
      const hasGas = (await chain.gasBalanceOf(wallet.own.address, options)) > 0n
      const asking = { ...options, sends: !hasGas }
      const word = await wordOf(channel, terms, asking).catch(async (error) => {
        // What the provider waits for may be a receipt that never came.
        if (!isDatanetError(error) || error.code !== 'RECEIPTS_BEHIND') throw error
        await recovery?.channel(channel, options)
        return wordOf(channel, terms, asking)
      })
      if (!hasGas) {
        if (!word.sends) throw new DatanetError('FUNDS_INSUFFICIENT', { asset: 'gas' })
        return { state: await untilClosed(channel, options), isSent: true }
      }
      const { txHash } = await chain.escrow.close(word.row, word.close, options)
      return { state: await channel.refresh(options), txHash, isSent: false }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isDatanetError(error)) throw error
      log('close', { channelId: channel.channelId, code: error.code })
      return { code: error.code }
    }
  }

  async function closeNow(channel: PayerChannel, options: CallOptions): Promise<ChannelClosing> {
    const { channelId } = channel
    const terms = decodeRecord(termsSchema, channel.terms)
    if (!channel.isIdle) {
      const hint = 'wait for the calls on it, or break them off'
      throw new DatanetError('CHANNEL_BUSY', { channelId }, { hint })
    }
    // First of all, and for good: whatever is cut off from here on, no call begins on it again.
    channel.retire()
    await sendCommit(parts, channel, { ...options, deadlineMs: 2 * LIMITS.cancelMs })
    let state = await channel.refresh(options)
    let returnedWei = 0n
    const readyAtMs = state.withdrawal?.readyAtMs ?? Number.POSITIVE_INFINITY
    if (readyAtMs <= (await chain.nowMs(options))) {
      await chain.escrow.finishWithdraw(terms, options)
      const { depositWei } = state
      state = await channel.refresh(options)
      returnedWei = depositWei - state.depositWei
    }
    const freeWei = unsignedWei(state, channel.ledger.voucher.cumulativeWei)
    let refusedBy: string | undefined
    if (freeWei > 0n) {
      const agreed = await agree(channel, terms, options)
      if (!('code' in agreed)) {
        const isClosed = agreed.state.isClosed === true
        const { txHash } = agreed
        return {
          channelId,
          state: isClosed ? 'closed' : 'closing',
          pendingWei: isClosed ? 0n : freeWei,
          returnedWei: isClosed ? returnedWei + freeWei : returnedWei,
          agreement: agreed.isSent ? 'sent by the provider' : 'sent',
          ...(txHash === undefined ? {} : { txHash })
        }
      }
      refusedBy = agreed.code
      if (state.withdrawal === undefined) {
        await chain.escrow.startWithdraw(terms, freeWei, options)
        state = await channel.refresh(options)
      }
    }
    const { withdrawal } = state
    return {
      channelId,
      state: withdrawal === undefined ? 'closed' : 'withdrawing',
      pendingWei: withdrawal?.amountWei ?? 0n,
      returnedWei,
      ...(refusedBy === undefined ? {} : { refusedBy }),
      ...(withdrawal === undefined ? {} : { readyAtMs: withdrawal.readyAtMs })
    }
  }

  return {
    async close(channelId, options = {}) {
      const channel = channels.find(channelId)
      return channels.inTurn(channel.provider, () => closeNow(channel, options))
    }
  }
}

/**
 * Tells the provider of an idle channel what was verified; a running call's next voucher does so
 * anyway. A provider that does not hear it loses nothing: the voucher is on disk, and the next says
 * the same again. specs/07-channel.md §Settling
 */
export async function sendCommit(
  { pool, log }: Pick<Parts, 'pool' | 'log'>,
  channel: PayerChannel,
  options: CallOptions & { readonly deadlineMs?: number } = {}
): Promise<void> {
  if (!channel.isIdle) return
  const voucher = await channel.commit()
  if (voucher === undefined) return
  const { provider } = channel
  try {
    const ask = toWire(invokeAskSchema, { terms: channel.terms, commit: voucher })
    await pool.request(provider, PROTOCOLS.invoke, ask, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    log('commit', { provider, code: isDatanetError(error) ? error.code : 'INTERNAL' })
  }
}
