import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { createCall, type Lease } from './call.ts'
import { createFrames, type FrameStream } from './frames.ts'
import { dialSelf } from './loopback.ts'

/** Who is asked: a peer id, addresses of one peer, or either of them as text. */
export type PeerTarget = PeerId | string | Multiaddr | Multiaddr[]

/** One ask in progress. */
export interface Exchange {
  /**
   * The parts as they arrive; the remote waits while you do not read. Breaking out stops the exchange.
   * Throws what `end` rejects with, or the abort reason when your signal fired.
   */
  readonly parts: AsyncIterable<unknown>
  /**
   * The end value, also after a stop or an abort (for what was delivered; undefined if the remote gave
   * none). Parts must be read, or be few, for it to come. Rejects with the remote's error by its code,
   * PEER_GONE, PEER_SILENT, INPUT_INVALID (the target), PEER_UNREACHABLE, PROTOCOL_REFUSED, PROVIDER_BUSY (own queue full),
   * FRAME_MALFORMED, FRAME_TOO_LARGE; with the abort reason if it fired before the ask was sent.
   */
  readonly end: Promise<unknown>
  /**
   * Sends a further message to the handler. Dropped without error when the exchange is over already;
   * rejects when it could not start (as `end`) or the stream is lost (PEER_GONE).
   */
  send(more: unknown): Promise<void>
  /**
   * Asks the remote to finish early; parts it had sent still come, then `end`. The stream is kept if
   * the remote answers within LIMITS.cancelMs, else it is reset (PEER_SILENT).
   */
  stop(): void
}

/** Options of one ask; `deadlineMs` bounds each silence of the remote, not the whole exchange. */
export interface AskOptions {
  readonly signal?: AbortSignal
  readonly deadlineMs?: number
}

/** The caller's side of every exchange: open streams are kept and reused. */
export interface ExchangePool {
  ask(target: PeerTarget, protocol: string, ask: unknown, options?: AskOptions): Exchange
  /** The end value of an ask whose parts, if any, are not wanted. */
  request(
    target: PeerTarget,
    protocol: string,
    ask: unknown,
    options?: AskOptions
  ): Promise<unknown>
  /** Resets every stream: exchanges in progress reject with PEER_GONE. */
  close(): void
}

interface Lane {
  readonly idle: FrameStream[]
  readonly waiting: Array<() => void>
  open: number
}

/**
 * A pool over `node`; the node itself is asked in memory, with the same frames and handlers as
 * everyone else. Per peer and protocol it keeps up to `streams` open streams, gives each ask one
 * of its own, opens another only when all are busy and queues past the limit.
 * specs/05-network.md §Exchange
 */
export function createExchangePool(
  node: Libp2p,
  init: { streams?: number; queue?: number; maxFrameBytes?: number } = {}
): ExchangePool {
  const size = init.streams ?? LIMITS.poolStreams
  const maxQueue = init.queue ?? 64 * size
  const lanes = new Map<string, Lane>()
  const all = new Set<FrameStream>()
  let closed = false

  async function open(peer: string, protocol: string, signal: AbortSignal): Promise<FrameStream> {
    const stream = isSelf(node, peer)
      ? dialSelf(node, protocol)
      : await dial(node, peer, protocol, signal)
    if (stream === undefined) throw new DatanetError('PROTOCOL_REFUSED', { peer, protocol })
    const io = createFrames(
      stream,
      init.maxFrameBytes === undefined ? {} : { maxFrameBytes: init.maxFrameBytes }
    )
    all.add(io)
    io.closed.then(() => all.delete(io))
    return io
  }

  async function take(
    target: PeerTarget,
    protocol: string,
    deadlineMs: number,
    signal: AbortSignal
  ): Promise<Lease> {
    const peer =
      idOf(target) ??
      (await within(signal, deadlineMs, (either) => identify(node, target as Addressed, either)))
    const key = `${protocol} ${peer}`
    const lane = lanes.get(key) ?? { idle: [], waiting: [], open: 0 }
    lanes.set(key, lane)
    const leave = () => {
      lane.open -= 1
      if (lane.open === 0 && lane.waiting.length === 0) lanes.delete(key)
    }
    const give = (io: FrameStream) => (usable: boolean) => {
      if (usable && !closed && alive(io)) lane.idle.push(io)
      else {
        io.stream.abort(new Error('the stream is not usable any more'))
        leave()
      }
      lane.waiting.shift()?.()
    }
    for (;;) {
      if (closed) throw new DatanetError('PEER_GONE', { peer }, { hint: 'this pool is closed' })
      signal.throwIfAborted()
      const io = lane.idle.pop()
      if (io !== undefined) {
        if (alive(io)) return { io, peer, give: give(io) }
        leave()
        lanes.set(key, lane)
        continue
      }
      if (lane.open < size) {
        lane.open += 1
        try {
          const fresh = await within(signal, deadlineMs, (either) => open(peer, protocol, either))
          return { io: fresh, peer, give: give(fresh) }
        } catch (error) {
          leave()
          lane.waiting.shift()?.()
          throw error
        }
      }
      if (lane.waiting.length >= maxQueue) throw new DatanetError('PROVIDER_BUSY', { peer })
      await turn(lane, signal)
      // Who leaves when it is its turn hands the turn on: nobody else would wake the next.
      if (signal.aborted) lane.waiting.shift()?.()
    }
  }

  function ask(target: PeerTarget, protocol: string, value: unknown, options: AskOptions = {}) {
    const deadlineMs = options.deadlineMs ?? LIMITS.exchangeMs
    const lend = (signal: AbortSignal) => take(target, protocol, deadlineMs, signal)
    return createCall(lend, value, { ...options, deadlineMs })
  }

  return {
    ask,
    async request(target, protocol, value, options = {}) {
      const exchange = ask(target, protocol, value, options)
      for await (const _ of exchange.parts);
      return exchange.end
    },
    close() {
      closed = true
      for (const io of all) io.stream.abort(new Error('the pool was closed'))
      for (const lane of lanes.values()) for (const wake of lane.waiting.splice(0)) wake()
    }
  }
}

