import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import { verifyOffer } from '../../../protocol/model/offer.ts'
import { channelReceiptsSchema } from '../../../protocol/net/channel-receipts.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { invokeAskSchema } from '../../../protocol/net/invoke.ts'
import {
  decodeReceipt,
  type Receipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import type { RoyaltyParties } from '../../../protocol/reward/split.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { createRevisionManifest, curatorsOf } from '../revision/revision-manifest.ts'

/** What a drop follows from, as its operator shows it to whoever asks. */
export interface DropGround {
  /** All receipts of a channel. Refuses what nobody shows (RECEIPT_UNKNOWN). */
  receipts(
    channelId: string,
    peers: readonly string[],
    options?: CallOptions
  ): Promise<readonly SignedReceipt[]>
  /** Who shares each receipt's royalty. Refuses offers and cards that nobody shows. */
  parties(
    receipts: readonly Receipt[],
    peers: readonly string[],
    options?: CallOptions
  ): Promise<(receipt: Receipt) => RoyaltyParties>
}

/** The ground of drops over the network, checked on the way in. specs/09-reward.md §Fold */
export function createDropGround(
  parts: Pick<
    Parts,
    'pool' | 'peerId' | 'channelStore' | 'datanetStore' | 'modelStore' | 'publications'
  >,
  datanets: Pick<Datanets, 'meet'>
): DropGround {
  const { pool, peerId, channelStore, modelStore, publications } = parts
  const manifestOf = createRevisionManifest(parts)

  async function shownBy(peer: string, channelId: string, options: CallOptions) {
    const receipts: SignedReceipt[] = []
    for (let before = -1; before < receipts.length; ) {
      before = receipts.length
      const asked = toWire(invokeAskSchema, { receipts: { channelId, from: before } })
      const exchange = pool.ask(peer, PROTOCOLS.invoke, asked, options)
      exchange.end.catch(() => {})
      for await (const part of exchange.parts) {
        const { receipts: some } = fromWire(channelReceiptsSchema, part)
        receipts.push(...some.map(decodeReceipt))
      }
      await exchange.end
    }
    return receipts
  }

  /** The first of `peers` that has it; what the last one said otherwise. */
  async function anyOf<T>(
    peers: readonly string[],
    code: 'RECEIPT_UNKNOWN' | 'OFFER_UNKNOWN' | 'MODEL_UNKNOWN',
    id: string,
    ask: (peer: string) => Promise<T>
  ): Promise<T> {
    let cause: unknown
    for (const peer of peers) {
      try {
        return await ask(peer)
      } catch (error) {
        if (!isDatanetError(error)) throw error
        cause = error
      }
    }
    throw new DatanetError(code, { id }, { cause })
  }

  async function policyOf(offer: string, peers: readonly string[], options: CallOptions) {
    const known = modelStore.policy(offer)
    if (known !== undefined) return known
    const kept = channelStore.offer(offer)
    if (kept !== undefined) return (await verifyOffer(kept)).offer.policy
    const read = async (bytes: Uint8Array) => {
      const { offer: value, cid } = await verifyOffer(bytes)
      if (cid.toString() !== offer) throw new DatanetError('CID_MISMATCH', { offer })
      return { seq: value.seq, cid, value }
    }
    const { policy } = await anyOf(peers, 'OFFER_UNKNOWN', offer, (peer) =>
      publications.fetch(peer, { issuer: peer, kind: 'offer', id: offer }, read, options)
    )
    return policy
  }

  async function cardOf(
    { model, startedAtMs }: Receipt,
    peers: readonly string[],
    options: CallOptions
  ) {
    const id = model.toString()
    const own = modelStore.model(id)
    if (own !== undefined) return (await verifyCard(own.card, own.issuedAtMs)).card
    const read = async (bytes: Uint8Array) => {
      // It may have run out since: what was earned under it is owed all the same.
      const { card, cid } = await verifyCard(bytes, startedAtMs)
      if (cid.toString() !== id) throw new DatanetError('CID_MISMATCH', { model: id })
      return { seq: card.seq, cid, value: card }
    }
    return anyOf(peers, 'MODEL_UNKNOWN', id, async (peer) => {
      const entries = await publications.catalogue(peer, options)
      const entry = entries.find((one) => one.kind === 'card' && one.id === id)
      const issuer = entry?.issuer ?? peer
      return publications.fetch(peer, { issuer, kind: 'card', id }, read, options)
    })
  }

  return {
    async receipts(channelId, peers, options = {}) {
      const own = channelStore.receiptsOf('provider', channelId)
      if (own.length > 0) return own.map(({ bytes }) => decodeReceipt(bytes))
      const others = peers.filter((peer) => peer !== peerId)
      return anyOf(others, 'RECEIPT_UNKNOWN', channelId, (peer) =>
        shownBy(peer, channelId, options)
      )
    },

    async parties(receipts, peers, options = {}) {
      const known = new Map<string, RoyaltyParties>()
      for (const receipt of receipts) {
        const name = `${receipt.model} ${receipt.offer}`
        if (known.has(name)) continue
        const from = [...new Set([receipt.provider, ...peers])].filter((one) => one !== peerId)
        const policy = await policyOf(receipt.offer.toString(), from, options)
        const card = await cardOf(receipt, from, options)
        const terms = await Promise.all(
          card.revisions.map(async ({ datanet, revision }) => {
            const known = await anyOf([peerId, ...from], 'MODEL_UNKNOWN', `${datanet}`, (peer) =>
              datanets.meet(`${datanet}`, peer, options)
            )
            return manifestOf(known, revision, from, options)
          })
        )
        known.set(name, {
          policy,
          ...curatorsOf(terms),
          treasuries: [...new Set(terms.map(({ manifest }) => manifest.treasury))].sort()
        })
      }
      return ({ model, offer }) => known.get(`${model} ${offer}`) as RoyaltyParties
    }
  }
}
