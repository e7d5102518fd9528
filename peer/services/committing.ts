import { sendCommit } from './closing.ts'
import type { Parts } from './parts.ts'
import type { PayerChannel } from './payer-channels.ts'

/** Tells providers which receipts were verified, where no call's next voucher does. */
export interface Committing {
  /**
   * To be called after every call: commits on its channel if nothing else runs there. Soon after
   * another commit it waits, since a next call would say the same.
   */
  after(channel: PayerChannel): Promise<void>
  /** Sends what still waits, in bounded time. */
  stop(): Promise<void>
}

/** Calls that come one by one need not be followed by a voucher each. */
const APART_MS = 250
/** How long a provider is waited for when this peer stops. */
const LAST_MS = 2_000

/** What is known of one channel. */
interface Pace {
  committedAtMs: number
  timer?: NodeJS.Timeout | undefined
}

/** Commitments of this peer's channels. specs/07-channel.md §Settling */
export function createCommitting(parts: Pick<Parts, 'pool' | 'log'>): Committing {
  const paces = new WeakMap<PayerChannel, Pace>()
  /** Channels that are committed on later. */
  const due = new Set<PayerChannel>()

  function commit(channel: PayerChannel, pace: Pace, signal?: AbortSignal): Promise<void> {
    clearTimeout(pace.timer)
    due.delete(channel)
    pace.timer = undefined
    pace.committedAtMs = performance.now()
    return sendCommit(parts, channel, signal === undefined ? {} : { signal })
  }

  return {
    async after(channel) {
      if (!channel.isIdle) return
      const pace = paces.get(channel) ?? { committedAtMs: Number.NEGATIVE_INFINITY }
      paces.set(channel, pace)
      if (pace.timer !== undefined) return
      const leftMs = pace.committedAtMs + APART_MS - performance.now()
      if (leftMs <= 0) return commit(channel, pace)
      due.add(channel)
      // What is not sent, and not verified by a later voucher either, is sent when this peer stops.
      pace.timer = setTimeout(() => commit(channel, pace).catch(() => {}), leftMs).unref()
    },
    async stop() {
      const late = AbortSignal.timeout(LAST_MS)
      const last = [...due].map((channel) => commit(channel, paces.get(channel) as Pace, late))
      await Promise.allSettled(last)
    }
  }
}
