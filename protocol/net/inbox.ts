import { DatanetError } from '../base/errors.ts'
import { ExchangeStopped } from './exchange-stopped.ts'
import type { FrameStream } from './frames.ts'
import { asMessage, type Message } from './message.ts'

/** Messages of one exchange kept for a handler that has not asked for them; then reading waits. */
const MAX_WAITING = 64

/** The reading side of a server's stream: always exactly one read in flight, whoever waits for it. */
export interface Inbox {
  /** The next ask, or `undefined` when the caller is gone. Throws what ended the stream. */
  ask(): Promise<Message | undefined>
  /** Routes the caller's `more` and `stop` of exchange `id` to the returned view until `close`. */
  open(id: number, deadlineMs: number): OpenExchange
}

/** One exchange in progress, as its handler sees it. */
export interface OpenExchange {
  readonly view: {
    readonly signal: AbortSignal
    next(options?: { deadlineMs?: number }): Promise<unknown>
    readonly messages: AsyncIterable<unknown>
  }
  /** Resolves when the deadline has passed before `close`. */
  readonly late: Promise<void>
  close(): void
}

interface Active {
  readonly id: number
  readonly waiting: unknown[]
  stop(how: ExchangeStopped['how']): void
}

/** An inbox over `io`, which nothing else may read. */
export function createInbox(io: FrameStream): Inbox {
  let active: Active | undefined
  let ask: Message | undefined
  let over = false
  let failure: unknown
  let ring = Promise.withResolvers<void>()

  /** Wakes everyone who waits for anything; each looks again at what it needs. */
  function changed(): void {
    ring.resolve()
    ring = Promise.withResolvers()
  }

  function route(read: Message): void {
    if (read.t === 'ask') {
      if (ask !== undefined) throw new DatanetError('FRAME_MALFORMED', { reason: 'two asks' })
      ask = read
    } else if (read.t === 'more' || read.t === 'stop') {
      // Of a finished exchange: it crossed our last frame on the wire.
      if (read.id !== active?.id) return
      if (read.t === 'stop') active.stop('cancelled')
      else active.waiting.push(read.v)
    } else {
      throw new DatanetError('FRAME_MALFORMED', { reason: `a caller cannot send ${read.t}` })
    }
  }

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const value = await io.read()
        if (value === undefined) break
        route(asMessage(value))
        changed()
        while ((active?.waiting.length ?? 0) >= MAX_WAITING && !over) await ring.promise
      }
    } catch (error) {
      failure = error
    }
    lost()
  }

  function lost(): void {
    over = true
    active?.stop('gone')
    changed()
  }
  pump()
  io.closed.then(lost)

  return {
    async ask() {
      while (ask === undefined && !over) await ring.promise
      if (failure !== undefined) throw failure
      const next = over ? undefined : ask
      ask = undefined
      return next
    },
    open(id, deadlineMs) {
      const stop = new AbortController()
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        stop.abort(new ExchangeStopped('late'))
        late.resolve()
        changed()
      }, deadlineMs)
      const waiting: unknown[] = []
      const opened: Active = { id, waiting, stop: (how) => stop.abort(new ExchangeStopped(how)) }
      active = opened
      if (over) opened.stop('gone')

      async function next(options: { deadlineMs?: number } = {}): Promise<unknown> {
        let silent = false
        const patience =
          options.deadlineMs === undefined
            ? undefined
            : setTimeout(() => {
                silent = true
                changed()
              }, options.deadlineMs)
        try {
          while (waiting.length === 0) {
            stop.signal.throwIfAborted()
            if (silent) throw new DatanetError('PEER_SILENT', { deadlineMs: options.deadlineMs })
            await ring.promise
          }
          const value = waiting.shift()
          if (waiting.length === MAX_WAITING - 1) changed()
          return value
        } finally {
          clearTimeout(patience)
        }
      }

      async function* messages(): AsyncGenerator<unknown> {
        while (!stop.signal.aborted || waiting.length > 0) {
          const value = await next().catch((error) => {
            if (stop.signal.aborted) return undefined
            throw error
          })
          if (value === undefined && stop.signal.aborted) return
          yield value
        }
      }

      return {
        view: { signal: stop.signal, next, messages: { [Symbol.asyncIterator]: messages } },
        late: late.promise,
        close() {
          clearTimeout(timer)
          if (active === opened) active = undefined
          changed()
        }
      }
    }
  }
}
