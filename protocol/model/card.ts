import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf } from '../base/codec.ts'
import { openEnvelope, sealEnvelope } from '../base/envelope.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'

const DOMAIN = 'datanet/card/1'

/** The wire form of a card. specs/06-model.md §Card */
export const cardSchema = z.strictObject({
  version: z.literal(1),
  /** Lowercase words and dashes: how people and OpenAI clients name the model. */
  name: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(64),
  description: field.text(4_096),
  /** What answers: `retrieval`, `openai`, `llama`. */
  engine: field.label,
  base: field.label.optional(),
  /** What was trained on top of the base. specs/06-model.md §Adapter */
  adapter: z
    .strictObject({
      cid: field.cid,
      rank: z.int().min(1).max(LIMITS.adapterRank),
      /** A question that the base with the adapter answers so, word by most likely word. */
      canary: z.strictObject({ prompt: field.text(1_024), answer: field.bytes(32) }).optional()
    })
    .optional(),
  /** What was built: an index, an adapter. */
  artefact: field.cid,
  revisions: z
    .array(z.strictObject({ datanet: field.cid, revision: field.cid }))
    .min(1)
    .max(LIMITS.cardRevisions),
  topics: z.array(field.label).min(1).max(LIMITS.labels),
  languages: z.array(field.label).min(1).max(LIMITS.labels),
  /** The account that earns the builder's share. */
  builder: field.address,
  /** The peer whose key signs the card. */
  issuer: field.label,
  /** The public tokenizer by which both sides count what is billed. */
  tokenizer: z.literal('o200k_base'),
  /**
   * What the builder measured by the named method: of `questions` about what the Datanet holds, how
   * many it answered from the right source, and how many it answered with that source taken away.
   */
  evaluation: z.strictObject({
    method: field.label,
    questions: field.count,
    answered: field.count,
    falseAnswers: field.count
  }),
  /** Issue time in ms; the higher one of two cards with one name and issuer holds. */
  seq: field.atMs
})

export type ModelCard = z.output<typeof cardSchema>

/** A card with its CID (of the body) and the sealed bytes that are stored and forwarded. */
export interface SignedCard {
  readonly card: ModelCard
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** `card` sealed by its issuer's peer key. Refuses another peer's key (SIGNER_UNEXPECTED). */
export async function signCard(card: ModelCard, key: PrivateKey): Promise<SignedCard> {
  if (peerIdFromPrivateKey(key).toString() !== card.issuer) {
    throw new DatanetError('SIGNER_UNEXPECTED', { issuer: card.issuer })
  }
  const body = encodeRecord(cardSchema, card)
  return { card, cid: cidOf(body), bytes: await sealEnvelope(DOMAIN, body, key) }
}

/**
 * The card in sealed bytes. Refuses malformed records, a signer other than the issuer
 * (SIGNER_UNEXPECTED), issue times ahead of the clock (RECORD_FROM_FUTURE) and cards older than
 * their life (RECORD_EXPIRED).
 */
export async function verifyCard(bytes: Uint8Array, nowMs: number): Promise<SignedCard> {
  const { payload, signer } = await openEnvelope(DOMAIN, bytes)
  const card = decodeRecord(cardSchema, payload)
  if (signer.toString() !== card.issuer) {
    throw new DatanetError('SIGNER_UNEXPECTED', { issuer: card.issuer, signer: `${signer}` })
  }
  if (card.seq > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { seq: card.seq })
  }
  if (card.seq + LIMITS.cardLifeMs < nowMs)
    throw new DatanetError('RECORD_EXPIRED', { seq: card.seq })
  return { card, cid: cidOf(payload), bytes }
}
