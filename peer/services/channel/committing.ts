import { deadline } from '../../../protocol/net/waiting.ts'
import type { Parts } from '../parts.ts'
import { sendCommit } from './closing.ts'
import type { PayerChannel } from './payer-channels.ts'

/** Tells providers which receipts were verified, where no call's next voucher does. */
export interface Committing {
  /**
   * To be called after every call: commits on its channel if nothing else runs there. Soon after
   * another commit it waits, since a next call would say the same.
   */
  after(channel: PayerChannel): Promise<void>
  /** Sends what waits, in bounded time: for a peer that stops. */
  flush(): Promise<void>
}

/** Calls that come one by one need not be followed by a voucher each. */
const APART_MS = 250
/** How long a provider is waited for when this peer stops. */
const LAST_MS = 2_000

/** The commitments of one channel. */
interface Pace {
  channel: PayerChannel
  lastAtMs: number
  /** Set while one is due. */
  timer?: NodeJS.Timeout | undefined
  /** The one that was sent last. */
  sending?: Promise<void>
}

/** Commitments of this peer's channels. specs/07-channel.md §Settling */
export function createCommitting(parts: Pick<Parts, 'pool' | 'log'>): Committing {
  const paces = new Map<string, Pace>()

  function send(pace: Pace, signal?: AbortSignal): Promise<void> {
    clearTimeout(pace.timer)
    pace.timer = undefined
    pace.lastAtMs = performance.now()
    pace.sending = sendCommit(parts, pace.channel, signal === undefined ? {} : { signal })
    return pace.sending
  }

  return {
    async after(channel) {
      if (!channel.isIdle) return
      const { channelId } = channel
      const pace = paces.get(channelId) ?? { channel, lastAtMs: Number.NEGATIVE_INFINITY }
      paces.set(channelId, pace)
      pace.channel = channel
      if (pace.timer !== undefined) return
      const leftMs = pace.lastAtMs + APART_MS - performance.now()
      if (leftMs <= 0) return send(pace)
      // What a later voucher has said by then is not sent again.
      pace.timer = setTimeout(() => send(pace).catch(() => {}), leftMs).unref()
    },
    async flush() {
      const late = deadline(LAST_MS)
      const work = [...paces.values()].map(async (pace) => {
        await pace.sending
        if (pace.timer !== undefined) await send(pace, late.signal)
      })
      const lateness = new Promise((resolve) => late.signal.addEventListener('abort', resolve))
      await Promise.race([Promise.allSettled(work), lateness])
      late.release()
    }
  }
}
