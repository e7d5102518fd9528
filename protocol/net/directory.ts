import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { DatanetError } from '../base/errors.ts'
import { bucketsOf, RENDEZVOUS_BUCKETS, type RendezvousKind, rendezvousCid } from './ids.ts'
import { deadline, poll } from './waiting.ts'

/** How long a provider record counts: a constant of the network, set on every DHT server. */
export const PROVIDER_VALIDITY_MS = 43_200_000
/** How often a queued announcement looks whether a first peer has come. */
const POLL_MS = 100
/** How long one announcement may take; the record is stored long before on the peers that matter. */
const PUBLISH_MS = 20_000
/** When an announcement that nobody stored is tried again. */
const RETRY_MS = 5_000
const PARALLEL = 8

/** A peer that announced what was looked for. What it says is to be fetched from it and verified. */
export interface Found {
  readonly peer: PeerId
  readonly multiaddrs: readonly Multiaddr[]
}

/** Rendezvous on the DHT: who to ask about something, never what is true of it. */
export interface Directory {
  /**
   * Announces this peer under (kind, value) now and again at half the validity until `withdraw`.
   * Returns how many keys were stored by others. 0 means that there is no peer yet: the announcement
   * is kept and goes out when one comes. Refuses DISCOVERY_OFF without a DHT; INPUT_INVALID values.
   */
  announce(kind: RendezvousKind, value: string, options?: { signal?: AbortSignal }): Promise<number>
  /** Stops announcing; the records on other peers run out by themselves. */
  withdraw(kind: RendezvousKind, value: string): Promise<void>
  /**
   * Peers that announced (kind, value), each once, as they are found, this peer left out. Stop as soon
   * as one serves: the end of the walk takes seconds. Refuses DISCOVERY_EMPTY when the search ended
   * without any, DISCOVERY_OFF without a DHT.
   */
  find(
    kind: RendezvousKind,
    value: string,
    options?: { signal?: AbortSignal; limit?: number }
  ): AsyncGenerator<Found, void, undefined>
  /** Resolves when everything announced so far was stored by others. */
  settled(options?: { signal?: AbortSignal }): Promise<void>
  stop(): void
}

/** Bounds of a directory. */
export interface DirectoryInit {
  readonly now?: () => number
  /** How long a find or announce waits for the first peer of an empty routing table. Default 5 s. */
  readonly firstPeerMs?: number
  /** How long one search may take. Default 10 s. */
  readonly findMs?: number
  readonly validityMs?: number
}

/** The part of kad-dht that is used; matched by shape, so that a test can stand in for it. */
interface Dht {
  readonly routingTable: { readonly size: number }
  provide(
    cid: CID,
    options: { signal: AbortSignal }
  ): AsyncIterable<{ name: string; from?: PeerId }>
  cancelReprovide(cid: CID): Promise<void>
}

interface Announcement {
  readonly kind: RendezvousKind
  readonly value: string
  keys: Map<string, CID>
  dueAtMs: number
  stored: number
  working: Promise<void> | undefined
}

/**
 * The directory of `node`, over its DHT service `dht`; without one every call refuses with
 * DISCOVERY_OFF. specs/05-network.md §Rendezvous
 */
