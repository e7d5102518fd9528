// An IPFS node of libp2p and Helia alone, as others would write it: nothing of this project.
// One JSON object as the argument: {bootstrap?, dial?, read?: [cid, path], resolve?: name, stay?}.
import { withBitswap } from '@helia/bitswap'
import { ipns, ipnsSelector, ipnsValidator } from '@helia/ipns'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { peerIdFromCID } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { createHeliaLight } from 'helia'
import { createLibp2p } from 'libp2p'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'

const given = JSON.parse(process.argv[2])
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
const signal = AbortSignal.timeout(given.patienceMs ?? 20_000)

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    ping: ping(),
    dht: kadDHT({
      protocol: '/ipfs/kad/1.0.0',
      clientMode: false,
      peerInfoMapper: passthroughMapper,
      initialQuerySelfInterval: 100,
      validators: { ipns: (key, value) => ipnsValidator(key, value) },
      selectors: { ipns: ipnsSelector }
    })
  }
})
const { contentRouting, peerRouting } = node
const asProvider = (info) => ({ ...info, id: info.id.toCID(), router: 'kad', fallback: false })
const router = {
  name: 'kad',
  provide: (cid, options) => contentRouting.provide(cid, options),
  cancelReprovide: (cid, options) => contentRouting.cancelReprovide(cid, options),
  async *findProviders(cid, options) {
    for await (const info of contentRouting.findProviders(cid, options)) yield asProvider(info)
  },
  put: (key, value, options) => contentRouting.put(key, value, options),
  get: async (key, options) => Uint8Array.from(await contentRouting.get(key, options)),
  findPeer: async (cid, options) =>
    asProvider(await peerRouting.findPeer(peerIdFromCID(cid), options)),
  async *getClosestPeers(key, options) {
    for await (const info of peerRouting.getClosestPeers(key, options)) yield asProvider(info)
  }
}
const light = createHeliaLight({ blockstore: new MemoryBlockstore(), routers: [router] })
const helia = withBitswap(Object.assign(light, { libp2p: node }))
await helia.start()

say({ addresses: node.getMultiaddrs().map(String) })
try {
  for (const address of [given.bootstrap, given.dial]) {
    if (address !== undefined) await node.dial(multiaddr(address), { signal })
  }
  let [cid, path] = given.read ?? []
  if (given.resolve !== undefined) {
    const key = peerIdFromCID(CID.parse(given.resolve, base36))
    for await (const { value, record } of ipns(helia).resolve(key.publicKey ?? key.toMultihash(), {
      signal
    })) {
      cid = `${value ?? record?.value}`.replace('/ipfs/', '')
      break
    }
    say({ resolved: cid })
  }
  if (cid !== undefined) {
    const fs = unixfs(helia)
    const root = CID.parse(cid)
    const names = []
    for await (const { name } of fs.ls(root, { signal })) names.push(name)
    const parts = []
    for await (const part of fs.cat(root, { path, signal })) parts.push(part)
    say({ names, text: Buffer.concat(parts).toString() })
  }
} catch (error) {
  say({ error: error.name, message: error.message })
}
if (given.stay === true)
  await new Promise((resolve) => process.stdin.once('close', resolve).resume())
process.exit(0)
