import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

const REVIEW_QUERY: TypedStruct = {
  name: 'ReviewQuery',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'curator', type: 'address' },
    { name: 'query', type: 'bytes32' }
  ]
}

/** The wire form of what a curator asks the intake host. specs/04-datanet.md §Work list */
export const reviewQuerySchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  curator: field.address,
  want: z.enum(['next', 'mine', 'give', 'show', 'held', 'stats']),
  /** Which are meant: those given back or shown. */
  contributions: z.array(field.cid).min(1).max(LIMITS.reviewLeases).optional(),
  /** How many at most, of `next` and `held`. */
  most: z.int().min(1).max(LIMITS.reviewLeases).optional(),
  askedAtMs: field.atMs
})

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type ReviewQuery = z.output<typeof reviewQuerySchema>

/** Signed bytes of `query`. Refuses another account's signer (SIGNER_UNEXPECTED). */
export async function signReviewQuery(
  query: ReviewQuery,
  signer: AccountSigner
): Promise<Uint8Array> {
  if (signer.address !== query.curator) {
    throw new DatanetError('SIGNER_UNEXPECTED', { curator: query.curator })
  }
  const body = encodeRecord(reviewQuerySchema, query)
  const value = typedValue(query, body)
  const signature = await signer.signTypedData(RECORDS_DOMAIN, REVIEW_QUERY, value)
  return encodeRecord(signedSchema, { body, signature })
}

/**
 * The query in signed bytes. Refuses malformed records, a signature that is not by its curator
 * (SIGNATURE_INVALID), and one asked more than `clockSkewMs` ago (RECORD_EXPIRED) or ahead
 * (RECORD_FROM_FUTURE): nobody works with another's words.
 */
export function verifyReviewQuery(bytes: Uint8Array, nowMs: number): ReviewQuery {
  const { body, signature } = decodeRecord(signedSchema, bytes)
  const query = decodeRecord(reviewQuerySchema, body)
  const value = typedValue(query, body)
  verifyTypedData(RECORDS_DOMAIN, REVIEW_QUERY, value, signature, query.curator)
  const { askedAtMs } = query
  if (askedAtMs > nowMs + LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_FROM_FUTURE', { askedAtMs, nowMs })
  }
  if (askedAtMs < nowMs - LIMITS.clockSkewMs) {
    throw new DatanetError('RECORD_EXPIRED', { askedAtMs, nowMs })
  }
  return query
}

function typedValue({ datanet, curator }: ReviewQuery, body: Uint8Array): Record<string, unknown> {
  return { datanet: digestOf(datanet), curator, query: digestOf(cidOf(body)) }
}
