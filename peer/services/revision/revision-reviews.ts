import { type SignedReview, verifyReview } from '../../../protocol/datanet/review.ts'
import { parseLine, signedIn } from './revision-rows.ts'

/** Where the reviews behind a revision's rows lie. specs/04-datanet.md §Revision directory */
export const REVIEWS_PATH = 'data/reviews.jsonl'

/** The line of one wrapped review. */
export function reviewRow(bytes: Uint8Array): Uint8Array {
  const signed = Buffer.from(bytes).toString('base64')
  return new TextEncoder().encode(`${JSON.stringify({ signed })}\n`)
}

/** The review in one line. Refuses what is no line of a review (REVISION_INVALID) and bad signatures. */
export function parseReviewRow(bytes: Uint8Array): SignedReview {
  return verifyReview(signedIn(parseLine(bytes)))
}
