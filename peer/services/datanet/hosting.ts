import { randomBytes, randomInt } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { decodeRevision } from '../../../protocol/datanet/revision.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import {
  hostAskSchema,
  hostKeepsSchema,
  hostProofSchema,
  PROVEN_ROWS,
  possessionProof
} from '../../../protocol/net/hosting.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import type { HostedDatanet, HostingDraft, Replica } from '../../api/hosting-api.ts'
import type { CallOptions, ProgressOptions } from '../../api/peer-api.ts'
import type { HostingStore } from '../../store/hosting.ts'
import type { Parts } from '../parts.ts'
import { ROWS_PATH } from '../revision/revision-files.ts'
import type { Revisions } from '../revision/revisions.ts'
import type { Datanets } from './datanets.ts'
import type { KnownDatanet } from './known-datanets.ts'

/** Keeping copies of Datanets, and seeing that others do. specs/05-network.md §Hosting */
export interface Hosting {
  /** Answers `/datanet/host/1`. */
  readonly handler: ExchangeHandler
  /** Begins or ends to keep copies of a Datanet; with what is newest fetched when it begins. */
  host(draft: HostingDraft, options?: ProgressOptions): Promise<HostedDatanet>
  /** Asks every host of the manifest whether it has the newest revision kept here, and for proof. */
  replicas(id: string, options?: CallOptions): Promise<readonly Replica[]>
  /** Tells the Datanet's hosts in the background that there is a new revision. */
  tell(id: string): void
  /** Keeps up with new revisions from now on. */
  start(): void
  stop(): Promise<void>
}

/** How often a host looks whether there is a newer revision; it is told of most before. */
const EVERY_MS = 60_000
/** How long a host may take to read the rows that it is asked for. */
const ASK_MS = 10_000

