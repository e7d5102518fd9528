import type { CID } from 'multiformats/cid'
import { digestOf } from '../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import {
  datanetKey,
  type SignedManifest,
  signManifest,
  verifyManifest
} from '../../protocol/datanet/manifest.ts'
import type { CatalogueEntry } from '../../protocol/net/documents.ts'
import type { DatanetDraft, DatanetSummary } from '../api/datanets-api.ts'
import type { CallOptions, TopicQuery } from '../api/peer-api.ts'
import { toQuery } from './catalogue.ts'
import { foundingManifest } from './founding-manifest.ts'
import type { Parts } from './parts.ts'

/** A Datanet as this peer knows it: its founding manifest verified. */
export interface KnownDatanet {
  readonly id: CID
  readonly signed: SignedManifest
  readonly hosted: boolean
}

/** Founding and finding: what any peer does with Datanets. */
export interface Datanets {
  create(draft: DatanetDraft, options?: CallOptions): Promise<DatanetSummary>
  find(topic: TopicQuery, options?: CallOptions): Promise<readonly DatanetSummary[]>
  /** Refuses ids never met (DATANET_UNKNOWN). */
  known(id: string): KnownDatanet
  all(): readonly KnownDatanet[]
  /** The Datanet `id` by asking `peer` for its manifest, unless it is known already. */
  meet(id: string, peer: string, options?: CallOptions): Promise<KnownDatanet>
  /** Shows again what is known here, and announces what this peer hosts: after a restart. */
  resume(init: { readonly isHost: boolean }): void
}

/** The Datanets of this peer. specs/04-datanet.md */
export function createDatanets(
  parts: Pick<Parts, 'datanetStore' | 'wallet' | 'chain' | 'publications' | 'peerId' | 'now'>
): Datanets {
  const { datanetStore, wallet, chain, publications, peerId, now } = parts
  const met = new Map<string, KnownDatanet>()
  for (const { datanet, bytes, hosted } of datanetStore.manifests()) {
    const signed = verifyManifest(bytes)
    met.set(datanet, { id: signed.cid, signed, hosted })
  }

  function remember(signed: SignedManifest, hosted: boolean): KnownDatanet {
    const id = signed.cid.toString()
    const known = { id: signed.cid, signed, hosted: hosted || (met.get(id)?.hosted ?? false) }
    datanetStore.putManifest(id, signed.bytes, hosted)
    met.set(id, known)
    // Whoever keeps a Datanet's manifest can show it: it is signed by the curators, not by the peer.
    publications.publish({
      issuer: id,
      kind: 'manifest',
      id,
      seq: signed.manifest.seq,
      bytes: signed.bytes,
      labels: signed.manifest.topics
    })
    return known
  }

  function announce({ signed }: KnownDatanet): void {
    publications.announce('datanet', signed.cid.toString())
    for (const topic of signed.manifest.topics) publications.announce('topic', topic)
  }

  function known(id: string): KnownDatanet {
    const datanet = met.get(id)
    if (datanet === undefined) throw new DatanetError('DATANET_UNKNOWN', { id })
    return datanet
  }

  async function meet(id: string, peer: string, options: CallOptions = {}): Promise<KnownDatanet> {
    const already = met.get(id)
    if (already !== undefined) return already
    const signed = await publications.fetch(
      peer,
      { issuer: id, kind: 'manifest', id },
      async (bytes) => {
        const manifest = verifyManifest(bytes)
        if (manifest.cid.toString() !== id) throw new DatanetError('CID_MISMATCH', { id })
        return { seq: manifest.manifest.seq, cid: manifest.cid, value: manifest }
      },
      options
    )
    return remember(signed, false)
  }

  return {
    known,
    meet,
    all: () => [...met.values()],
    resume({ isHost }) {
      for (const datanet of met.values()) {
        remember(datanet.signed, datanet.hosted)
        if (datanet.hosted && isHost) announce(datanet)
      }
    },

    async create(draft, options = {}) {
      await chain.check(options)
      const manifest = foundingManifest(draft, { intakeHost: peerId, atMs: now() })
      const { curators } = manifest
      const signers = curators
        .filter((curator) => wallet.list().some((account) => account.address === curator))
        .map((curator) => wallet.account(curator).signer)
      if (signers.length < draft.threshold) {
        throw new DatanetError('APPROVALS_MISSING', {
          valid: signers.length,
          threshold: draft.threshold
        })
      }
      const signed = await signManifest(manifest, signers)
      await chain.registry.found(
        {
          manifest: `0x${Buffer.from(digestOf(signed.cid)).toString('hex')}`,
          curators,
          threshold: draft.threshold
        },
        options
      )
      const datanet = remember(signed, true)
      announce(datanet)
      return summary(datanet)
    },

    async find(query, options = {}) {
      const { topic, ...how } = toQuery(query)
      const found = new Map<string, DatanetSummary>()
      const isMatch = (entry: CatalogueEntry) =>
        entry.kind === 'manifest' && entry.labels.includes(topic)
      for await (const { peer, entry } of publications.discover('topic', topic, isMatch, {
        ...options,
        ...how
      })) {
        try {
          found.set(entry.id, summary(await meet(entry.id, peer, options)))
        } catch (error) {
          // One peer's bad document must not hide the others' good ones.
          if (!isDatanetError(error)) throw error
        }
      }
      if (found.size === 0) throw new DatanetError('DISCOVERY_EMPTY', { topic })
      return [...found.values()]
    }
  }
}

/** A Datanet as the faces show it. */
export function summary({ signed }: KnownDatanet): DatanetSummary {
  const m = signed.manifest
  return {
    id: signed.cid.toString(),
    name: m.name,
    purpose: m.purpose,
    topics: m.topics,
    schemas: m.schemas,
    ...(m.languages === undefined ? {} : { languages: m.languages }),
    licences: m.licences,
    ...(m.files === undefined ? {} : { files: m.files }),
    consent: m.consent,
    curators: m.curators,
    threshold: m.threshold,
    intakeHost: m.intakeHost,
    hosts: m.hosts,
    intake: m.intake,
    review: m.review,
    royalty: m.royalty,
    treasury: m.treasury,
    seq: m.seq,
    changeDelayMs: m.changeDelayMs,
    effectiveAtMs: m.effectiveAtMs,
    chainKey: datanetKey(signed)
  }
}
