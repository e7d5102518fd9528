import { isAbort, isDatanetError } from '../../protocol/base/errors.ts'
import { decodeRecord } from '../../protocol/base/schema.ts'
import { termsSchema } from '../../protocol/channel/terms.ts'
import { pause } from '../../protocol/net/waiting.ts'
import type { Claims } from './claims.ts'
import type { Parts } from './parts.ts'

/** Looks this often within the shortest delay, so that one failure does not let it pass. */
const LOOKS = 6
const MIN_MS = 250
const MAX_MS = 3_600_000
/** Channels that the chain is asked about at a time. */
const PARALLEL = 8

/** A provider's eye on the deposits that its vouchers count on. */
export interface WithdrawalWatch {
  stop(): Promise<void>
}

/**
 * Claims a channel's vouchers while its payer's withdrawal runs, as soon as it is seen: at the start,
 * for what began while this peer was away, and several times within the shortest delay of the
 * channels that hold something. Also keeps what became of a withdrawal. specs/07-channel.md §Withdrawal
 */
export function createWithdrawalWatch(
  parts: Pick<Parts, 'chain' | 'channelStore' | 'log'>,
  claims: Claims,
  init: {
    /** Of this peer's offers, in seconds. */
    readonly withdrawDelayS: number
  }
): WithdrawalWatch {
  const { chain, channelStore, log } = parts
  let isStarted = false
  const stopping = new AbortController()
  const { signal } = stopping

  async function look(): Promise<void> {
    const channels = claims.claimable()
    const leaving = new Set<string>()
    for (let at = 0; at < channels.length; at += PARALLEL) {
      await Promise.all(
        channels.slice(at, at + PARALLEL).map(async ({ channelId }) => {
          const { withdrawal, depositWei, claimedWei } = await chain.escrow.channel(channelId, {
            signal
          })
          // What the deposit cannot pay would be skipped, and its gas be lost.
          if (withdrawal !== undefined && depositWei > claimedWei) leaving.add(channelId)
        })
      )
    }
    if (leaving.size === 0) return
    const { claimedWei } = await claims.claim({ signal, only: leaving })
    log('withdrawal', { channels: leaving.size, claimedWei: `${claimedWei}` })
  }

  /** Keeps what became of withdrawals; at the first look also of those that came and went unseen. */
  async function settle(): Promise<void> {
    for (const known of channelStore.channels('provider')) {
      const { channelId, isRetired, withdrawal, depositWei } = known
      if (isRetired || (isStarted && withdrawal === undefined)) continue
      const state = await chain.escrow.channel(channelId, { signal })
      channelStore.setChainState('provider', channelId, state)
      // Only a withdrawal that was finished makes a deposit smaller: its payer is done with it.
      const isGone = state.withdrawal === undefined && state.depositWei < depositWei
      if (isGone) channelStore.retire('provider', channelId)
    }
    isStarted = true
  }

  /** Within the shortest delay there is: of the channels that hold something, and of those to come. */
  function everyMs(): number {
    const delays = claims.claimable().map(({ terms }) => {
      const { withdrawDelayS } = decodeRecord(termsSchema, terms)
      return withdrawDelayS * 1_000
    })
    const shortestMs = Math.min(init.withdrawDelayS * 1_000, ...delays)
    return Math.max(MIN_MS, Math.min(MAX_MS, shortestMs / LOOKS))
  }

  async function watch(): Promise<void> {
    for (;;) {
      for (const step of [look, settle]) {
        await step().catch((error) => {
          if (isAbort(error)) throw error
          log('withdrawal', { code: isDatanetError(error) ? error.code : 'INTERNAL' })
        })
      }
      await pause(everyMs(), signal)
    }
  }
  const watching = watch().catch(() => {})

  return {
    async stop() {
      stopping.abort()
      await watching
    }
  }
}
