import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { type SignedCard, verifyCard } from '../../../protocol/model/card.ts'
import { type SignedOffer, verifyOffer } from '../../../protocol/model/offer.ts'
import type { CatalogueEntry } from '../../../protocol/net/documents.ts'
import type { ModelListing, ModelSummary, OfferSummary } from '../../api/models-api.ts'
import type { CallOptions, TopicQuery } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'

/** A model somebody offers, with everything a caller needs to choose and to check. */
export interface KnownModel {
  readonly card: SignedCard
  /** By provider; the newest of each. */
  readonly offers: ReadonlyMap<string, SignedOffer>
}

/** The models this peer has met on the network, its own among them. */
export interface Catalogue {
  /** Refuses DISCOVERY_EMPTY when nobody offers a model under the topic. */
  search(topic: TopicQuery, options?: CallOptions): Promise<readonly KnownModel[]>
  /** By card CID or by name; MODEL_UNKNOWN, or INPUT_INVALID for a name of several models. */
  resolve(model: string): KnownModel
  /** The model with its offers asked for again from the providers that made them. */
  refresh(known: KnownModel, options?: CallOptions): Promise<KnownModel>
  /** The offer that `provider` stands by now, or undefined when it shows none but the one before. */
  renew(before: SignedOffer, options?: CallOptions): Promise<SignedOffer | undefined>
  all(): readonly KnownModel[]
  /** Takes in what this peer offers itself: nobody else need tell it. */
  keepOwn(card: SignedCard, offer: SignedOffer): void
  /** Forgets this peer's own offer of the model, and the model where nobody else offers it. */
  dropOwn(model: string): void
  /** The offer with this CID among those met (OFFER_UNKNOWN). */
  offer(cid: string): SignedOffer
}

/** An offer is asked for again when less than this is left of its life. */
const FRESH_MS = 60_000

/** Cards and offers read from other peers, verified. specs/06-model.md */
export function createCatalogue(
  parts: Pick<Parts, 'publications' | 'peerId' | 'now' | 'log'>
): Catalogue {
  const { publications, peerId, now, log } = parts
  const models = new Map<string, { card: SignedCard; offers: Map<string, SignedOffer> }>()

  async function meet(peer: string, entry: CatalogueEntry, options: CallOptions): Promise<void> {
    const { issuer, kind, id } = entry
    const card = await publications.fetch(
      peer,
      { issuer, kind, id },
      async (bytes) => {
        const value = await verifyCard(bytes, now())
        if (value.cid.toString() !== id) throw new DatanetError('CID_MISMATCH', { id })
        return { seq: value.card.seq, cid: value.cid, value }
      },
      options
    )
    const known = models.get(id) ?? { card, offers: new Map() }
    await meetOffer(peer, known, options)
    models.set(id, known)
  }

  async function meetOffer(
    provider: string,
    known: { card: SignedCard; offers: Map<string, SignedOffer> },
    options: CallOptions
  ): Promise<void> {
    const id = known.card.cid.toString()
    const reading = publications.fetch(
      provider,
      { issuer: provider, kind: 'offer', id },
      async (bytes) => {
        const value = await verifyOffer(bytes, now())
        if (value.offer.provider !== provider || value.offer.model.toString() !== id) {
          throw new DatanetError('SIGNER_UNEXPECTED', { provider })
        }
        return { seq: value.offer.seq, cid: value.cid, value }
      },
      options
    )
    const offer = await reading.catch((error: unknown) => {
      // Told twice: the one that was taken before is no better than the other. DOCUMENT-R3
      if (isDatanetError(error) && error.code === 'RECORD_EQUIVOCATES') {
        known.offers.delete(provider)
      }
      throw error
    })
    known.offers.set(provider, offer)
  }

  return {
    all: () => [...models.values()],

    keepOwn(card, offer) {
      const id = card.cid.toString()
      const known = models.get(id) ?? { card, offers: new Map() }
      known.offers.set(peerId, offer)
      models.set(id, known)
    },

    dropOwn(model) {
      const known = models.get(model)
      known?.offers.delete(peerId)
      if (known?.offers.size === 0) models.delete(model)
    },

    async search(query, options = {}) {
      const { topic, ...how } = toQuery(query)
      const found = new Set<string>()
      const isMatch = (entry: CatalogueEntry) =>
        entry.kind === 'card' && entry.labels.includes(topic)
      for await (const { peer, entry } of publications.discover('topic', topic, isMatch, {
        ...options,
        ...how
      })) {
        try {
          await meet(peer, entry, options)
          found.add(entry.id)
        } catch (error) {
          // One peer's bad or missing document must not hide the others' good ones.
          if (!isDatanetError(error)) throw error
          log('catalogue', { peer, id: entry.id, code: error.code })
        }
      }
      if (found.size === 0) throw new DatanetError('DISCOVERY_EMPTY', { topic })
      return [...found].map((id) => models.get(id) as KnownModel)
    },

    resolve(model) {
      const byCid = models.get(model)
      if (byCid !== undefined) return byCid
      const named = [...models.values()].filter(({ card }) => card.card.name === model)
      // A model built again under its name is the same model to its users: the newest card holds.
      const issuers = new Set(named.map(({ card }) => card.card.issuer))
      if (issuers.size > 1) {
        throw new DatanetError(
          'INPUT_INVALID',
          { model },
          { hint: 'several models have this name' }
        )
      }
      const newest = named.sort((a, b) => b.card.card.seq - a.card.card.seq)[0]
      if (newest === undefined) throw new DatanetError('MODEL_UNKNOWN', { model })
      return newest
    },

    async renew({ cid, offer: { model, provider } }, options = {}) {
      const entry = models.get(model.toString())
      if (entry === undefined) return undefined
      try {
        await meetOffer(provider, entry, options)
      } catch (error) {
        if (!isDatanetError(error)) throw error
        return undefined
      }
      const signed = entry.offers.get(provider)
      return signed?.cid.equals(cid) === true ? undefined : signed
    },
    async refresh(known, options = {}) {
      const id = known.card.cid.toString()
      const entry = models.get(id)
      if (entry === undefined) throw new DatanetError('MODEL_UNKNOWN', { model: id })
      for (const [provider, { offer }] of entry.offers) {
        if (offer.expiresAtMs > now() + FRESH_MS) continue
        try {
          await meetOffer(provider, entry, options)
        } catch (error) {
          if (!isDatanetError(error)) throw error
          entry.offers.delete(provider)
        }
      }
      return entry
    },

    offer(cid) {
      for (const { offers } of models.values()) {
        for (const offer of offers.values()) if (offer.cid.toString() === cid) return offer
      }
      throw new DatanetError('OFFER_UNKNOWN', { offer: cid })
    }
  }
}

