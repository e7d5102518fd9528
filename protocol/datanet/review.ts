import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOf, digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedStruct, verifyTypedData } from '../base/typed-data.ts'
import { PPM } from '../base/units.ts'
import { type Manifest, RECORDS_DOMAIN } from './manifest.ts'

const REVIEW: TypedStruct = {
  name: 'Review',
  fields: [
    { name: 'datanet', type: 'bytes32' },
    { name: 'contribution', type: 'bytes32' },
    { name: 'verdict', type: 'string' },
    { name: 'review', type: 'bytes32' }
  ]
}

/** The wire form of a review. specs/04-datanet.md §Review */
export const reviewSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  contribution: field.cid,
  verdict: z.enum(['approve', 'reject']),
  reason: field.text(1_024).optional(),
  curator: field.address,
  createdAtMs: field.atMs
})

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

/**
 * What the reviews of one contribution decide under the manifest's rule: so many approvals, and so
 * large a share of the verdicts. Distinct curators count once (their newest word; of two at one time
 * the rejection), and nobody decides about their own. Rejected is what can no longer be accepted.
 * Refuses reviews by others than curators or of one's own contribution (REVIEW_REFUSED).
 */
export function decideReviews(
  manifest: Manifest,
  contributor: string,
  reviews: readonly Review[]
): 'accepted' | 'rejected' | 'pending' {
  const newest = new Map<string, Review>()
  for (const review of reviews) {
    if (!manifest.curators.includes(review.curator) || review.curator === contributor) {
      throw new DatanetError('REVIEW_REFUSED', { curator: review.curator })
    }
    const known = newest.get(review.curator)
    if (known === undefined || isNewer(review, known)) newest.set(review.curator, review)
  }
  const verdicts = [...newest.values()].map((review) => review.verdict)
  const approvals = verdicts.filter((v) => v === 'approve').length
  const rejections = verdicts.length - approvals
  const eligible = manifest.curators.filter((c) => c !== contributor).length
  const suffices = (yes: number) =>
    yes >= manifest.review.approvals && yes * PPM >= manifest.review.sharePpm * (yes + rejections)
  if (suffices(approvals)) return 'accepted'
  return suffices(eligible - rejections) ? 'pending' : 'rejected'
}

/** A total order, so that everyone decides alike in whatever order the reviews came. */
function isNewer(review: Review, known: Review): boolean {
  if (review.createdAtMs !== known.createdAtMs) return review.createdAtMs > known.createdAtMs
  return review.verdict === 'reject'
}

function typedValue(review: Review, cid: CID): Record<string, unknown> {
  return {
    datanet: digestOf(review.datanet),
    contribution: digestOf(review.contribution),
    verdict: review.verdict,
    review: digestOf(cid)
  }
}
