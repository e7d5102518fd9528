import type { PrivateKey } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { createHelia } from './helia.ts'
import type { PublicBlockstore } from './public-blocks.ts'
import { createPublicNode, ipnsKey, PUBLIC_BOOTSTRAP } from './public-node.ts'

/** How a peer shows itself to IPFS nodes that know nothing of it. */
export interface PublicIpfsInit {
  /** Multiaddrs; any port of every interface unless given. */
  readonly listen?: readonly string[]
  /** Whom to join by; the public network's unless given. */
  readonly bootstrap?: readonly string[]
  /** How often what is shown is looked at; a test shortens it. */
  readonly everyMs?: number
}

/** What is shown of one Datanet: the newest revision's directory, under a lasting name. */
export interface Shown {
  readonly datanet: string
  readonly root: CID
  /** The IPNS record that says so, and the name that it is of. */
  readonly name: () => Promise<{ readonly name: string; readonly record: Uint8Array }>
}

/** The public side of a peer. */
export interface PublicIpfs {
  readonly addresses: () => readonly Multiaddr[]
  stop(): Promise<void>
}

const LISTEN = ['/ip4/0.0.0.0/tcp/0']
const EVERY_MS = 10_000
/** One walk through the DHT. */
const WALK_MS = 60_000
/** Values live 48 hours in the DHT and are not put again by it. */
const AGAIN_MS = 43_200_000

/**
 * A node beside the peer's own, under a key of its own, so that neither network's keys get into the
 * other: it provides the roots of what is shown in the DHT of IPFS, puts their names there, and gives
 * out `blocks` by bitswap. specs/05-network.md §Any IPFS node
 */
export async function createPublicIpfs(
  parts: {
    readonly privateKey: PrivateKey
    readonly blocks: PublicBlockstore
    readonly shown: () => readonly Shown[]
    readonly now: () => number
    readonly log: (event: string, details: Record<string, unknown>) => void
  },
  init: PublicIpfsInit = {}
): Promise<PublicIpfs> {
  const { privateKey, blocks, shown, now, log } = parts
  const { listen = LISTEN, bootstrap = PUBLIC_BOOTSTRAP } = init
  const node = await createPublicNode({ privateKey, listen, bootstrap, now })
  const helia = await createHelia(node, blocks)
  const stopping = new AbortController()
  /** By Datanet, what the DHT was told. */
  const told = new Map<string, { readonly root: CID; atMs: number }>()
  let running: Promise<void> | undefined

  const walk = () => AbortSignal.any([stopping.signal, AbortSignal.timeout(WALK_MS)])

  async function tell({ datanet, root, name }: Shown): Promise<void> {
    const before = told.get(datanet)
    if (before?.root.equals(root) === true && now() - before.atMs < AGAIN_MS) return
    await node.contentRouting.provide(root, { signal: walk() })
    const named = await name()
    await node.contentRouting.put(ipnsKey(named.name), named.record, { signal: walk() })
    if (before !== undefined && !before.root.equals(root)) {
      await node.contentRouting.cancelReprovide(before.root)
    }
    told.set(datanet, { root, atMs: now() })
    log('ipfs', { datanet, root: root.toString(), name: named.name })
  }

  async function tellAll(): Promise<void> {
    // Without a peer to ask, a walk waits for its first one.
    if (node.services.dht.routingTable.size === 0) return
    for (const one of shown()) {
      await tell(one).catch((error) => {
        if (!stopping.signal.aborted) log('ipfs', { datanet: one.datanet, error: String(error) })
      })
    }
  }

  function look(): void {
    running ??= tellAll().finally(() => {
      running = undefined
    })
  }

  const timer = setInterval(look, init.everyMs ?? EVERY_MS)
  timer.unref()
  const addresses = () => node.getMultiaddrs()
  log('ipfs', { addresses: addresses().map(String) })
  return {
    addresses,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running?.catch(() => {})
      await helia.stop()
      await node.stop()
    }
  }
}
