import { digestOf } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import {
  type Manifest,
  type SignedManifest,
  signManifest,
  verifyManifest
} from '../../../protocol/datanet/manifest.ts'
import type { CatalogueEntry } from '../../../protocol/net/documents.ts'
import type { DatanetDraft, DatanetSummary } from '../../api/datanets-api.ts'
import type { CallOptions, TopicQuery } from '../../api/peer-api.ts'
import { toQuery } from '../model/catalogue.ts'
import type { Parts } from '../parts.ts'
import { foundingManifest } from './founding-manifest.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'
import type { Manifests } from './manifests.ts'

/** Founding and finding: what any peer does with Datanets. */
export interface Datanets {
  create(draft: DatanetDraft, options?: CallOptions): Promise<DatanetSummary>
  find(topic: TopicQuery, options?: CallOptions): Promise<readonly DatanetSummary[]>
  /** Refuses ids never met (DATANET_UNKNOWN). */
  known(id: string): KnownDatanet
  all(): readonly KnownDatanet[]
  /** The Datanet `id` by asking `peer` for its manifest, unless it is known already. */
  meet(id: string, peer: string, options?: CallOptions): Promise<KnownDatanet>
  /** Announces that this peer takes in for it. */
  announce(datanet: KnownDatanet): void
  /** Shows again what is known here, and announces what this peer hosts: after a restart. */
  resume(init: { readonly isHost: boolean }): void
}

/** The Datanets of this peer. specs/04-datanet.md */
export function createDatanets(
  parts: Pick<Parts, 'wallet' | 'chain' | 'publications' | 'peerId' | 'now'>,
  datanets: KnownDatanets,
  manifests: Pick<Manifests, 'show' | 'catchUp'>
): Datanets {
  const { wallet, chain, publications, peerId, now } = parts
  const { known, all } = datanets

  function remember(founding: SignedManifest, agrees: boolean): KnownDatanet {
    const datanet = datanets.meet(founding, agrees)
    // Whoever keeps a Datanet's manifests can show them: the curators signed them, not the peer.
    manifests.show(datanet)
    return datanet
  }

  function announce({ id, signed }: KnownDatanet): void {
    publications.announce('datanet', id.toString())
    for (const topic of signed.manifest.topics) publications.announce('topic', topic)
  }

  async function meet(id: string, peer: string, options: CallOptions = {}): Promise<KnownDatanet> {
    if (datanets.has(id)) return known(id)
    const founding = await publications.fetch(
      peer,
      { issuer: id, kind: 'manifest', id },
      async (bytes) => {
        const manifest = verifyManifest(bytes)
        if (manifest.cid.toString() !== id) throw new DatanetError('CID_MISMATCH', { id })
        return { seq: manifest.manifest.seq, cid: manifest.cid, value: manifest }
      },
      options
    )
    remember(founding, false)
    try {
      return await manifests.catchUp(id, { ...options, from: peer })
    } catch (error) {
      // What is missing now is looked for again by and by.
      if (!isDatanetError(error)) throw error
      return known(id)
    }
  }

  return {
    known,
    all,
    meet,
    announce,
    resume({ isHost }) {
      for (const datanet of all()) {
        manifests.show(datanet)
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
        const hint =
          'a Datanet is founded by keys that are kept here: found it with as many, and raise the ' +
          'threshold with the other curators (datanet proposal change --threshold)'
        const { threshold } = draft
        throw new DatanetError('APPROVALS_MISSING', { valid: signers.length, threshold }, { hint })
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
export function summary({ id, key, signed }: KnownDatanet): DatanetSummary {
  const m = signed.manifest
  return {
    id: id.toString(),
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
    review: reviewOf(m),
    royalty: m.royalty,
    treasury: m.treasury,
    seq: m.seq,
    changeDelayMs: m.changeDelayMs,
    effectiveAtMs: m.effectiveAtMs,
    chainKey: key
  }
}

function reviewOf({ review: { earns, ...rule } }: Manifest): DatanetSummary['review'] {
  return { ...rule, ...(earns === undefined ? {} : { earns }) }
}
