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
  /** Opens the exchange of the ask that was given out last; `close` it before the next. */
  open(deadlineMs: number): OpenExchange
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

/** What has arrived for one ask, from the moment the ask itself has. */
interface Arrived {
  readonly ask: Message
  readonly waiting: unknown[]
  readonly stop: AbortController
}

/** An inbox over `io`, which nothing else may read. */
export function createInbox(io: FrameStream): Inbox {
  /** The ask that was given out, and one that may have come before its predecessor was closed. */
  let active: Arrived | undefined
  let coming: Arrived | undefined
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
      if (coming !== undefined) throw new DatanetError('FRAME_MALFORMED', { reason: 'two asks' })
      coming = { ask: read, waiting: [], stop: new AbortController() }
    } else if (read.t === 'more' || read.t === 'stop') {
      const to = [active, coming].find((arrived) => arrived?.ask.id === read.id)
      // Of a finished exchange: it crossed our last frame on the wire.
      if (to === undefined) return
      if (read.t === 'more') to.waiting.push(read.v)
      else to.stop.abort(new ExchangeStopped('cancelled'))
    } else {
      throw new DatanetError('FRAME_MALFORMED', { reason: `a caller cannot send ${read.t}` })
    }
  }

  function isFull(): boolean {
    return [active, coming].some((arrived) => (arrived?.waiting.length ?? 0) >= MAX_WAITING)
  }

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const value = await io.read()
        if (value === undefined) break
        route(asMessage(value))
        changed()
        while (isFull() && !over) await ring.promise
      }
    } catch (error) {
      failure = error
    }
    lost()
  }

  function lost(): void {
    over = true
    active?.stop.abort(new ExchangeStopped('gone'))
    changed()
  }
  pump()
  io.closed.then(lost)

  return {
    async ask() {
      while (coming === undefined && !over) await ring.promise
      if (failure !== undefined) throw failure
      active = over ? undefined : coming
      coming = undefined
      return active?.ask
    },
    open(deadlineMs) {
      const { waiting, stop } = active ?? { waiting: [], stop: new AbortController() }
      const opened = active
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        stop.abort(new ExchangeStopped('late'))
        late.resolve()
        changed()
      }, deadlineMs)
      if (over) stop.abort(new ExchangeStopped('gone'))
      let isClosed = false

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
            // A handler that has ended must not be woken by the messages of the next exchange.
            if (isClosed) throw new ExchangeStopped('cancelled')
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
          isClosed = true
          if (active === opened) active = undefined
          changed()
        }
      }
    }
  }
}
