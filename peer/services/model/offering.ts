import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { type SignedCard, verifyCard } from '../../../protocol/model/card.ts'
import { type Payment, type SignedOffer, signOffer } from '../../../protocol/model/offer.ts'
import type { OfferSummary, ServeTerms } from '../../api/models-api.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { type Catalogue, describeOffer } from './catalogue.ts'
import type { Lane } from './lane.ts'
import { createLanes } from './lanes.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { Models } from './models.ts'
import type { TextModels } from './text-models.ts'

/** Bounds of a call that every offer of this peer states. */
export const OFFERED = {
  /** Tokens of one chunk, at most: what a caller prepays, and so what it can lose. */
  chunkTokens: 64,
  maxInputBytes: 65_536,
  maxOutputTokens: 2_048,
  /** Seconds: a day for the provider to claim before a payer's withdrawal, unless configured. */
  withdrawDelayS: 86_400
} as const

/** A model that is being served. */
export interface Served {
  readonly card: SignedCard
  readonly model: LoadedModel
  readonly terms: ServeTerms
  /** Where its calls find a place. */
  readonly lane: Lane
  /** The current offer and the one before it, which callers may still hold. */
  offers: SignedOffer[]
}

/** The offers of this peer. */
export interface Offering {
  serve(terms: ServeTerms): Promise<OfferSummary>
  /**
   * Offers a model no more. Calls under way are finished, and offers that callers hold stand until they
   * are over, so that a newer model takes its place without a call lost. Refuses what is not served
   * (MODEL_UNKNOWN).
   */
  retire(model: string): Promise<{ readonly model: string }>
  /** What stands behind an offer. Refuses others' and stale ones (OFFER_UNKNOWN, OFFER_EXPIRED). */
  find(offer: string): { served: Served; signed: SignedOffer }
  /** The payments of every standing offer. */
  payments(): readonly Payment[]
  /** Offers again what was served before: after a restart. */
  resume(): Promise<void>
  stop(): void
}

