import { withBitswap } from '@helia/bitswap'
import type { Libp2p, PeerInfo } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import { createHeliaLight, type Helia, type HeliaInit, type Router } from 'helia'

const ROUTER = 'datanet'

/**
 * A started Helia on `node`, with bitswap and the node's own routing. Its stop() leaves the node running. Whatever is in `blockstore` is given to any peer that asks for it.
 */
export async function createHelia(
  node: Libp2p,
  blockstore: NonNullable<HeliaInit['blockstore']>
): Promise<Helia> {
  const light = createHeliaLight({ blockstore, routers: [nodeRouter(node)] })
  // It can be told another protocol id, and dials by this one all the same.
  const helia = withBitswap(Object.assign(light, { libp2p: node }))
  await helia.start()
  return helia
}

/** Helia's view of the routing that the node has. */
function nodeRouter(node: Libp2p): Router {
  const { contentRouting, peerRouting } = node
  return {
    name: ROUTER,
    provide: (cid, options) => contentRouting.provide(cid, options),
    cancelReprovide: (cid, options) => contentRouting.cancelReprovide(cid, options),
    async *findProviders(cid, options) {
      for await (const info of contentRouting.findProviders(cid, options)) yield asProvider(info)
    },
    put: (key, value, options) => contentRouting.put(key, value, options),
    async get(key, options) {
      return Uint8Array.from(await contentRouting.get(key, options))
    },
    async findPeer(cid, options) {
      return asProvider(await peerRouting.findPeer(peerIdFromCID(cid), options))
    },
    async *getClosestPeers(key, options) {
      for await (const info of peerRouting.getClosestPeers(key, options)) yield asProvider(info)
    }
  }
}

function asProvider(info: PeerInfo) {
  return { ...info, id: info.id.toCID(), router: ROUTER, fallback: false }
}
