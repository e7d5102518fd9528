import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf } from '../base/codec.ts'
import { openEnvelope, sealEnvelope } from '../base/envelope.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import type { Manifest } from '../datanet/manifest.ts'
import { royaltyPolicySchema } from '../datanet/royalty-policy.ts'

const DOMAIN = 'datanet/offer/1'

interface FreeOrNot {
  readonly price: { callWei: bigint; inputTokenWei: bigint; outputTokenWei: bigint }
  readonly openWei: bigint
  readonly maxChunkWei: bigint
}

/** The wire form of an offer. specs/06-model.md §Offer */
export const offerSchema = z
  .strictObject({
    version: z.literal(1),
    /** The card served, by the CID of its body. */
    model: field.cid,
    /** The peer that serves it and whose key signs the offer. */
    provider: field.label,
    /** The payment it wants; its receipt signer signs also for calls that cost nothing. */
    payment: z.strictObject({
      chainId: z.int().min(1),
      escrow: field.address,
      pool: field.address,
      registry: field.address,
      token: field.address,
      operator: field.address,
      receiptSigner: field.address,
      auditor: field.hash,
      withdrawDelayS: z.int().min(1).max(2_592_000)
    }),
    price: z.strictObject({
      callWei: field.wei,
      inputTokenWei: field.wei,
      outputTokenWei: field.wei
    }),
    /** What a call costs before its first chunk, at most; the opening voucher covers it. */
    openWei: field.wei,
    /** What one chunk costs, at most; the opening voucher covers the first. */
    maxChunkWei: field.wei,
    policy: royaltyPolicySchema,
    maxInputBytes: z.int().min(1).max(LIMITS.frameBytes),
    maxOutputTokens: z.int().min(1),
    /** Where adapters load on demand: the largest rank taken, and those in memory as this was issued. */
    adapters: z
      .strictObject({
        maxRank: z.int().min(1).max(LIMITS.adapterRank),
        warm: z.array(field.cid).max(LIMITS.warmAdapters)
      })
      .optional(),
    seq: field.atMs,
    expiresAtMs: field.atMs
  })
  .refine((o) => o.expiresAtMs - o.seq <= LIMITS.offerLifeMs, 'an offer that lives too long')

export type Offer = z.output<typeof offerSchema>
/** Where and to whom an offer is paid. */
export type Payment = Offer['payment']

/** An offer with its CID (of the body) and the sealed bytes that are stored and forwarded. */
export interface SignedOffer {
  readonly offer: Offer
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** `offer` sealed by its provider's peer key. Refuses another peer's key (SIGNER_UNEXPECTED). */
export async function signOffer(offer: Offer, key: PrivateKey): Promise<SignedOffer> {
  if (peerIdFromPrivateKey(key).toString() !== offer.provider) {
    throw new DatanetError('SIGNER_UNEXPECTED', { provider: offer.provider })
  }
  const body = encodeRecord(offerSchema, offer)
  return { offer, cid: cidOf(body), bytes: await sealEnvelope(DOMAIN, body, key) }
}

/**
 * The offer in sealed bytes. Refuses malformed records, a signer other than the provider
 * (SIGNER_UNEXPECTED), issue times ahead of the clock (RECORD_FROM_FUTURE) and offers past their
 * expiry (OFFER_EXPIRED). Without `nowMs` its age is no matter: receipts outlive their offers.
 */
export async function verifyOffer(bytes: Uint8Array, nowMs?: number): Promise<SignedOffer> {
  const { payload, signer } = await openEnvelope(DOMAIN, bytes)
  const offer = decodeRecord(offerSchema, payload)
  if (signer.toString() !== offer.provider) {
    throw new DatanetError('SIGNER_UNEXPECTED', { provider: offer.provider, signer: `${signer}` })
  }
  if (nowMs !== undefined && offer.seq > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { seq: offer.seq })
  }
  if (nowMs !== undefined && offer.expiresAtMs < nowMs) {
    throw new DatanetError('OFFER_EXPIRED', { expiresAtMs: offer.expiresAtMs })
  }
  return { offer, cid: cidOf(payload), bytes }
}

/**
 * Refuses an offer below the royalty floor of the Datanets its model was built from
 * (ROYALTY_TOO_LOW): honest callers do not call it. The floor is the highest that any of them asks: a
 * call's shares of the Datanets are known only after it, and no shares of them come to more; a mean by
 * shares would let a builder thin a floor with data of its own. Free offers owe nothing. `manifests`
 * are those of every Datanet of the card, at least one. specs/06-model.md §Offer
 */
export function verifyRoyaltyFloor(offer: Offer, manifests: readonly Manifest[]): void {
  if (isFree(offer)) return
  const floorPpm = Math.max(...manifests.map((m) => m.royalty.royaltyPpm))
  const contributorsPpm = Math.max(...manifests.map((m) => m.royalty.contributorsPpm))
  // Of no manifests the highest would be below everything.
  const isMet =
    manifests.length > 0 &&
    offer.policy.royaltyPpm >= floorPpm &&
    offer.policy.contributorsPpm >= contributorsPpm
  if (isMet) return
  throw new DatanetError('ROYALTY_TOO_LOW', { royaltyPpm: offer.policy.royaltyPpm, floorPpm })
}

/** True when calls under `offer` cost nothing: no channel, no voucher. */
export function isFree(offer: FreeOrNot): boolean {
  const { callWei, inputTokenWei, outputTokenWei } = offer.price
  return callWei + inputTokenWei + outputTokenWei + offer.openWei + offer.maxChunkWei === 0n
}
