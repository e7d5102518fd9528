import { DatanetError, isDatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import type { AskOptions, Exchange } from './exchange-pool.ts'
import { ExchangeStopped } from './exchange-stopped.ts'
import type { FrameStream } from './frames.ts'
import { asMessage, type Message, message } from './message.ts'
import { fromWireError } from './wire-error.ts'

/** Parts kept for a reader who is slower than the remote; then the remote is made to wait. */
const MAX_WAITING = 16
/** The same after a stop, when the reader may want every part that the end value speaks of. */
const MAX_WAITING_STOPPED = 1_024

/** A stream lent for one exchange; `give` returns it to its pool. */
export interface Lease {
  readonly io: FrameStream
  readonly peer: string
  give(usable: boolean): void
}

const lastIds = new WeakMap<FrameStream, number>()

/** Starts one ask on a stream from `take` and returns its handle; see Exchange for what it promises. */
export function createCall(
  take: (signal: AbortSignal) => Promise<Lease>,
  value: unknown,
  options: AskOptions & { deadlineMs: number }
): Exchange {
  const { signal, deadlineMs } = options
  const opening = new AbortController()
  const started = Promise.withResolvers<{ lease: Lease; id: number }>()
  const end = Promise.withResolvers<unknown>()
  const waiting: unknown[] = []
  let live: { lease: Lease; id: number } | undefined
  let phase: 'opening' | 'running' | 'stopping' | 'over' = 'opening'
  let failure: { error: unknown } | undefined
  let discard = false
  let silent = false
  let patience: NodeJS.Timeout | undefined
  let ring = Promise.withResolvers<void>()
  // Whoever reads only the parts, or only the end, must not be told of the same failure twice.
  end.promise.catch(() => {})
  started.promise.catch(() => {})

  function changed(): void {
    ring.resolve()
    ring = Promise.withResolvers()
  }

  function stop(): void {
    if (phase === 'opening') opening.abort(signal?.reason ?? new ExchangeStopped('cancelled'))
    if (phase !== 'running' || live === undefined) return
    phase = 'stopping'
    const { lease, id } = live
    lease.io.write(message('stop', id)).catch(() => {})
    clearTimeout(patience)
    patience = setTimeout(() => giveUp(lease), LIMITS.cancelMs)
    changed()
  }

  function giveUp(lease: Lease): void {
    silent = true
    lease.io.stream.abort(new Error('no answer in time'))
    changed()
  }

  function onAbort(): void {
    discard = true
    waiting.length = 0
    stop()
    changed()
  }

  /** Waits for what the remote owes, but not for ever; after a stop the stop's own timer runs. */
  async function due<T>(lease: Lease, what: Promise<T>): Promise<T> {
    if (phase === 'running') patience = setTimeout(() => giveUp(lease), deadlineMs)
    try {
      return await what
    } finally {
      if (phase === 'running') clearTimeout(patience)
    }
  }

  async function receive(lease: Lease, id: number): Promise<Message> {
    for (;;) {
      const read = await due(lease, lease.io.read())
      if (read === undefined) throw new DatanetError('PEER_GONE', { peer: lease.peer })
      const got = asMessage(read)
      if (got.t === 'error' && got.id === 0) throw fromWireError(got.v, lease.peer)
      if (got.id !== id || got.t === 'ask' || got.t === 'more' || got.t === 'stop') {
        throw new DatanetError('FRAME_MALFORMED', { peer: lease.peer, t: got.t })
      }
      if (got.t !== 'part') return got
      if (discard) continue
      waiting.push(got.v)
      changed()
      const full = () =>
        waiting.length >= (phase === 'stopping' ? MAX_WAITING_STOPPED : MAX_WAITING)
      while (full() && !silent) await ring.promise
    }
  }

  function finish(lease: Lease | undefined, usable: boolean): void {
    phase = 'over'
    clearTimeout(patience)
    signal?.removeEventListener('abort', onAbort)
    lease?.give(usable)
    changed()
  }

  function fail(error: unknown): void {
    failure = { error }
    end.reject(error)
  }

  async function run(): Promise<void> {
    let lease: Lease | undefined
    try {
      lease = await take(opening.signal)
      if (opening.signal.aborted) {
        lease.give(true)
        throw opening.signal.reason
      }
    } catch (error) {
      fail(error)
      started.reject(error)
      return finish(undefined, false)
    }
    const id = (lastIds.get(lease.io) ?? 0) + 1
    lastIds.set(lease.io, id)
    live = { lease, id }
    phase = 'running'
    try {
      // Sent at once, in this turn: nothing of this exchange can come before its ask.
      const sent = lease.io.write(message('ask', id, value))
      started.resolve(live)
      await due(lease, sent)
      const last = await receive(lease, id)
      if (last.t === 'error') fail(fromWireError(last.v, lease.peer))
      else end.resolve(last.v)
      finish(lease, true)
    } catch (cause) {
      fail(lossOf(cause, lease.peer, silent))
      finish(lease, false)
    }
  }

  async function* parts(): AsyncGenerator<unknown> {
    try {
      for (;;) {
        if (discard) throw signal?.reason
        if (waiting.length > 0) {
          const part = waiting.shift()
          changed()
          yield part
        } else if (failure !== undefined) throw failure.error
        else if (phase === 'over') return
        else await ring.promise
      }
    } finally {
      if (phase !== 'over') {
        discard = true
        waiting.length = 0
        stop()
        changed()
      }
    }
  }

  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  run()

  return {
    parts: { [Symbol.asyncIterator]: parts },
    end: end.promise,
    async send(more) {
      const { lease, id } = await started.promise
      if (phase === 'over') return
      try {
        await lease.io.write(message('more', id, more))
      } catch (cause) {
        throw lossOf(cause, lease.peer, silent)
      }
    },
    stop
  }
}

function lossOf(cause: unknown, peer: string, silent: boolean): DatanetError {
  if (silent) return new DatanetError('PEER_SILENT', { peer })
  if (isDatanetError(cause)) return cause
  return new DatanetError('PEER_GONE', { peer }, { cause })
}
