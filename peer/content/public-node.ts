import { identify } from '@libp2p/identify'
import type { PrivateKey } from '@libp2p/interface'
import {
  type KadDHT,
  kadDHT,
  passthroughMapper,
  removePrivateAddressesMapper
} from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { peerIdFromCID, peerIdFromMultihash } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { DatanetError } from '../../protocol/base/errors.ts'
import { IPFS_KAD } from '../../protocol/net/ids.ts'
import { verifyIpns } from '../../protocol/net/ipns.ts'

/** Where the public IPFS network is joined. */
export const PUBLIC_BOOTSTRAP: readonly string[] = [
  ...[
    'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN',
    'QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa'
  ],
  ...[
    'QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb',
    'QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt'
  ]
].map((peer) => `/dnsaddr/bootstrap.libp2p.io/p2p/${peer}`)

const IPNS = '/ipns/'
const DIAL_MS = 10_000

/** A node of the public IPFS network, or of another one that speaks the same. */
export type PublicNode = Libp2p<{ dht: KadDHT & { readonly routingTable: { size: number } } }>

/** A started node; whom it joins by may be away. Refuses addresses that cannot be listened on (CONFIG_INVALID). */
export async function createPublicNode(init: {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly now: () => number
}): Promise<PublicNode> {
  // A network on one machine has no other addresses.
  const isLocal = init.listen.every((address) => address.startsWith('/ip4/127.'))
  const node = (await createLibp2p({
    privateKey: init.privateKey,
    addresses: { listen: [...init.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: IPFS_KAD,
        // A client until an address is known by which others reach it; a local one serves at once.
        clientMode: false,
        peerInfoMapper: isLocal ? passthroughMapper : removePrivateAddressesMapper,
        validators: { ipns: (key, value) => validate(key, value, init.now()) },
        selectors: { ipns: (key, values) => select(key, values, init.now()) }
      })
    }
  }).catch((cause) => {
    const hint = `${init.listen.join(' ')} cannot be listened on`
    throw new DatanetError('CONFIG_INVALID', { key: 'ipfsListen' }, { cause, hint })
  })) as unknown as PublicNode
  for (const address of init.bootstrap) {
    node.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_MS) }).catch(() => {})
  }
  return node
}

/** Where the DHT keeps the record of an IPNS name. */
export function ipnsKey(name: string): Uint8Array {
  const { bytes } = peerIdFromCID(CID.parse(name, base36)).toMultihash()
  return Uint8Array.from(Buffer.concat([Buffer.from(IPNS), bytes]))
}

async function read(key: Uint8Array, value: Uint8Array, nowMs: number) {
  const id = peerIdFromMultihash(decodeDigest(key.subarray(IPNS.length)))
  return verifyIpns(value, id.toCID().toString(base36), nowMs)
}

async function validate(key: Uint8Array, value: Uint8Array, nowMs: number): Promise<void> {
  await read(key, value, nowMs)
}

/** The last word of its owner. */
async function select(key: Uint8Array, values: readonly Uint8Array[], nowMs: number) {
  const said = await Promise.all(
    values.map((value) =>
      read(key, value, nowMs).then(
        ({ sequence }) => sequence,
        () => -1
      )
    )
  )
  return said.indexOf(Math.max(...said))
}