/** A topic to look for in its long form. */
export function toQuery(query: TopicQuery): { readonly topic: string; readonly waitMs: number } {
  return typeof query === 'string' ? { topic: query, waitMs: 0 } : query
}

/** What is withdrawn of a revision; undefined when it is not kept here. */
export type WithdrawnOf = (datanet: string, revision: string) => readonly string[] | undefined

function withdrawnIn(
  revisions: SignedCard['card']['revisions'],
  withdrawnOf: WithdrawnOf
): { withdrawn?: readonly string[] } {
  const each = revisions.map(({ datanet, revision }) => withdrawnOf(`${datanet}`, `${revision}`))
  return each.includes(undefined) ? {} : { withdrawn: each.flatMap((some) => some ?? []) }
}

/** A card as the faces show it. */
export function describeCard(
  { card, cid }: SignedCard,
  notes: readonly string[],
  withdrawnOf: WithdrawnOf
): ModelSummary {
  const { questions, answered, falseAnswers } = card.evaluation
  return {
    model: cid.toString(),
    name: card.name,
    description: card.description,
    engine: card.engine,
    ...(card.base === undefined ? {} : { base: card.base }),
    ...(card.adapter === undefined ? {} : { adapter: card.adapter.cid.toString() }),
    datanets: card.revisions.map((r) => r.datanet.toString()),
    revisions: card.revisions.map((r) => r.revision.toString()),
    topics: card.topics,
    builder: card.builder,
    issuer: card.issuer,
    evaluation: { questions, answered, falseAnswers },
    notes,
    ...withdrawnIn(card.revisions, withdrawnOf),
    publishedAtMs: card.seq
  }
}

/** An offer as the faces show it. */
export function describeOffer({ offer, cid }: SignedOffer, card?: SignedCard): OfferSummary {
  const adapter = card?.card.adapter
  const isWarm = offer.adapters?.warm.some((one) => adapter?.cid.equals(one) === true)
  return {
    offer: cid.toString(),
    model: offer.model.toString(),
    provider: offer.provider,
    ...offer.price,
    openWei: offer.openWei,
    maxChunkWei: offer.maxChunkWei,
    royaltyPpm: offer.policy.royaltyPpm,
    ...(adapter === undefined ? {} : { isWarm: isWarm === true }),
    expiresAtMs: offer.expiresAtMs
  }
}

/** A model with its standing offers as the faces show it. */
export function describeListing(
  known: KnownModel,
  nowMs: number,
  withdrawnOf: WithdrawnOf
): ModelListing {
  return {
    model: describeCard(known.card, [], withdrawnOf),
    offers: [...known.offers.values()]
      .filter(({ offer }) => offer.expiresAtMs > nowMs)
      .map((offer) => describeOffer(offer, known.card))
  }
}
