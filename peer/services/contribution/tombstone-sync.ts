import { isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import {
  tombstonesAskSchema,
  tombstonesEndSchema,
  tombstonesPartSchema
} from '../../../protocol/net/tombstones.ts'
import { deadline, pause } from '../../../protocol/net/waiting.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { TombstoneStore } from '../../store/tombstones.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { Tombstones } from './tombstones.ts'

/** Hearing of withdrawals in time. specs/04-datanet.md §Withdrawal */
export interface TombstoneSync {
  /**
   * Reads what the Datanet's other hosts know and this peer does not, from all of them at once; not
   * much longer than the first takes. True when one of them answered, or there is no other.
   */
  sync(id: string, options?: CallOptions): Promise<boolean>
  /** Whether rows that can be withdrawn may be given out: somebody was heard not long ago. */
  mayServe(id: string): boolean
  /** Reads now and every `tombstoneSyncMs` of all Datanets of which something is kept here. */
  start(): void
  stop(): void
}

/** Bounds that a test shortens. */
export interface TombstoneSyncInit {
  readonly syncMs?: number
  readonly staleMs?: number
}

/** How long one peer may keep a sync waiting, and the others once one has answered. */
const ASK_MS = 10_000
const GRACE_MS = 500

/** The peers beside `self` that keep the Datanet's rows by its manifest. */
export function hostsOf({ signed: { manifest } }: KnownDatanet, self: string): string[] {
  return [manifest.intakeHost, ...manifest.hosts].filter((peer) => peer !== self)
}

/** The sync of one peer. */
export function createTombstoneSync(
  parts: Pick<Parts, 'pool' | 'peerId' | 'now' | 'log'> & {
    readonly tombstoneStore: TombstoneStore
    /** Whether rows of the Datanet are kept here. */
    readonly isKept: (id: string) => boolean
  },
  datanets: Datanets,
  tombstones: Tombstones,
  init: TombstoneSyncInit = {}
): TombstoneSync {
  const { pool, peerId, now, log, tombstoneStore, isKept } = parts
  const syncMs = init.syncMs ?? LIMITS.tombstoneSyncMs
  const staleMs = init.staleMs ?? LIMITS.tombstoneStaleMs
  const heardAtMs = new Map<string, number>()
  const running = new Map<string, Promise<boolean>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  async function read(known: KnownDatanet, peer: string, signal: AbortSignal): Promise<void> {
    const id = known.id.toString()
    const from = tombstoneStore.cursor(id, peer)
    const ask = toWire(tombstonesAskSchema, { datanet: known.id, from })
    const options = { signal, deadlineMs: ASK_MS }
    const exchange = pool.ask(peer, PROTOCOLS.tombstones, ask, options)
    exchange.end.catch(() => {})
    let at = from
    for await (const part of exchange.parts) {
      const { tombstones: some } = fromWire(tombstonesPartSchema, part)
      tombstones.takeAll(id, some)
      at += some.length
      tombstoneStore.setCursor(id, peer, at)
    }
    const { next } = fromWire(tombstonesEndSchema, await exchange.end)
    // A log that is shorter than it was is another one: its host began anew.
    if (next < at) tombstoneStore.setCursor(id, peer, 0)
  }

  /** One reading of `peer`'s log at a time; false when it could not be read. */
  function readOnce(known: KnownDatanet, peer: string): Promise<boolean> {
    const id = known.id.toString()
    const name = `${id} ${peer}`
    const before = running.get(name)
    if (before !== undefined) return before
    const mine = read(known, peer, stopping.signal)
      .then(
        () => true,
        (error) => {
          if (!isDatanetError(error) && !stopping.signal.aborted) throw error
          log('tombstones', { datanet: id, peer, code: isDatanetError(error) ? error.code : '' })
          // Who keeps nothing of the Datanet has heard of no withdrawal, and says so.
          return isDatanetError(error) && error.code === 'DATANET_UNKNOWN'
        }
      )
      .then((isHeard) => {
        if (isHeard) heardAtMs.set(id, now())
        return isHeard
      })
      .finally(() => running.delete(name))
    running.set(name, mine)
    return mine
  }

  async function sync(id: string, { signal }: CallOptions = {}): Promise<boolean> {
    const known = datanets.known(id)
    const others = hostsOf(known, peerId)
    if (others.length === 0) return true
    const reads = others.map((peer) => readOnce(known, peer))
    const all = Promise.all(reads)
    const first = Promise.any(
      reads.map(async (one) => ((await one) ? true : Promise.reject(new Error('not heard'))))
    )
    const limit = deadline(ASK_MS, ...(signal === undefined ? [] : [signal]))
    try {
      // Who is away must not keep those who are there waiting for long.
      const isHeard = await Promise.race([first, all.then((said) => said.includes(true))])
      if (isHeard) await Promise.race([all, pause(GRACE_MS, limit.signal)])
      return isHeard
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof AggregateError || isAbort(error)) return false
      throw error
    } finally {
      limit.release('enough')
    }
  }

  function syncAll(): void {
    for (const known of datanets.all()) {
      if (!isKept(known.id.toString())) continue
      for (const peer of hostsOf(known, peerId)) {
        readOnce(known, peer).catch((error) => {
          log('tombstones', { datanet: `${known.id}`, peer, error: String(error) })
        })
      }
    }
  }

  const ageMs = (id: string) => now() - (heardAtMs.get(id) ?? Number.NEGATIVE_INFINITY)

  // A host that asks is connected now, where finding it may take seconds.
  tombstones.onAsked((id, peer) => {
    const known = datanets.known(id)
    if (ageMs(id) <= syncMs / 2 || !hostsOf(known, peerId).includes(peer)) return
    read(known, peer, stopping.signal).then(
      () => heardAtMs.set(id, now()),
      () => {}
    )
  })

  return {
    sync,
    mayServe: (id) => hostsOf(datanets.known(id), peerId).length === 0 || ageMs(id) <= staleMs,
    start() {
      syncAll()
      timer = setInterval(syncAll, syncMs)
      timer.unref()
    },
    stop() {
      clearInterval(timer)
      stopping.abort()
    }
  }
}
