import { describe, expect, test } from 'vitest'
import { keySigner } from '../protocol/base/typed-data.ts'
import { appealSchema, signAppeal, verifyAppeal } from '../protocol/datanet/appeal.ts'
import { countReviews, curationOf } from '../protocol/datanet/curation.ts'
import {
  reviewQuerySchema,
  signReviewQuery,
  verifyReviewQuery
} from '../protocol/datanet/review-query.ts'
import { decideReviews, peopleOf } from '../protocol/datanet/review-rule.ts'
import { bothWays, bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('04-review')
const signerOf = (account: string) =>
  keySigner(bytes(file.accounts.find((one: Vectors) => one.account === account).secretKey))

describe('what reviews decide', () => {
  const { manifest: rules, contributor, cases } = file.decisions
  const decide = (one: Vectors) =>
    decideReviews(
      { ...rules, review: { ...rules.review, ...one.rule } },
      {
        contributor: one.contributor ?? contributor,
        handOvers: one.handOvers ?? [],
        ...(one.appeal === undefined ? {} : { appeal: one.appeal })
      },
      one.reviews
    )
  test.each<[string, Vectors]>(
    cases
      .filter((c: Vectors) => c.outcome)
      .map((c: Vectors, n: number) => [`${n}: ${c.outcome}`, c])
  )('%s', (_, one) => {
    const { outcome, isHeld, isFinal } = decide(one)
    expect([outcome, isHeld, isFinal]).toEqual([
      ...[one.outcome, one.isHeld ?? false, one.isFinal ?? false]
    ])
  })
  refuses(
    cases.filter((c: Vectors) => c.error),
    decide
  )
})

describe('an appeal', () => {
  const { valid, invalid } = file.appeals
  bothWays(appealSchema, valid, 'body')
  test('is signed by its account to the same bytes', async () => {
    for (const one of valid) {
      const signed = await signAppeal(one.input, signerOf(one.input.account))
      expect([hex(signed.bytes), `${signed.cid}`]).toEqual([one.bytes, one.cid])
      expect(verifyAppeal(bytes(one.bytes)).appeal).toEqual(one.input)
    }
  })
  refuses(invalid, (one) => verifyAppeal(bytes(one.bytes)))
})

describe('what a curator asks', () => {
  const { valid, invalid, nowMs } = file.queries
  bothWays(reviewQuerySchema, valid, 'body')
  test('is signed by the curator to the same bytes', async () => {
    for (const one of valid) {
      expect(hex(await signReviewQuery(one.input, signerOf(one.input.curator)))).toBe(one.bytes)
      expect(verifyReviewQuery(bytes(one.bytes), nowMs)).toEqual(one.input)
    }
  })
  refuses(invalid, (one) => verifyReviewQuery(bytes(one.bytes), nowMs))
})

describe('who shares by reviews', () => {
  const { author, rows, valid } = vectors('04-curation')
  test.each<[string, Vectors]>(valid.map((one: Vectors) => [one.name, one]))('%s', (_, one) => {
    const counts = countReviews(one.reviews, {
      personOf: peopleOf(one, []),
      authorOf: (contribution) => (rows.includes(contribution) ? author : undefined)
    })
    expect(Object.fromEntries(counts)).toEqual(one.counts)
    expect(curationOf(counts)).toEqual(one.curation)
  })
})
