import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { DatanetError } from '../../protocol/base/errors.ts'
import { PROVIDER_VALIDITY_MS } from '../../protocol/net/directory.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { deadline, pause, poll } from '../../protocol/net/waiting.ts'
import { gathering } from './gathering.ts'

const DIAL_MS = 5_000
const FIRST_RETRY_MS = 200
const BOOTSTRAP_MS = 20_000
/** How libp2p and multiaddr call it: a port that is taken, an address that is none of this machine's, or none. */
const LISTEN_FAILURE =
  /^(UnsupportedListenAddresses|UnknownProtocol|InvalidMultiaddr|Validation)Error$/

/** What a node is made of. */
export interface NodeInit {
  readonly privateKey: PrivateKey
  /** Peers to join by; at least one must answer. Empty for the first node of a network. */
  readonly bootstrap: readonly Multiaddr[]
  /** Default: loopback, any free port. */
  readonly listen?: readonly string[]
  /** Default true. Without it nothing can be found, only dialled. */
  readonly dht?: boolean
  /** How long the bootstrap peers are tried. Default 20 s. */
  readonly joinMs?: number
  /** Peers whose connections are refused, by their id. */
  readonly isBarred?: (peer: string) => boolean
  readonly signal?: AbortSignal
}

/** A peer's libp2p node. `services.dht` is missing when the DHT is off. */
export type PeerNode = Libp2p<{ dht?: KadDHT & { readonly routingTable: { size: number } } }>

/**
 * A started node that has reached one of its bootstrap peers. Refuses addresses that cannot be
 * listened on (CONFIG_INVALID) and, stopping the node again, PEER_UNREACHABLE when none answered within
 * `joinMs` of retries.
 */
export async function createNode(init: NodeInit): Promise<PeerNode> {
  const node = await startNode(init).catch((cause: unknown) => {
    if (!LISTEN_FAILURE.test(cause instanceof Error ? cause.name : '')) throw cause
    const hint = `${init.listen?.join(' ') ?? 'loopback'} cannot be listened on: taken, or no address of this machine`
    throw new DatanetError('CONFIG_INVALID', { key: 'listen' }, { cause, hint })
  })
  try {
    await join(node, init)
  } catch (error) {
    await node.stop()
    throw error
  }
  return node as unknown as PeerNode
}

function startNode(init: NodeInit): Promise<Libp2p> {
  return createLibp2p({
    privateKey: init.privateKey,
    addresses: { listen: [...(init.listen ?? ['/ip4/127.0.0.1/tcp/0'])] },
    transports: [tcp()],
    connectionEncrypters: [gathering(noise())],
    // A window over the read buffer would abort paused streams; ten early streams are too few for a
    // caller that opens its pool at once.
    streamMuxers: [
      yamux({ maxEarlyStreams: 1_000, streamOptions: { maxStreamWindowSize: 1_048_576 } })
    ],
    // Peers of one machine or office share an address: 5 dials a second from it is no attack.
    connectionManager: { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 },
    // Known only once it said who it is: before that anyone could bar anyone.
    connectionGater: {
      denyInboundEncryptedConnection: (peer) => init.isBarred?.(peer.toString()) ?? false
    },
    // A peer that builds an index is deaf for seconds and not dead; exchanges have their own deadlines.
    connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
    // An expired entry of one provider would hide every live one of the same key.
    peerStore: { maxAddressAge: 2 * PROVIDER_VALIDITY_MS, maxPeerAge: 2 * PROVIDER_VALIDITY_MS },
    services: {
      identify: identify(),
      ping: ping(),
      ...(init.dht === false ? {} : { dht: createDht() })
    }
  })
}

/** Resolves when the DHT knows a peer to ask. Refuses DISCOVERY_OFF, PEER_SILENT after 20 s. */
export async function waitForNetwork(
  node: PeerNode,
  options: { signal?: AbortSignal; limitMs?: number } = {}
): Promise<void> {
  const dht = node.services.dht
  if (dht === undefined) throw new DatanetError('DISCOVERY_OFF')
  const signal = options.signal ?? new AbortController().signal
  const limitMs = options.limitMs ?? BOOTSTRAP_MS
  if (await poll(() => dht.routingTable.size > 0, limitMs, signal)) return
  throw new DatanetError('PEER_SILENT', { limitMs }, { hint: 'no peer of the DHT answered' })
}

function createDht() {
  return kadDHT({
    protocol: PROTOCOLS.kad,
    // Servers at once and with private addresses: most peers of a community sit in one network.
    clientMode: false,
    peerInfoMapper: passthroughMapper,
    reprovide: { validity: PROVIDER_VALIDITY_MS, threshold: PROVIDER_VALIDITY_MS / 2 }
  })
}

/** Dials every bootstrap peer until one has answered; the others may come later or never. */
async function join(node: Libp2p, init: NodeInit): Promise<void> {
  const { bootstrap } = init
  if (bootstrap.length === 0) return
  const signal = init.signal ?? new AbortController().signal
  const limit = deadline(init.joinMs ?? BOOTSTRAP_MS, signal)
  let cause: unknown
  try {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs *= 2) {
      try {
        await Promise.any(bootstrap.map((address) => dial(node, address, limit.signal)))
        return
      } catch (error) {
        cause = error
      }
      await pause(waitMs, limit.signal)
    }
  } catch {
    signal.throwIfAborted()
    const peers = bootstrap.slice(0, 4).join(' ')
    throw new DatanetError('PEER_UNREACHABLE', { peers }, { cause, hint: `no answer at ${peers}` })
  } finally {
    limit.release('joined')
  }
}

async function dial(node: Libp2p, address: Multiaddr, signal: AbortSignal): Promise<void> {
  const one = deadline(DIAL_MS, signal)
  try {
    await node.dial(address, { signal: one.signal })
  } finally {
    one.release()
  }
}