export function createDirectory(node: Libp2p, init: DirectoryInit = {}): Directory {
  const now = init.now ?? Date.now
  const firstPeerMs = init.firstPeerMs ?? 5_000
  const validityMs = init.validityMs ?? PROVIDER_VALIDITY_MS
  const dht = (node.services as Record<string, unknown>).dht as Dht | undefined
  const announcements = new Map<string, Announcement>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  function service(): Dht {
    if (dht === undefined) throw new DatanetError('DISCOVERY_OFF')
    return dht
  }

  async function provide(cid: CID): Promise<number> {
    const storers = new Set<string>()
    const { signal, release } = deadline(PUBLISH_MS, stopping.signal)
    try {
      for await (const event of service().provide(cid, { signal })) {
        if (event.name === 'PEER_RESPONSE' && 'messageName' in event) {
          if (event.messageName === 'ADD_PROVIDER') storers.add(String(event.from))
        }
      }
    } catch {
      // Counted by who stored it; a walk that ended badly may have stored it before.
    } finally {
      release()
    }
    return storers.size
  }

  /** Publishes under today's buckets and lets go of yesterday's. */
  async function publish(entry: Announcement): Promise<void> {
    const buckets = bucketsOf(entry.kind, node.peerId.toString(), now())
    const keys = new Map(
      buckets.map((bucket) => {
        const cid = rendezvousCid(entry.kind, entry.value, bucket)
        return [cid.toString(), cid]
      })
    )
    for (const [text, cid] of entry.keys) {
      if (!keys.has(text)) await service().cancelReprovide(cid)
    }
    entry.keys = keys
    const stored = await Promise.all([...keys.values()].map(provide))
    entry.stored = stored.filter((storers) => storers > 0).length
    entry.dueAtMs = now() + (entry.stored > 0 ? validityMs / 2 : RETRY_MS)
  }

  function work(entry: Announcement): Promise<void> {
    entry.working ??= publish(entry).finally(() => {
      entry.working = undefined
      schedule()
    })
    return entry.working
  }

  /** Sets the one timer for the earliest thing to do. It never keeps the process alive. */
  function schedule(): void {
    clearTimeout(timer)
    if (stopping.signal.aborted || dht === undefined) return
    const idle = [...announcements.values()].filter((entry) => entry.working === undefined)
    if (idle.length === 0) return
    const dueAtMs = Math.min(...idle.map((entry) => entry.dueAtMs))
    const waitMs = Math.max(POLL_MS, Math.min(dueAtMs - now(), validityMs))
    timer = setTimeout(() => {
      if (dht.routingTable.size > 0) {
        const due = idle.filter((entry) => entry.dueAtMs <= now())
        for (const entry of due.slice(0, PARALLEL)) work(entry).catch(() => {})
      }
      schedule()
    }, waitMs).unref()
  }

  async function firstPeer(signal: AbortSignal): Promise<boolean> {
    const kad = service()
    return poll(() => kad.routingTable.size > 0, firstPeerMs, signal)
  }

  async function* find(
    kind: RendezvousKind,
    value: string,
    options: { signal?: AbortSignal; limit?: number } = {}
  ): AsyncGenerator<Found, void, undefined> {
    service()
    const outer = options.signal ?? stopping.signal
    outer.throwIfAborted()
    const { signal, release } = deadline(init.findMs ?? 10_000, outer, stopping.signal)
    const found = new Map<string, Found>()
    const ready: Found[] = []
    let ring = Promise.withResolvers<void>()
    let walks: number = RENDEZVOUS_BUCKETS[kind]
    const changed = () => {
      ring.resolve()
      ring = Promise.withResolvers()
    }
    const walk = async (bucket: number) => {
      try {
        const cid = rendezvousCid(kind, value, bucket)
        for await (const { id, multiaddrs } of node.contentRouting.findProviders(cid, { signal })) {
          if (id.equals(node.peerId) || found.has(id.toString())) continue
          const peer = { peer: id, multiaddrs }
          found.set(id.toString(), peer)
          ready.push(peer)
          changed()
        }
      } catch {
        // One key that cannot be walked must not hide what the others hold.
      } finally {
        walks -= 1
        changed()
      }
    }
    try {
      const limit = options.limit ?? Number.POSITIVE_INFINITY
      rendezvousCid(kind, value, 0)
      if (await firstPeer(signal)) for (let i = walks - 1; i >= 0; i--) walk(i)
      else walks = 0
      for (let yielded = 0; yielded < limit; ) {
        const next = ready.shift()
        if (next !== undefined) {
          yielded += 1
          yield next
        } else if (walks === 0) break
        else await ring.promise
      }
      options.signal?.throwIfAborted()
      if (found.size === 0) throw new DatanetError('DISCOVERY_EMPTY', { kind, value })
    } finally {
      release('enough')
    }
  }

  return {
    async announce(kind, value, options = {}) {
      const kad = service()
      rendezvousCid(kind, value, 0)
      const key = `${kind}:${value}`
      const fresh = { kind, value, keys: new Map(), dueAtMs: 0, stored: 0, working: undefined }
      const entry = announcements.get(key) ?? fresh
      announcements.set(key, entry)
      schedule()
      const signal = options.signal ?? stopping.signal
      if (kad.routingTable.size === 0 && !(await firstPeer(signal))) return 0
      await work(entry)
      return entry.stored
    },
    async withdraw(kind, value) {
      const entry = announcements.get(`${kind}:${value}`)
      if (entry === undefined) return
      announcements.delete(`${kind}:${value}`)
      await entry.working?.catch(() => {})
      for (const cid of entry.keys.values()) await service().cancelReprovide(cid)
      schedule()
    },
    find,
    async settled(options = {}) {
      const done = () => [...announcements.values()].every((entry) => entry.stored > 0)
      await poll(done, Number.POSITIVE_INFINITY, options.signal ?? stopping.signal)
    },
    stop() {
      clearTimeout(timer)
      stopping.abort()
    }
  }
}
