import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { RECORDS_DOMAIN } from './manifest.ts'

const REVIEW: TypedStruct = {
  name: 'Review',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'verdict', type: 'string' },
    { name: 'review', type: 'bytes32' }
  ]
}

/** Why a curator takes an item out of the queue at once. specs/04-datanet.md §Review codes */
export const FLAG_CODES = ['personal-data', 'licence', 'harmful', 'spam'] as const

/** Why an item is rejected; what it is flagged for is a reason as well. specs/04-datanet.md §Review codes */
export const REVIEW_CODES = [
  ...FLAG_CODES,
  'off-topic',
  'incorrect',
  'unclear',
  'duplicate',
  'other'
] as const

/** The wire form of a review. specs/04-datanet.md §Review */
export const reviewSchema = z
  .strictObject({
    version: z.literal(1),
    datanet: field.cid,
    contribution: field.cid,
    verdict: z.enum(['approve', 'reject', 'unsure', 'flag', 'clear']),
    code: z.enum(REVIEW_CODES).optional(),
    reason: field.text(1_024).optional(),
    /** The appeal that is answered. */
    appeal: field.cid.optional(),
    curator: field.address,
    createdAtMs: field.atMs
  })
  .refine(
    ({ verdict, code }) =>
      verdict === 'flag'
        ? (FLAG_CODES as readonly (string | undefined)[]).includes(code)
        : code === undefined || verdict === 'reject',
    'a flag has one of its codes, a rejection may have any, other verdicts none'
  )

const signedSchema = z.strictObject({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  signature: field.bytes(64)
})

export type Review = z.output<typeof reviewSchema>

/** A review with its CID and the signed bytes that are stored and forwarded. */
export interface SignedReview {
  readonly review: Review
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** `review` signed by its curator. Refuses another account's signer (SIGNER_UNEXPECTED). */
export async function signReview(review: Review, signer: AccountSigner): Promise<SignedReview> {
  if (signer.address !== review.curator) {
    throw new DatanetError('SIGNER_UNEXPECTED', { curator: review.curator })
  }
  const body = encodeRecord(reviewSchema, review)
  const cid = cidOf(body)
  const signature = await signer.signTypedData(RECORDS_DOMAIN, REVIEW, typedValue(review, cid))
  return { review, cid, bytes: encodeRecord(signedSchema, { body, signature }) }
}

/** The review in signed bytes. Refuses malformed records and foreign signatures (SIGNATURE_INVALID). */
export function verifyReview(bytes: Uint8Array): SignedReview {
  const { body, signature } = decodeRecord(signedSchema, bytes)
  const review = decodeRecord(reviewSchema, body)
  const cid = cidOf(body)
  verifyTypedData(RECORDS_DOMAIN, REVIEW, typedValue(review, cid), signature, review.curator)
  return { review, cid, bytes }
}

function typedValue(review: Review, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(review.datanet),
    contribution: digestOf(review.contribution),
    verdict: review.verdict,
    review: digestOf(cid)
  }
}