/** Offers of this peer's models, kept fresh while it runs. specs/06-model.md §Offer */
export function createOffering(
  parts: Pick<Parts, 'modelStore' | 'wallet' | 'chain' | 'publications' | 'peerId' | 'now' | 'log'>,
  datanets: Datanets,
  models: Models,
  catalogue: Catalogue,
  init: {
    readonly withdrawDelayS: number
    readonly adaptersOf?: TextModels['adaptersOf']
    readonly limitsOf?: TextModels['limitsOf']
  }
): Offering {
  const { modelStore, wallet, chain, publications, peerId, now, log } = parts
  const served = new Map<string, Served>()
  /** Offered no more, and stood by until the last offer of it is over. */
  let leaving: Served[] = []
  const lanes = createLanes({ limitsOf: init.limitsOf ?? (() => ({})), onBehind }, { now })
  const refresher = setInterval(() => {
    leaving = leaving.filter(({ offers }) => offers.some(({ offer }) => offer.expiresAtMs > now()))
    for (const one of served.values()) {
      if (one.lane.isBehind) continue
      offer(one).catch((error) => log('serving', { model: `${one.card.cid}`, error: `${error}` }))
    }
  }, LIMITS.offerLifeMs / 2)
  refresher.unref()

  /** Shows no offer of the model any more; those that callers hold stand until they are over. */
  function hide({ card }: Served): void {
    const model = card.cid.toString()
    catalogue.dropOwn(model)
    publications.withdraw({ issuer: peerId, kind: 'offer', id: model })
    publications.unannounce('model', model)
  }

  /** Who has to wait too long is better served by another peer, until the queue is empty. */
  function onBehind(lane: Lane, isBehind: boolean): void {
    for (const one of served.values()) {
      if (one.lane !== lane) continue
      log('serving', { model: one.terms.model, isBehind })
      if (isBehind) hide(one)
      else {
        publications.announce('model', one.terms.model)
        offer(one).catch((error) => log('serving', { model: one.terms.model, error: `${error}` }))
      }
    }
  }

  async function offer(one: Served): Promise<SignedOffer> {
    const { callWei, inputTokenWei, outputTokenWei } = one.terms
    const datanet = datanets.known(`${one.card.card.revisions[0]?.datanet}`)
    const { contracts } = chain
    const operator = wallet.own.address
    const seq = now()
    const adapters = init.adaptersOf?.(one.card.card)
    const signed = await signOffer(
      {
        version: 1,
        model: one.card.cid,
        provider: peerId,
        payment: {
          chainId: Number(contracts.chainId),
          escrow: contracts.escrow,
          pool: contracts.pool,
          registry: contracts.registry,
          token: contracts.token,
          operator,
          receiptSigner: operator,
          auditor: datanet.key,
          withdrawDelayS: init.withdrawDelayS
        },
        price: { callWei, inputTokenWei, outputTokenWei },
        openWei: callWei + inputTokenWei * BigInt(OFFERED.maxInputBytes / 4),
        maxChunkWei: outputTokenWei * BigInt(OFFERED.chunkTokens),
        policy: datanet.signed.manifest.royalty,
        maxInputBytes: OFFERED.maxInputBytes,
        maxOutputTokens: OFFERED.maxOutputTokens,
        ...(adapters === undefined ? {} : { adapters }),
        seq,
        expiresAtMs: seq + LIMITS.offerLifeMs
      },
      wallet.peerKey
    )
    // Retired while it was signed: what is not served must not be shown again.
    if (served.get(one.terms.model) !== one) return signed
    one.offers = [signed, ...one.offers].slice(0, 2)
    if (one.lane.isBehind) return signed
    catalogue.keepOwn(one.card, signed)
    modelStore.putPolicy(signed.cid.toString(), signed.offer.policy)
    publications.publish({
      issuer: peerId,
      kind: 'offer',
      id: one.card.cid.toString(),
      seq,
      bytes: signed.bytes
    })
    return signed
  }

  async function start(terms: ServeTerms): Promise<SignedOffer> {
    const stored = modelStore.model(terms.model)
    if (stored === undefined) throw new DatanetError('MODEL_UNKNOWN', { model: terms.model })
    const card = await verifyCard(stored.card, now())
    const model = await models.load(terms.model)
    const one: Served = { card, model, terms, lane: lanes.of(card.card), offers: [] }
    served.set(terms.model, one)
    publications.publish({
      issuer: card.card.issuer,
      kind: 'card',
      id: terms.model,
      seq: card.card.seq,
      bytes: stored.card,
      labels: card.card.topics
    })
    const signed = await offer(one)
    publications.announce('model', terms.model)
    for (const topic of card.card.topics) publications.announce('topic', topic)
    return signed
  }

  function find(offerCid: string): { served: Served; signed: SignedOffer } {
    for (const one of [...served.values(), ...leaving]) {
      const signed = one.offers.find(({ cid }) => cid.toString() === offerCid)
      if (signed === undefined) continue
      if (signed.offer.expiresAtMs < now()) {
        throw new DatanetError('OFFER_EXPIRED', { offer: offerCid })
      }
      return { served: one, signed }
    }
    throw new DatanetError('OFFER_UNKNOWN', { offer: offerCid })
  }

  return {
    find,
    payments: () =>
      [...served.values(), ...leaving].flatMap(({ offers }) =>
        offers.map(({ offer: { payment } }) => payment)
      ),
    async serve(terms) {
      await chain.check()
      const signed = await start({ ...terms, account: wallet.account(terms.account).address })
      modelStore.putServed(terms)
      return describeOffer(signed, served.get(terms.model)?.card)
    },
    async retire(model) {
      const one = served.get(model)
      if (one === undefined) throw new DatanetError('MODEL_UNKNOWN', { model })
      served.delete(model)
      leaving.push(one)
      modelStore.dropServed(model)
      hide(one)
      return { model }
    },
    async resume() {
      for (const terms of modelStore.served()) {
        try {
          await start(terms)
        } catch (error) {
          // A card past its life must not keep the whole peer from starting.
          if (!isDatanetError(error)) throw error
          log('serving', { model: terms.model, code: error.code })
        }
      }
    },
    stop() {
      clearInterval(refresher)
    }
  }
}
