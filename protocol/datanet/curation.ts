import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import { PPM } from '../base/units.ts'
import type { Review } from './review.ts'

/** Who shares the curators' part by their reviews: ascending accounts, together the whole. specs/04-datanet.md §Curation */
export const curationSchema = z
  .array(z.strictObject({ account: field.address, ppm: z.int().min(1).max(PPM) }))
  .min(1)
  .max(LIMITS.curation)
  .refine(
    (shares) =>
      shares.every(({ account }, i) => i === 0 || before(shares[i - 1]?.account, account)),
    'accounts must be ascending and distinct'
  )
  .refine((shares) => shares.reduce((sum, { ppm }) => sum + ppm, 0) === PPM, 'not the whole')

export type CurationShare = z.output<typeof curationSchema>[number]

/** Of a review what it is counted by. */
export type CountedReview = Pick<Review, 'curator' | 'verdict'> & { readonly contribution: string }

/**
 * How many rows each person judged: approved or rejected, in whatever round and however often. The
 * person is who `personOf` says; nobody counts on a row of their own, of which `authorOf` is the account.
 */
export function countReviews(
  reviews: Iterable<CountedReview>,
  of: {
    readonly personOf: (account: string) => string
    readonly authorOf: (contribution: string) => string | undefined
  }
): ReadonlyMap<string, number> {
  const judged = new Map<string, Set<string>>()
  for (const { curator, verdict, contribution } of reviews) {
    if (verdict !== 'approve' && verdict !== 'reject') continue
    const author = of.authorOf(contribution)
    const person = of.personOf(curator)
    if (author === undefined || of.personOf(author) === person) continue
    const rows = judged.get(person) ?? new Set()
    judged.set(person, rows.add(contribution))
  }
  return new Map([...judged].map(([person, rows]) => [person, rows.size]))
}

/**
 * `counts` as shares of the whole, by largest remainder, ties to the lower account; empty without any
 * count. Of more accounts than a record holds those with the most.
 */
export function curationOf(counts: ReadonlyMap<string, number>): readonly CurationShare[] {
  const most = [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, LIMITS.curation)
  const total = most.reduce((sum, [, count]) => sum + count, 0)
  const parts = most.map(([account, count]) => ({
    account,
    ppm: Math.floor((count * PPM) / total),
    rest: (count * PPM) % total
  }))
  let left = PPM - parts.reduce((sum, { ppm }) => sum + ppm, 0)
  if (total === 0) return []
  for (const part of parts.toSorted(
    (a, b) => b.rest - a.rest || (a.account < b.account ? -1 : 1)
  )) {
    if (left === 0) break
    part.ppm += 1
    left -= 1
  }
  return parts
    .filter(({ ppm }) => ppm > 0)
    .map(({ account, ppm }) => ({ account, ppm }))
    .sort((a, b) => (a.account < b.account ? -1 : 1))
}

function before(a: string | undefined, b: string): boolean {
  return a !== undefined && a < b
}