async function dial(
  node: Libp2p,
  peer: string,
  protocol: string,
  signal: AbortSignal
): Promise<Stream> {
  try {
    return await node.dialProtocol(peerIdFromString(peer), protocol, { signal })
  } catch (cause) {
    throw dialFailure(cause, { peer, protocol })
  }
}

function isSelf(node: Libp2p, peer: string): boolean {
  return peer === node.peerId.toString()
}

/** A target that says where the peer is. */
type Addressed = Exclude<PeerTarget, PeerId>

/** The id of a target that says it. */
function idOf(target: PeerTarget): string | undefined {
  if (typeof target === 'string') return target.startsWith('/') ? undefined : target
  return isPeerId(target) ? target.toString() : undefined
}

/** The peer's id; dials only when it is not known or not yet reachable by it. */
async function identify(node: Libp2p, target: Addressed, signal: AbortSignal): Promise<string> {
  const addresses = Array.isArray(target) ? target : [parseAddress(target)]
  const peer = addresses[0]?.getComponents().findLast((part) => part.name === 'p2p')?.value
  if (peer !== undefined && isSelf(node, peer)) return peer
  if (peer !== undefined && node.getConnections(peerIdFromString(peer)).length > 0) return peer
  try {
    return (await node.dial(addresses, { signal })).remotePeer.toString()
  } catch (cause) {
    throw dialFailure(cause, { addresses: addresses.slice(0, 4).join(' ') })
  }
}

function parseAddress(target: string | Multiaddr): Multiaddr {
  try {
    return multiaddr(target)
  } catch (cause) {
    throw new DatanetError('INPUT_INVALID', { address: String(target).slice(0, 80) }, { cause })
  }
}

function isPeerId(target: PeerTarget): target is PeerId {
  return typeof target === 'object' && 'toMultihash' in target
}

/** Runs `dial` with the caller's signal and, so that a black hole costs no more, a deadline. */
async function within<T>(
  signal: AbortSignal,
  deadlineMs: number,
  dial: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('no connection in time')), deadlineMs)
  try {
    return await dial(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until a stream of the lane is given back; leaves the queue when the signal fires. */
function turn(lane: Lane, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    const onAbort = () => {
      lane.waiting.splice(lane.waiting.indexOf(wake), 1)
      reject(signal.reason)
    }
    lane.waiting.push(wake)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function alive(io: FrameStream): boolean {
  return io.stream.status === 'open' && io.stream.remoteWriteStatus === 'writable'
}

function dialFailure(cause: unknown, details: Record<string, unknown>): DatanetError {
  const refused = cause instanceof Error && cause.name === 'UnsupportedProtocolError'
  return new DatanetError(refused ? 'PROTOCOL_REFUSED' : 'PEER_UNREACHABLE', details, { cause })
}
