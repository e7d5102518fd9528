import { DatanetError } from '../../../protocol/base/errors.ts'
import { type SignedAppeal, verifyAppeal } from '../../../protocol/datanet/appeal.ts'
import { type SignedReview, verifyReview } from '../../../protocol/datanet/review.ts'
import { parseLine, signedIn } from './revision-rows.ts'

/** Where the reviews behind a revision's rows lie. specs/04-datanet.md §Revision directory */
export const REVIEWS_PATH = 'data/reviews.jsonl'

/** A wrapped review, and the wrapped appeal that it answers. */
export interface ReviewRow {
  readonly bytes: Uint8Array
  readonly appeal?: Uint8Array
}

/** What one line holds, verified. */
export interface ParsedReviewRow extends SignedReview {
  readonly appeal?: SignedAppeal
}

/** The line of one wrapped review. */
export function reviewRow({ bytes, appeal }: ReviewRow): Uint8Array {
  const line = {
    signed: Buffer.from(bytes).toString('base64'),
    ...(appeal === undefined ? {} : { appeal: Buffer.from(appeal).toString('base64') })
  }
  return new TextEncoder().encode(`${JSON.stringify(line)}\n`)
}

/**
 * The review in one line. Refuses what is no line of a review, one that does not hold the appeal that it
 * answers (REVISION_INVALID), and bad signatures.
 */
export function parseReviewRow(bytes: Uint8Array): ParsedReviewRow {
  const columns = parseLine(bytes)
  const signed = verifyReview(signedIn(columns))
  const { appeal: cid, contribution } = signed.review
  if (cid === undefined && columns.appeal === undefined) return signed
  const appeal =
    typeof columns.appeal === 'string'
      ? verifyAppeal(Uint8Array.from(Buffer.from(columns.appeal, 'base64')))
      : undefined
  const isAnswered = cid !== undefined && appeal?.cid.equals(cid) === true
  if (!isAnswered || !appeal.appeal.contribution.equals(contribution)) {
    throw new DatanetError('REVISION_INVALID', { reason: 'a review answers another appeal' })
  }
  return { ...signed, appeal }
}
