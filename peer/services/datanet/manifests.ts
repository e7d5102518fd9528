import { digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { type SignedManifest, verifyManifest } from '../../../protocol/datanet/manifest.ts'
import type { CatalogueEntry } from '../../../protocol/net/documents.ts'
import { deadline } from '../../../protocol/net/waiting.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'
import type { DatanetPeers } from './datanet-peers.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'

/** Whom to ask first, and for what is only announced alone; the named hosts unless given. */
export interface CatchUpOptions extends CallOptions {
  readonly from?: string
}

/** How long one peer may take to give a manifest. */
const PEER_MS = 5_000

/** Manifests after the founding one: shown, fetched, told apart by the chain. */
export interface Manifests {
  /** Shows every manifest that is known of the Datanet to whoever asks. */
  show(datanet: KnownDatanet): void
  /** Keeps and shows an approved next manifest. Refuses what verifyManifest refuses. */
  announce(id: string, bytes: Uint8Array): KnownDatanet
  /**
   * What the chain has in force, and what is announced after it, fetched from the Datanet's hosts or
   * whoever else announces it. Refuses MANIFEST_BEHIND when nobody gave a manifest that the chain has in
   * force; without a chain, what was fetched counts once its time has come.
   */
  catchUp(id: string, options?: CatchUpOptions): Promise<KnownDatanet>
}

/** Manifests over the documents of other peers and the registry. specs/04-datanet.md §Manifest */
export function createManifests(
  parts: Pick<Parts, 'chain' | 'publications' | 'evidenceStore' | 'log'>,
  datanets: KnownDatanets,
  peers: DatanetPeers
): Manifests {
  const { chain, publications, evidenceStore, log } = parts

  function show({ id, founding, signed, history, next, decides }: KnownDatanet): void {
    const issuer = id.toString()
    // Curators must find each other also when no host is left.
    if (decides) publications.announce('datanet', issuer)
    const shared = { issuer, kind: 'manifest' } as const
    const { topics } = signed.manifest
    publications.publish({ ...shared, id: issuer, seq: 0, bytes: founding.bytes, labels: topics })
    for (const one of [...history.slice(1), ...(next === undefined ? [] : [next])]) {
      const { seq } = one.manifest
      publications.publish({ ...shared, id: String(seq), seq, bytes: one.bytes })
    }
  }

  /** Two manifests with one number, both approved: proof that the curators told two stories. */
  function keepFork(id: string, first: SignedManifest, second: SignedManifest): void {
    const { seq } = first.manifest
    const pair = [first.bytes, second.bytes] as const
    evidenceStore.addDocuments({
      ...{ issuer: id, kind: 'manifest', id: String(seq), seq, documents: pair }
    })
    log('fork', { datanet: id, seq, first: `${first.cid}`, second: `${second.cid}` })
  }

  function keep(id: string, next: SignedManifest, isRotated: boolean): KnownDatanet {
    const { next: known } = datanets.known(id)
    const isFork =
      known !== undefined && known.manifest.seq === next.manifest.seq && !known.cid.equals(next.cid)
    if (isFork) keepFork(id, known, next)
    // Of two that are approved only the chain tells which counts: the first one heard of stays.
    if (isFork && !isRotated) {
      throw new DatanetError('RECORD_EQUIVOCATES', { datanet: id, seq: next.manifest.seq })
    }
    const kept = datanets.keep(id, next, isRotated)
    show(kept)
    return kept
  }

  /** One peer's manifest with number `seq` after `previous`, if it has one that is approved. */
  async function fromPeer(
    peer: string,
    id: string,
    previous: SignedManifest,
    options: CallOptions
  ): Promise<SignedManifest> {
    const seq = previous.manifest.seq + 1
    let fetched: SignedManifest | undefined
    const limit = deadline(PEER_MS, options.signal ?? new AbortController().signal)
    try {
      return await publications.fetch(
        peer,
        { issuer: id, kind: 'manifest', id: String(seq) },
        async (bytes) => {
          fetched = verifyManifest(bytes, previous)
          return { seq, cid: fetched.cid, value: fetched }
        },
        { signal: limit.signal }
      )
    } catch (error) {
      // A fork is kept as evidence there; which of the two counts, the caller asks the chain.
      const isFork = isDatanetError(error) && error.code === 'RECORD_EQUIVOCATES'
      if (isFork && fetched !== undefined) return fetched
      if (isAbort(error)) options.signal?.throwIfAborted()
      throw isAbort(error) ? new DatanetError('PEER_SILENT', { peer }) : error
    } finally {
      limit.release('done')
    }
  }

  /**
   * The manifest after `previous`. With a `digest`, the chain's, it is looked for everywhere; without
   * one it is only announced, and asked of those who must know.
   */
  async function obtain(
    id: string,
    previous: SignedManifest,
    digest: string | undefined,
    options: CatchUpOptions
  ): Promise<SignedManifest | undefined> {
    const seq = previous.manifest.seq + 1
    const isRight = (one: SignedManifest) => digest === undefined || digestText(one) === digest
    const { next } = datanets.known(id)
    if (next?.manifest.seq === seq && isRight(next)) return next
    const isIt = ({ kind, id: number }: CatalogueEntry) =>
      kind === 'manifest' && number === String(seq)
    const others = digest === undefined ? undefined : isIt
    const { from } = options
    async function* asked() {
      if (from !== undefined) yield from
      if (from === undefined || others !== undefined) {
        yield* peers.of(datanets.known(id), others, options)
      }
    }
    for await (const peer of asked()) {
      try {
        const found = await fromPeer(peer, id, previous, options)
        if (isRight(found)) return found
        log('fork', { datanet: id, seq, peer, cid: `${found.cid}`, hint: 'the chain has another' })
      } catch (error) {
        if (!isDatanetError(error)) throw error
        // Most of the time nothing is announced.
        const isNone = digest === undefined && error.code === 'DOCUMENT_UNKNOWN'
        if (!isNone) log('manifest', { datanet: id, seq, peer, error: error.code })
      }
    }
    return undefined
  }

  /** Number and digest in force on the chain; undefined for a peer without one. */
  async function onChain(datanet: KnownDatanet, options: CallOptions) {
    try {
      const founding = { seq: 0, manifest: digestText(datanet.founding) }
      return (await chain.registry.manifestOf(datanet.key, options)) ?? founding
    } catch (error) {
      if (isDatanetError(error) && error.code === 'CHAIN_MISSING') return undefined
      throw error
    }
  }

  async function catchUp(id: string, options: CatchUpOptions = {}): Promise<KnownDatanet> {
    const before = datanets.known(id)
    const inForce = await onChain(before, options)
    let last = latest(before)
    while (last.manifest.seq < (inForce?.seq ?? 0)) {
      const seq = last.manifest.seq + 1
      const digest =
        seq === inForce?.seq
          ? inForce.manifest
          : await chain.registry.rotatedTo(before.key, seq, options)
      const next = await obtain(id, last, digest, options)
      if (next === undefined) throw new DatanetError('MANIFEST_BEHIND', { datanet: id, seq })
      keep(id, next, true)
      last = next
    }
    const announced = await obtain(id, last, undefined, options)
    if (announced !== undefined) keep(id, announced, inForce === undefined)
    return datanets.known(id)
  }

  return {
    show,
    catchUp,
    announce(id, bytes) {
      const known = datanets.known(id)
      return keep(id, verifyManifest(bytes, known.signed), false)
    }
  }
}

/** The last manifest that the chain is known to have put in force. */
function latest({ signed, next }: KnownDatanet): SignedManifest {
  return next?.isRotated === true ? next : signed
}

function digestText({ cid }: SignedManifest): string {
  return `0x${Buffer.from(digestOf(cid)).toString('hex')}`
}
