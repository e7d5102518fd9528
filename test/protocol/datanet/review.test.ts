import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Review,
  type SignedReview,
  signReview,
  verifyReview
} from '../../../protocol/datanet/review.ts'
import { decideReviews, mayAppeal } from '../../../protocol/datanet/review-rule.ts'
import { refusal } from '../base/refusal.ts'
import { CURATORS, manifest, person, someCid } from './people.ts'

const [first, second, third] = CURATORS
const stranger = person(5).address

function review(change: Partial<Review> = {}): Review {
  return {
    version: 1,
    datanet: someCid(1),
    contribution: someCid(2),
    verdict: 'approve',
    curator: first.address,
    createdAtMs: 1_000,
    ...change
  }
}

describe('a review', () => {
  let signed: SignedReview
  beforeAll(async () => {
    signed = await signReview(review({ reason: 'clear' }), first)
  })

  test('is verified as its curator signed it', () => {
    const verified = verifyReview(signed.bytes)
    expect(verified.review).toEqual(review({ reason: 'clear' }))
    expect(verified.cid.equals(signed.cid)).toBe(true)
  })

  test('is not signed by others', async () => {
    expect(await refusal(() => signReview(review(), second))).toBe('SIGNER_UNEXPECTED')
  })

  test('is refused when any byte was changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const forged = Uint8Array.from(signed.bytes)
        const i = at % forged.byteLength
        forged[i] = (forged[i] as number) ^ flip
        expect(['RECORD_MALFORMED', 'RECORD_NOT_CANONICAL', 'SIGNATURE_INVALID']).toContain(
          await refusal(() => verifyReview(forged))
        )
      }),
      { numRuns: 200 }
    )
  })

  test.each<[string, Partial<Record<keyof Review, unknown>>]>([
    ['another verdict', { verdict: 'maybe' }],
    ['an empty reason', { reason: '' }],
    ['a reason over 1 KiB', { reason: 'é'.repeat(513) }]
  ])('does not exist with %s', async (_, change) => {
    expect(await refusal(() => signReview(review(change as Partial<Review>), first))).toBe(
      'RECORD_MALFORMED'
    )
  })
})

describe('the rule of two approvals among three curators', () => {
  const yes = (who: { address: string }, createdAtMs = 1) =>
    review({ curator: who.address, createdAtMs })
  const no = (who: { address: string }, createdAtMs = 1) =>
    review({ curator: who.address, verdict: 'reject', createdAtMs })
  const facts = { contributor: stranger }
  const decide = (...reviews: Review[]) => decideReviews(manifest(), facts, reviews).outcome

  test('waits, accepts at two, rejects when two are out of reach', () => {
    expect(decide()).toBe('pending')
    expect(decide(yes(first))).toBe('pending')
    expect(decide(yes(first), no(second))).toBe('pending')
    expect(decide(yes(first), yes(second))).toBe('accepted')
    expect(decide(no(first), no(second))).toBe('rejected')
    expect(decide(no(first), yes(second), yes(third))).toBe('accepted')
  })

  test('counts a curator once, by the newest word', () => {
    expect(decide(yes(first), yes(first, 2), yes(first, 3))).toBe('pending')
    expect(decide(yes(first, 1), yes(second), no(first, 2))).toBe('pending')
    expect(decide(no(first, 2), yes(second), yes(first, 1))).toBe('pending')
  })

  test('leaves a contributing curator out of those who can still approve', () => {
    const own = decideReviews(manifest(), { contributor: first.address }, [no(second)])
    expect(own.outcome).toBe('rejected')
  })

  test('refuses verdicts of strangers and about own contributions', async () => {
    expect(await refusal(() => decide(yes(person(7))))).toBe('REVIEW_REFUSED')
    const own = () => decideReviews(manifest(), { contributor: first.address }, [yes(first)])
    expect(await refusal(own)).toBe('REVIEW_REFUSED')
  })

  test('does not depend on the order in which reviews came', () => {
    const any = fc.array(
      fc.record({
        curator: fc.constantFrom(...CURATORS.map((c) => c.address)),
        verdict: fc.constantFrom(...(['approve', 'reject', 'unsure', 'flag', 'clear'] as const)),
        createdAtMs: fc.nat(3)
      }),
      { maxLength: 6 }
    )
    fc.assert(
      fc.property(
        any.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
        ),
        ([list, shuffled]) => {
          const [one, other] = [shuffled, list].map((words) =>
            decideReviews(manifest(), facts, words.map(review))
          )
          expect(one).toEqual(other)
        }
      )
    )
  })

  test('never accepts against its numbers, and says how many more it takes', () => {
    fc.assert(
      fc.property(words, ([rule, list]) => {
        const said = manifest({ review: { ...rule, leaseMs: 60_000 } })
        const state = decideReviews(said, facts, list.map(review))
        const newest = new Map(list.map((one) => [one.curator, one.verdict]))
        const count = (verdict: string) => [...newest.values()].filter((v) => v === verdict).length
        const [a, r] = [count('approve'), count('reject')]
        const isEnough = a >= rule.approvals && a * 1_000_000 >= rule.sharePpm * (a + r)
        expect(state.outcome === 'accepted').toBe(isEnough)
        if (state.outcome !== 'pending') return
        const rest = CURATORS.filter(({ address }) => !newest.has(address))
        const more = rest.slice(0, state.needed).map((one) => yes(one))
        const then = decideReviews(said, facts, [...list.map(review), ...more])
        if (more.length === state.needed) expect(then.outcome).toBe('accepted')
      })
    )
  })

  test('lets an appeal be made only where enough people have not spoken', () => {
    const alone = manifest({ review: { approvals: 1, sharePpm: 600_000, leaseMs: 60_000 } })
    expect(mayAppeal(alone, facts, [no(first)])).toBe(true)
    expect(mayAppeal(alone, facts, [yes(first)])).toBe(false)
    expect(mayAppeal(alone, { ...facts, appeal: someCid(3) }, [no(first)])).toBe(false)
    expect(mayAppeal(manifest(), facts, [no(first), no(second)])).toBe(false)
  })
})

/** A rule, and one word each of some of the curators. */
const words = fc.tuple(
  fc.record({ approvals: fc.integer({ min: 1, max: 3 }), sharePpm: fc.nat(1_000_000) }),
  fc.uniqueArray(
    fc.record({
      curator: fc.constantFrom(...CURATORS.map((c) => c.address)),
      verdict: fc.constantFrom(...(['approve', 'reject', 'unsure'] as const)),
      createdAtMs: fc.nat(3)
    }),
    { selector: ({ curator }) => curator, maxLength: 3 }
  )
)