/** The hosting of one peer. */
export function createHosting(
  parts: Pick<
    Parts,
    'datanetStore' | 'chain' | 'content' | 'publications' | 'pool' | 'peerId' | 'now' | 'log'
  > & { readonly hostingStore: HostingStore },
  datanets: Datanets,
  revisions: Revisions,
  init: { readonly everyMs?: number } = {}
): Hosting {
  const { datanetStore, chain, content, publications, pool, peerId, now, log, hostingStore } = parts
  const running = new Map<string, Promise<number>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  const keptOrdinal = (id: string) => datanetStore.revision(id)?.ordinal ?? 0

  function isHost({ id, signed, hosted }: KnownDatanet): boolean {
    return !hosted && (signed.manifest.hosts.includes(peerId) || hostingStore.has(id.toString()))
  }

  /** Fetches the newest revision unless it is here; gives the ordinal that is. */
  async function keepUp(known: KnownDatanet, options: ProgressOptions): Promise<number> {
    const id = known.id.toString()
    publications.announce('host', id)
    const head = await chain.registry.head(known.key, options)
    if (head.ordinal > keptOrdinal(id)) {
      const { ordinal, rows } = await revisions.fetch(id, options)
      log('hosting', { datanet: id, ordinal, rows })
    }
    await keepFiles(known, options)
    return keptOrdinal(id)
  }

  /** Fetches the files of rows that are not here yet, from the hosts in turn. */
  async function keepFiles(known: KnownDatanet, options: ProgressOptions): Promise<void> {
    const id = known.id.toString()
    if (datanetStore.revision(id) === undefined) return
    const { contributions } = await revisions.read(id, undefined, options)
    const from = hostsOf(known)
    let failed: unknown
    for (const { cid, contribution: item } of contributions) {
      if (item.schema !== 'file/1' || content.block(item.content.file) !== undefined) continue
      const how = options.signal === undefined ? {} : { signal: options.signal }
      const { file, bytes } = item.content
      try {
        await content.fetchFile(file, from, { maxBytes: bytes, ...how })
        await content.ownFile(cid.toString(), file, id)
      } catch (error) {
        options.signal?.throwIfAborted()
        // One that nobody has any more must not keep the others away.
        failed ??= error
      }
    }
    if (failed !== undefined) throw failed
  }

  function keepUpOnce(known: KnownDatanet, options: ProgressOptions = {}): Promise<number> {
    const id = known.id.toString()
    const before = running.get(id)
    if (before !== undefined) return before
    const signal =
      options.signal === undefined
        ? stopping.signal
        : AbortSignal.any([options.signal, stopping.signal])
    const mine = keepUp(known, { ...options, signal }).finally(() => running.delete(id))
    running.set(id, mine)
    return mine
  }

  function inBackground(known: KnownDatanet): void {
    keepUpOnce(known).catch((error) => {
      if (stopping.signal.aborted) return
      const code = isDatanetError(error) ? error.code : String(error)
      log('hosting', { datanet: `${known.id}`, code })
    })
  }

  function leavesOf(id: string, revision: string): readonly CID[] {
    const stored = datanetStore.revision(id, revision)
    if (stored === undefined) throw new DatanetError('DOCUMENT_UNKNOWN', { revision })
    return content.leaves(decodeRevision(stored.bytes).content, ROWS_PATH)
  }

  function proofOf(leaves: readonly CID[], rows: readonly number[], nonce: Uint8Array): Uint8Array {
    const blocks = rows.map((row) => {
      const leaf = leaves[row]
      const bytes = leaf === undefined ? undefined : content.block(leaf)
      if (bytes === undefined) throw new DatanetError('CONTENT_UNAVAILABLE', { row })
      return bytes
    })
    return possessionProof(nonce, blocks)
  }

  async function verify(known: KnownDatanet, peer: string, options: CallOptions): Promise<Replica> {
    const id = known.id.toString()
    const newest = datanetStore.revision(id)
    const how = { ...options, deadlineMs: ASK_MS }
    const ask = (value: Parameters<typeof toWire<typeof hostAskSchema>>[1]) =>
      pool.request(peer, PROTOCOLS.host, toWire(hostAskSchema, value), how)
    try {
      if (newest === undefined) {
        const { ordinal } = fromWire(hostKeepsSchema, await ask({ datanet: known.id }))
        return { peer, ordinal, isVerified: false, atMs: now() }
      }
      const leaves = leavesOf(id, newest.cid)
      // What is withdrawn here may be there for another moment.
      const here = leaves.flatMap((leaf, n) => (content.block(leaf) === undefined ? [] : [n]))
      const rows = Array.from(
        { length: Math.min(PROVEN_ROWS, here.length) },
        () => here[randomInt(here.length)] as number
      )
      const nonce = new Uint8Array(randomBytes(16))
      const revision = parseCid(newest.cid)
      const said = await ask({ datanet: known.id, revision, nonce, rows })
      const { ordinal, proof } = fromWire(hostProofSchema, said)
      const isVerified = Buffer.compare(proof, proofOf(leaves, rows, nonce)) === 0
      return { peer, ordinal, isVerified, atMs: now() }
    } catch (error) {
      if (!isDatanetError(error)) throw error
      return { peer, ordinal: 0, isVerified: false, code: error.code, atMs: now() }
    }
  }

  function hostsOf(known: KnownDatanet): string[] {
    const { intakeHost, hosts } = known.signed.manifest
    return [intakeHost, ...hosts].filter((peer) => peer !== peerId)
  }

  return {
    // biome-ignore lint/correctness/useYield: the answer is its end.
    async *handler(value, { remotePeer }) {
      const ask = fromWire(hostAskSchema, value)
      const id = ask.datanet.toString()
      if ('revision' in ask) {
        const leaves = leavesOf(id, ask.revision.toString())
        const proof = proofOf(leaves, ask.rows, ask.nonce)
        return toWire(hostProofSchema, { ordinal: keptOrdinal(id), proof })
      }
      const known = await datanets.meet(id, remotePeer, { signal: stopping.signal })
      if (!isHost(known) && !known.hosted) throw new DatanetError('REPLICA_DECLINED', { id })
      if (isHost(known)) inBackground(known)
      return toWire(hostKeepsSchema, { ordinal: keptOrdinal(id) })
    },

    async host({ datanet: id, isOn }, options = {}) {
      const known = datanets.known(id)
      if (isOn) hostingStore.add(id)
      else hostingStore.remove(id)
      if (!isOn) {
        if (!isHost(known)) publications.unannounce('host', id)
        return { datanet: id, isHost: isHost(known), ordinal: keptOrdinal(id) }
      }
      const ordinal = known.hosted ? keptOrdinal(id) : await keepUpOnce(known, options)
      return { datanet: id, isHost: true, ordinal }
    },

    replicas(id, options = {}) {
      const known = datanets.known(id)
      return Promise.all(hostsOf(known).map((peer) => verify(known, peer, options)))
    },

    tell(id) {
      const known = datanets.known(id)
      const ask = toWire(hostAskSchema, { datanet: known.id })
      for (const peer of hostsOf(known)) {
        pool.request(peer, PROTOCOLS.host, ask, { signal: stopping.signal }).catch((error) => {
          const code = isDatanetError(error) ? error.code : String(error)
          if (!stopping.signal.aborted) log('hosting', { datanet: id, peer, code })
        })
      }
    },

    start() {
      const look = () => {
        for (const known of datanets.all()) if (isHost(known)) inBackground(known)
      }
      look()
      timer = setInterval(look, init.everyMs ?? EVERY_MS)
      timer.unref()
    },

    async stop() {
      clearInterval(timer)
      stopping.abort()
      await Promise.allSettled(running.values())
    }
  }
}
