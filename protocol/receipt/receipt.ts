import { z } from 'zod'
import { decodeCanonical, encodeCanonical, parseCid, sha256 } from '../base/codec.ts'
import { DatanetError, isDatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { field, fromWire, toWire } from '../base/schema.ts'
import { verifyCredits } from './attribution.ts'
import { receiptFromWire, receiptToWire, signedFromWire } from './receipt-wire.ts'

const ZERO_HASH = `0x${'0'.repeat(64)}`
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`
const account = field.address.refine((text) => text !== ZERO_ADDRESS, 'not the zero address')

/** A link on the wire, CID text in memory: credits are compared and shown as text. */
const cidText = z.codec(field.cid, z.string(), {
  decode: (cid) => cid.toString(),
  encode: (text) => parseCid(text)
})

/** One line of attribution on the wire. */
const creditSchema = z.strictObject({
  contribution: cidText.exactOptional(),
  account: account.exactOptional(),
  basis: z.enum(['retrieved', 'span', 'trained', 'revision', 'unattributed']),
  ppm: field.ppm
})

/** What the provider states about one call. specs/08-receipt.md §Body */
export const receiptSchema = z
  .strictObject({
    version: z.literal(1),
    /** 16 random bytes of the caller: the public id of the receipt, the same across attempts. */
    callId: field.bytes(16),
    attempt: field.count,
    /** Zero for a free call. */
    channelId: field.hash,
    /** Place among the channel's receipts, from 0 on; 0 for a free call. */
    seq: field.count,
    /** Peer id of the provider. */
    provider: field.label,
    /** CIDs of the card and the offer that the call was made under. */
    model: field.cid,
    offer: field.cid,
    /** commitmentOf the request and of the delivered answer. */
    request: field.bytes(32),
    answer: field.bytes(32),
    usage: z.strictObject({ inputTokens: field.count, outputTokens: field.count }),
    priceWei: field.wei,
    royaltyWei: field.wei,
    outcome: z.enum(['answered', 'abstained', 'cancelled', 'interrupted']),
    /** Id of the attribution method that the credits come from. */
    method: field.label,
    /** commitmentOf the evidence, under the answer's salt; absent where nothing was measured. */
    evidence: field.bytes(32).exactOptional(),
    credits: z.array(creditSchema).min(1).max(LIMITS.credits).refine(areCredits, 'not a whole'),
    /** The account that built the model. */
    builder: account,
    startedAtMs: field.atMs,
    finishedAtMs: field.atMs
  })
  .refine((r) => r.royaltyWei <= r.priceWei, 'a royalty above the price')
  .refine((r) => r.finishedAtMs >= r.startedAtMs, 'finished before it started')
  .refine(
    (r) => r.channelId !== ZERO_HASH || (r.seq === 0 && r.priceWei === 0n),
    'a price or a place without a channel'
  )

export type Receipt = z.output<typeof receiptSchema>

/** A receipt with the bytes that were signed: those are stored and forwarded, never rebuilt. */
export interface SignedReceipt {
  readonly receipt: Receipt
  readonly body: Uint8Array
  /** From this receipt to the root of the group that it was signed in; absent where it was alone. */
  readonly path?: readonly Uint8Array[]
  /** 64 bytes, compact, by the receipt signer of the terms. */
  readonly signature: Uint8Array
}

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes'),
  path: z.array(field.bytes(32)).min(1).max(LIMITS.receiptPath).exactOptional(),
  signature: field.bytes(64)
})

/** The bytes of a signed receipt as they travel and are kept. */
export function encodeReceipt({ body, path, signature }: SignedReceipt): Uint8Array {
  const signed = path === undefined ? { body, signature } : { body, path: [...path], signature }
  return encodeCanonical(signedFromWire(signed) ?? toWire(signedSchema, signed))
}

/**
 * The signed receipt in `bytes`. Refuses bytes that are not canonical, fields outside the schema and
 * credits that are not a division of the whole (RECORD_MALFORMED, RECORD_NOT_CANONICAL,
 * RECORD_TOO_LARGE). Checks no signature.
 */
export function decodeReceipt(bytes: Uint8Array): SignedReceipt {
  const outer = decodeCanonical(bytes)
  const signed = signedFromWire(outer) ?? fromWire(signedSchema, outer)
  const wire = decodeCanonical(signed.body)
  return { receipt: receiptFromWire(wire) ?? fromWire(receiptSchema, wire), ...signed }
}

/** The bytes of `receipt` that are signed. Refuses a receipt outside the schema (RECORD_MALFORMED). */
export function encodeReceiptBody(receipt: Receipt): Uint8Array {
  return encodeCanonical(receiptToWire(receipt) ?? toWire(receiptSchema, receipt))
}

/**
 * What stands for private bytes in a published receipt: sha256(salt ‖ bytes). Refuses a salt that is
 * not of 16 bytes (INPUT_INVALID): a shorter one could be guessed together with the bytes.
 */
export function commitmentOf(salt: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (salt.byteLength !== 16) throw new DatanetError('INPUT_INVALID', { salt: salt.byteLength })
  return sha256(salt, bytes)
}

function areCredits(credits: Parameters<typeof verifyCredits>[0]): boolean {
  try {
    verifyCredits(credits)
    return true
  } catch (error) {
    if (isDatanetError(error)) return false
    throw error
  }
}
