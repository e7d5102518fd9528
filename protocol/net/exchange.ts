import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { DatanetError, isDatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import type { ExchangeStopped } from './exchange-stopped.ts'
import { createFrames, type FrameStream } from './frames.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { acceptFromSelf } from './loopback.ts'
import { type Message, message } from './message.ts'
import { toWireError } from './wire-error.ts'

/** What a handler knows of the exchange it answers. */
export interface ExchangeContext {
  readonly remotePeer: string
  /** Aborts with an ExchangeStopped when the caller stops or is lost, or the deadline passes. */
  readonly signal: AbortSignal
  /**
   * The caller's next `more` message. Refuses none within `deadlineMs` (PEER_SILENT; the exchange's
   * own deadline if not given) and rejects with the signal's reason when the exchange is stopped.
   */
  next(options?: { deadlineMs?: number }): Promise<unknown>
  /** The same messages as an iterable; it ends when the exchange is stopped. */
  readonly messages: AsyncIterable<unknown>
}

/**
 * Answers one ask: yields parts, returns the end value. `yield` gives true when the part was sent and
 * false when the exchange had been stopped: then return the end value for what was delivered; a
 * second part yielded after that ends the handler. A thrown DatanetError is told to the caller.
 */
export type ExchangeHandler = (
  ask: unknown,
  context: ExchangeContext
) => AsyncGenerator<unknown, unknown, boolean>

/** An end value with the parts right before it. */
class EndWithParts {
  readonly parts: readonly unknown[]
  readonly end: unknown
  constructor(parts: readonly unknown[], end: unknown) {
    this.parts = parts
    this.end = end
  }
}

/**
 * The return value of a handler whose last `parts` leave in one send with `end`: also when the caller
 * has just stopped, since the end speaks of them.
 */
export function endWith(parts: readonly unknown[], end: unknown): unknown {
  return new EndWithParts(parts, end)
}

/** Bounds of a server; each has its default in LIMITS. */
export interface ServeInit {
  /** The whole life of one exchange. Default 10 × LIMITS.exchangeMs. */
  readonly deadlineMs?: number
  /** Exchanges that one peer may have in progress; more are refused (PROVIDER_BUSY). */
  readonly exchangesPerPeer?: number
  readonly inboundStreams?: number
  readonly maxFrameBytes?: number
}

/**
 * Answers `protocol` on `node` until the returned `stop` is called, which cuts running exchanges
 * (their handlers see `gone`) and waits for their handlers, two seconds at most. A malformed or oversized frame is answered
 * with its code and costs the sender the stream; a failed handler costs the sender nothing but the ask.
 * specs/05-network.md §Exchange
 */
export async function serveExchange(
  node: Libp2p,
  protocol: string,
  handler: ExchangeHandler,
  init: ServeInit = {}
): Promise<{ stop(): Promise<void> }> {
  const running = new Map<string, number>()
  const sessions = new Map<FrameStream, Promise<void>>()

  async function answer(io: FrameStream, ask: Message, inbox: Inbox, peer: string): Promise<void> {
    const active = running.get(peer) ?? 0
    if (active >= (init.exchangesPerPeer ?? LIMITS.inboundStreams)) {
      const busy = new DatanetError('PROVIDER_BUSY', { exchanges: active })
      return io.write(message('error', ask.id, toWireError(busy)))
    }
    running.set(peer, active + 1)
    const exchange = inbox.open(init.deadlineMs ?? 10 * LIMITS.exchangeMs)
    const context = { remotePeer: peer, ...exchange.view }
    try {
      const last = await drive(io, ask, handler, context)
      if ((context.signal.reason as ExchangeStopped | undefined)?.how === 'gone') return
      // A caller that reads nothing must not hold the handler's place for ever.
      await raceLate(io, exchange.late, io.write(...last))
    } finally {
      exchange.close()
      const left = (running.get(peer) ?? 1) - 1
      if (left === 0) running.delete(peer)
      else running.set(peer, left)
    }
  }

  async function session(io: FrameStream, peer: string): Promise<void> {
    const inbox = createInbox(io)
    try {
      for (;;) {
        const ask = await inbox.ask()
        if (ask === undefined) break
        await answer(io, ask, inbox, peer)
      }
      await io.stream.close({ signal: AbortSignal.timeout(LIMITS.cancelMs) })
    } catch (error) {
      if (isDatanetError(error) && io.stream.status === 'open') {
        // The code goes out before the reset; a send after close() is refused by the stream.
        await io.write(message('error', 0, toWireError(error))).catch(() => {})
        await io.stream.close({ signal: AbortSignal.timeout(LIMITS.cancelMs) }).catch(() => {})
      }
      io.stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const accept = (stream: Stream, peer: string) => {
    const io = createFrames(
      stream,
      init.maxFrameBytes === undefined ? {} : { maxFrameBytes: init.maxFrameBytes }
    )
    const done = session(io, peer).finally(() => sessions.delete(io))
    sessions.set(io, done)
  }
  const onStream = (stream: Stream, { remotePeer }: Connection) =>
    accept(stream, remotePeer.toString())
  await node.handle(protocol, onStream, {
    maxInboundStreams: init.inboundStreams ?? LIMITS.inboundStreams
  })
  const refuseSelf = acceptFromSelf(node, protocol, accept)

  return {
    async stop() {
      refuseSelf()
      await node.unhandle(protocol)
      const pending = Promise.all(sessions.values())
      for (const io of sessions.keys()) io.stream.abort(new Error('the server stops'))
      // A handler that ignores its signal must not hold up the whole peer's end.
      const patience = Promise.withResolvers<void>()
      const timer = setTimeout(patience.resolve, 2 * LIMITS.cancelMs)
      await Promise.race([pending, patience.promise])
      clearTimeout(timer)
    }
  }
}

/** Runs the handler to its end, sending its parts; returns the last messages of the exchange. */
async function drive(
  io: FrameStream,
  ask: Message,
  handler: ExchangeHandler,
  context: ExchangeContext
): Promise<Message[]> {
  const { signal } = context
  let parts: AsyncGenerator<unknown, unknown, boolean> | undefined
  try {
    parts = handler(ask.v, context)
    let step = await parts.next(true)
    for (let undelivered = 0; step.done !== true; ) {
      const sent = !signal.aborted && (await sendPart(io, ask.id, step.value, signal))
      if (!sent) undelivered += 1
      if (undelivered > 1) {
        // It does not listen to its signal: end it, or it would spin here for ever.
        await parts.return(undefined)
        return [stopped(ask.id, signal)]
      }
      step = await parts.next(sent)
    }
    if (!(step.value instanceof EndWithParts)) return [message('end', ask.id, step.value)]
    const { parts: last, end } = step.value
    return [...last.map((part) => message('part', ask.id, part)), message('end', ask.id, end)]
  } catch (error) {
    await parts?.return(undefined).catch(() => {})
    // After a stop the handler's own AbortError is the normal way out, not a failure.
    if (signal.aborted && !isDatanetError(error)) return [stopped(ask.id, signal)]
    return [message('error', ask.id, toWireError(error))]
  }
}

function stopped(id: number, signal: AbortSignal): Message {
  const late = (signal.reason as ExchangeStopped | undefined)?.how === 'late'
  if (!late) return message('end', id)
  return message('error', id, toWireError(new DatanetError('PEER_SILENT', { late: true })))
}

/** Whether the part went out. Does not wait past a stop: who stops may have ceased to read as well. */
async function sendPart(
  io: FrameStream,
  id: number,
  value: unknown,
  signal: AbortSignal
): Promise<boolean> {
  const stop = Promise.withResolvers<boolean>()
  const onAbort = () => stop.resolve(false)
  signal.addEventListener('abort', onAbort, { once: true })
  const sent = io.write(message('part', id, value)).then(
    () => !signal.aborted,
    (error) => {
      if (isDatanetError(error)) throw error
      // The stream is lost; its signal says so in a moment, which is what the handler goes by.
      return stop.promise
    }
  )
  try {
    return await Promise.race([sent, stop.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function raceLate(io: FrameStream, late: Promise<void>, write: Promise<void>): Promise<void> {
  const inTime = await Promise.race([write.then(() => true), late.then(() => false)])
  if (!inTime) io.stream.abort(new Error('the caller does not read its answer'))
}
