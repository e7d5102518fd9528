// Chapter 05: a libp2p node, the DHT's rendezvous keys, and exchanges on kept streams.

import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { bucketsOf, rendezvousKey, rendezvousKeys } from './trees.mjs'

export async function startNode() {
  return await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/datanet/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper
      })
    }
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function join(node, addresses) {
  for (const address of addresses) await node.dial(multiaddr(address))
  const until = Date.now() + 10_000
  while (node.services.dht.routingTable?.size === 0 && Date.now() < until) await pause(50)
}

/** Says in the DHT: ask me about this. It tries again where nobody could store it yet. */
export async function announce(node, kind, value) {
  const keys = bucketsOf(kind, node.peerId.toString()).map((b) => rendezvousKey(kind, value, b))
  for (const key of keys) {
    const until = Date.now() + 10_000
    while ((await provide(node, key)) === 0 && Date.now() < until) await pause(200)
  }
  return keys
}

/** How many nodes took the announcement. */
async function provide(node, key) {
  let stored = 0
  for await (const event of node.services.dht.provide(CID.parse(key))) {
    const isAnswer = event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER'
    if (isAnswer) stored += 1
  }
  return stored
}

/** Peers that said so, without ourselves: peer id → addresses. */
export async function seek(node, kind, value) {
  const found = new Map()
  const look = async (key) => {
    const signal = AbortSignal.timeout(5_000)
    const events = node.services.dht.findProviders(CID.parse(key), { signal })
    for await (const event of events) {
      for (const peer of event.name === 'PROVIDER' ? event.providers : []) {
        if (!peer.id.equals(node.peerId)) found.set(peer.id.toString(), peer)
      }
    }
  }
  await Promise.all(rendezvousKeys(kind, value).map((key) => look(key).catch(() => undefined)))
  return [...found.values()]
}
