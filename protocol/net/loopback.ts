import type { Libp2p, Logger, Stream } from '@libp2p/interface'
import { AbstractStream } from '@libp2p/utils'

/** Takes a stream in from `peer`. */
export type Acceptor = (stream: Stream, peer: string) => void

/** What each node answers itself: nobody can dial itself, and libp2p tells its handlers to no one. */
const acceptors = new WeakMap<Libp2p, Map<string, Acceptor>>()

/** Lets `node` reach `acceptor` under `protocol` from itself, until the returned function is called. */
export function acceptFromSelf(node: Libp2p, protocol: string, acceptor: Acceptor): () => void {
  const own = acceptors.get(node) ?? new Map<string, Acceptor>()
  acceptors.set(node, own)
  own.set(protocol, acceptor)
  return () => own.delete(protocol)
}

/**
 * A stream of `node` to itself under `protocol`, as a dialled one in all but its way: in memory.
 * Undefined when the node does not answer that protocol.
 */
export function dialSelf(node: Libp2p, protocol: string): Stream | undefined {
  const accept = acceptors.get(node)?.get(protocol)
  if (accept === undefined) return undefined
  const log = node.logger.forComponent('datanet:loopback')
  const outbound = new LoopbackStream('outbound', protocol, log)
  const inbound = new LoopbackStream('inbound', protocol, log)
  outbound.join(inbound)
  accept(inbound, node.peerId.toString())
  return outbound
}

let made = 0

/** One end of two streams that are joined in memory. What is sent arrives later, never in the same turn. */
class LoopbackStream extends AbstractStream {
  private other: LoopbackStream | undefined

  constructor(direction: 'inbound' | 'outbound', protocol: string, log: Logger) {
    made += 1
    super({ id: `loopback-${made}`, direction, protocol, log })
  }

  join(other: LoopbackStream): void {
    this.other = other
    other.other = this
  }

  sendData(data: Parameters<AbstractStream['sendData']>[0]) {
    const bytes = data.slice()
    this.tell((other) => other.onData(bytes))
    return { sentBytes: data.byteLength, canSendMore: this.other?.readStatus !== 'paused' }
  }

  sendReset(): void {
    this.tell((other) => other.onRemoteReset())
  }

  async sendCloseWrite(): Promise<void> {
    this.tell((other) => other.onRemoteCloseWrite())
  }

  async sendCloseRead(): Promise<void> {
    this.tell((other) => other.onRemoteCloseRead())
  }

  /** Seen by `sendData` of the other end. */
  sendPause(): void {}

  sendResume(): void {
    this.tell((other) => other.onMuxerDrain())
  }

  /** In order, and to nobody who is gone: a reset and a close may cross. */
  private tell(what: (other: LoopbackStream) => void): void {
    queueMicrotask(() => {
      const { other } = this
      if (other !== undefined && (other.status === 'open' || other.status === 'closing'))
        what(other)
    })
  }
}
