import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { decodeRecord, toWire } from '../../protocol/base/schema.ts'
import { termsSchema } from '../../protocol/channel/terms.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { invokeAskSchema } from '../../protocol/net/invoke.ts'
import type { ChannelClosing } from '../api/money-api.ts'
import type { CallOptions } from '../api/peer-api.ts'
import { unsignedWei } from './claims.ts'
import type { Parts } from './parts.ts'
import type { PayerChannel, PayerChannels } from './payer-channels.ts'

/** Taking deposits back. */
export interface Closing {
  close(channelId: string, options?: CallOptions): Promise<ChannelClosing>
}

/** The payer's end of channels. What was signed for stays for the provider. specs/07-channel.md §Withdrawal */
export function createClosing(
  parts: Pick<Parts, 'chain' | 'pool' | 'log'>,
  channels: PayerChannels
): Closing {
  const { chain } = parts

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
    if (state.withdrawal === undefined && freeWei > 0n) {
      await chain.escrow.startWithdraw(terms, freeWei, options)
      state = await channel.refresh(options)
    }
    const { withdrawal } = state
    return {
      channelId,
      state: withdrawal === undefined ? 'closed' : 'withdrawing',
      pendingWei: withdrawal?.amountWei ?? 0n,
      returnedWei,
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
  const voucher = channel.commit()
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
