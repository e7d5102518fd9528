import type { CID } from 'multiformats/cid'
import { DatanetError, isAbort, isDatanetError } from '../../protocol/base/errors.ts'
import type { Directory } from '../../protocol/net/directory.ts'
import type { CatalogueEntry, Documents } from '../../protocol/net/documents.ts'
import type { RendezvousKind } from '../../protocol/net/ids.ts'
import type { DocumentName } from '../../protocol/net/seq-guard.ts'
import { deadline, pause } from '../../protocol/net/waiting.ts'
import type { CallOptions } from '../api/peer-api.ts'
import type { DocumentStore, ShownDocument } from '../store/documents.ts'

/** How long one search may take, whatever its lookups do. */
const DISCOVER_MS = 15_000
/** How long to wait for more once a first match came: the end of a DHT walk takes seconds. */
const GRACE_MS = 750
const RETRY_MS = 250
/** Times that a search asks again whom it could not reach. */
const PASSES = 3
/** Matching lines that are taken from one peer. */
const MATCHES = 32
/** How long one peer that announced the thing may keep the others waiting. */
const CATALOGUE_MS = 3_000

/** A line of somebody's catalogue: hearsay until the document was fetched and verified. */
export interface Discovered {
  readonly peer: string
  readonly entry: CatalogueEntry
}

/** How to look: what was found nowhere is looked for again until `waitMs` have passed (0). */
export interface DiscoverOptions extends CallOptions {
  readonly waitMs?: number
}

/** What this peer shows to the network, and what it reads there. */
export interface Publications {
  /** Shows a document to whoever asks, from now on. */
  publish(document: ShownDocument): void
  withdraw(name: DocumentName): void
  /** Announces under (kind, value) in the background; queued while there is no peer. */
  announce(kind: RendezvousKind, value: string): void
  /** Announces it no more; what others hold of it runs out. */
  unannounce(kind: RendezvousKind, value: string): void
  /** Provides `root` for bitswap in the background. */
  provide(root: CID): void
  /** `peer`'s newest document of `name`, checked by `verify`, which gives the CID of a wrapped body. */
  fetch<T>(
    peer: string,
    name: DocumentName,
    verify: (bytes: Uint8Array) => Promise<{ seq: number; cid?: CID; value: T }>,
    options?: CallOptions
  ): Promise<T>
  /** What `peer` says it holds. */
  catalogue(peer: string, options?: CallOptions): Promise<readonly CatalogueEntry[]>
  /**
   * Matching catalogue lines: this peer's own, then those of peers that announced (kind, value), each
   * peer once. Ends with the lookups, or soon after the first match elsewhere. DISCOVERY_OFF without
   * a DHT, unless something of its own was found.
   */
  discover(
    kind: RendezvousKind,
    value: string,
    match: (entry: CatalogueEntry) => boolean,
    options?: DiscoverOptions
  ): AsyncGenerator<Discovered, void, undefined>
  /** Resolves when everything announced so far is stored by others, or after a bounded wait. */
  settled(options?: CallOptions): Promise<void>
}

/** Publications over the directory and the document exchange of one node. specs/05-network.md */
export function createPublications(components: {
  readonly peerId: string
  readonly directory: Directory
  readonly documents: Documents
  readonly store: DocumentStore
  readonly provideContent: (root: CID) => Promise<void>
  readonly onError: (error: unknown) => void
}): Publications {
  const { peerId, directory, documents, store, provideContent, onError } = components
  const background = (work: Promise<unknown>) => {
    work.catch((error) => {
      if (!isAbort(error)) onError(error)
    })
  }

  /** One peer's catalogue in bounded time; a peer that is gone or drips must not hide the others. */
  async function catalogueOf(
    peer: string,
    signal: AbortSignal
  ): Promise<readonly CatalogueEntry[] | undefined> {
    const own = deadline(CATALOGUE_MS, signal)
    try {
      return await documents.catalogue(peer, { signal: own.signal, deadlineMs: CATALOGUE_MS })
    } catch (error) {
      signal.throwIfAborted()
      if (isDatanetError(error) || isAbort(error)) return undefined
      throw error
    } finally {
      own.release()
    }
  }

  async function* discover(
    kind: RendezvousKind,
    value: string,
    match: (entry: CatalogueEntry) => boolean,
    options: DiscoverOptions = {}
  ): AsyncGenerator<Discovered, void, undefined> {
    const outer = options.signal ?? new AbortController().signal
    const own: CatalogueEntry[] = []
    for await (const entry of store.catalogue()) if (match(entry)) own.push(entry)
    for (const entry of own) yield { peer: peerId, entry }
    const waitMs = options.waitMs ?? 0
    const limit = deadline(Math.max(DISCOVER_MS, waitMs), outer)
    const startedAtMs = performance.now()
    const asked = new Set<string>()
    const failed = new Set<string>()
    let passes = 0
    let grace: NodeJS.Timeout | undefined
    try {
      for (;;) {
        try {
          for await (const { peer } of directory.find(kind, value, { signal: limit.signal })) {
            const id = peer.toString()
            if (asked.has(id) || failed.has(id)) continue
            const entries = await catalogueOf(id, limit.signal)
            if (entries === undefined) failed.add(id)
            const matching = (entries ?? []).filter(match).slice(0, MATCHES)
            if (matching.length === 0) continue
            asked.add(id)
            for (const entry of matching) {
              yield { peer: id, entry }
              if (limit.signal.aborted) return
            }
            grace ??= setTimeout(() => limit.release('enough'), GRACE_MS)
          }
        } catch (error) {
          if (isDatanetError(error) && error.code === 'DISCOVERY_OFF') {
            if (own.length > 0) return
            throw error
          }
          outer.throwIfAborted()
        }
        passes += 1
        const isFound = asked.size + own.length > 0
        const isPatient = performance.now() - startedAtMs < waitMs
        const isOver = !isPatient && (failed.size === 0 || passes >= PASSES)
        if (isFound || limit.signal.aborted || isOver) return
        // Who did not answer may have come back under another address: ask once more.
        if (!isPatient) failed.clear()
        await pause(RETRY_MS, limit.signal).catch(() => {})
      }
    } finally {
      clearTimeout(grace)
      limit.release('done')
    }
  }

  return {
    discover,
    publish: (document) => store.put(document),
    withdraw: (name) => store.remove(name),
    announce(kind, value) {
      background(directory.announce(kind, value))
    },
    unannounce(kind, value) {
      background(directory.withdraw(kind, value))
    },
    provide(root) {
      background(provideContent(root))
    },
    async fetch(peer, name, verify, options = {}) {
      const { document } = await documents.newest(peer, name, verify, options)
      return document.value
    },
    catalogue: (peer, options = {}) => documents.catalogue(peer, options),
    async settled(options = {}) {
      const limit = deadline(DISCOVER_MS, options.signal ?? new AbortController().signal)
      try {
        await directory.settled({ signal: limit.signal })
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!isAbort(error) && !(error instanceof DatanetError)) throw error
      } finally {
        limit.release('done')
      }
    }
  }
}
