import { isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { toWire } from '../../../protocol/base/schema.ts'
import { decodeVoucher } from '../../../protocol/channel/voucher.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { invokeAskSchema } from '../../../protocol/net/invoke.ts'
import { pause } from '../../../protocol/net/waiting.ts'
import type { StoredChannel } from '../../store/channels.ts'
import type { SpendingStore } from '../../store/spending.ts'
import type { Parts } from '../parts.ts'
import { unsignedWei } from './claims.ts'
import { type Closing, sendCommit } from './closing.ts'
import type { PayerChannels } from './payer-channels.ts'

/** A payer's eye on deposits that nobody uses. */
export interface IdleDeposits {
  /** Looks once at every channel, and does what is due. */
  look(): Promise<void>
  /** Something began that is due sooner than the next look. */
  wake(): void
  stop(): Promise<void>
}

/** Looks this often within the time after which a channel counts as unused. */
const LOOKS = 8
const MIN_MS = 250
const MAX_MS = 3_600_000
/** How often a withdrawal is looked at whose delay has passed by the local clock, but not by the chain's. */
const READY_MS = 1_000
/** A peer that just started has not met the providers yet that are to be told. */
const START_MS = 2_000
/** A provider that could not be told is tried again after this. */
const UNTOLD_MS = 60_000

/**
 * Takes back what is left of channels that were not used for `idleMs`, and of those that were given
 * up: starts the withdrawal, and finishes it when its delay has passed, also one that was started by
 * hand or before a restart. A channel is let be while calls are open on it, while a verified receipt
 * is not committed, and, for as long again as `idleMs`, while its provider cannot be told the newest
 * voucher, by which its contributors are paid. specs/07-channel.md §Withdrawal
 */
export function createIdleDeposits(
  parts: Pick<Parts, 'chain' | 'channelStore' | 'pool' | 'now' | 'log'> & {
    readonly spendingStore: SpendingStore
  },
  channels: Pick<PayerChannels, 'find'>,
  closing: Closing,
  { idleMs }: { readonly idleMs: number }
): IdleDeposits {
  const { chain, channelStore, pool, spendingStore, now, log } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  let woken = new AbortController()
  let isUntold = false

  async function look(): Promise<void> {
    let chainMs: number | undefined
    isUntold = false
    for (const stored of channelStore.channels('payer')) {
      signal.throwIfAborted()
      try {
        if (stored.withdrawal !== undefined) {
          chainMs ??= await chain.nowMs({ signal })
          if (stored.withdrawal.readyAtMs <= chainMs) await close(stored)
        } else if (await isLeft(stored)) await close(stored)
      } catch (error) {
        if (isAbort(error)) throw error
        const code = isDatanetError(error) ? error.code : 'INTERNAL'
        log('idle', { channelId: stored.channelId, code })
      }
    }
  }

  async function close({ channelId }: StoredChannel): Promise<void> {
    const { state, returnedWei, pendingWei } = await closing.close(channelId, { signal })
    log('idle', { channelId, state, returnedWei: `${returnedWei}`, pendingWei: `${pendingWei}` })
  }

  /** Whether there is something to take back that nobody needs. */
  async function isLeft(stored: StoredChannel): Promise<boolean> {
    const { channelId, voucher, isRetired } = stored
    const said = voucher === undefined ? undefined : decodeVoucher(voucher)
    if (unsignedWei(stored, said?.cumulativeWei ?? 0n) === 0n) return false
    const channel = channels.find(channelId)
    const mark = `${said?.cumulativeWei ?? 0n} ${said?.receipts ?? 0}`
    const used = spendingStore.use(channelId)
    const isBusy = channel.ledger.calls.size > 0
    if (used === undefined || used.mark !== mark || !channel.isIdle) {
      spendingStore.setUse(channelId, { mark, atMs: now() })
      // One that was given up takes no calls: there is no use to wait for.
      if (!isRetired) return false
    }
    const unusedMs = now() - (used?.atMs ?? now())
    // A call whose provider was lost is open still; its receipt may come back as long as that.
    if (isBusy && !(channel.isIdle && unusedMs >= 2 * idleMs)) return false
    if (!isRetired && unusedMs < idleMs) return false
    await sendCommit(parts, channel, { signal })
    if (channel.ledger.pending.size > 0) return false
    if (unusedMs >= 2 * idleMs || (await isTold(stored))) return true
    isUntold = true
    return false
  }

  /** Whether the provider has the newest voucher, all receipts committed; to hear it twice does no harm. */
  async function isTold({ channelId, peer, terms }: StoredChannel): Promise<boolean> {
    const commit = channelStore.channel('payer', channelId)?.voucher
    if (commit === undefined) return true
    try {
      const ask = toWire(invokeAskSchema, { terms, commit })
      await pool.request(peer, PROTOCOLS.invoke, ask, { signal })
      return true
    } catch (error) {
      if (isAbort(error)) throw error
      // It was heard, and refused: nothing that is said again will change that.
      return isDatanetError(error) && error.details.remote === true
    }
  }

  function pauseMs(): number {
    const waits = channelStore
      .channels('payer')
      .flatMap(({ withdrawal }) =>
        withdrawal === undefined ? [] : [Math.max(READY_MS, withdrawal.readyAtMs - now())]
      )
    const lookMs = Math.max(MIN_MS, Math.min(MAX_MS, idleMs / LOOKS))
    return Math.min(lookMs, ...(isUntold ? [UNTOLD_MS] : []), ...waits)
  }

  async function watch(): Promise<void> {
    await pause(Math.min(START_MS, idleMs / LOOKS), signal)
    for (;;) {
      await look().catch((error) => {
        if (signal.aborted) throw error
        log('idle', { code: isDatanetError(error) ? error.code : 'INTERNAL' })
      })
      woken = new AbortController()
      await pause(pauseMs(), AbortSignal.any([signal, woken.signal])).catch(() => {})
      signal.throwIfAborted()
    }
  }
  const watching = watch().catch(() => {})

  return {
    look,
    wake: () => woken.abort(),
    async stop() {
      stopping.abort()
      await watching
    }
  }
}
