// The vectors of reviews, hand-overs, credits, terms, splits, folds and drops.
import { unhex } from './codec.mjs'
import { creditsOf } from './credits.mjs'
import { evidence as evidenceRecord } from './evidence.mjs'
import { handOver, ownersOf, readHandOver, readHandOverLine } from './handover.mjs'
import { evidenceOf, ground } from './overlap.mjs'
import { checkCredits } from './records.mjs'
import {
  appeal,
  decide,
  judgedBy,
  readAppeal,
  readReview,
  readReviewQuery,
  review,
  reviewQuery,
  sharesOf
} from './review.mjs'
import * as reward from './reward.mjs'
import { saidIn, sentencesOf } from './sentences.mjs'
import { rarityOf, termsOf } from './terms.mjs'
import { value, whole } from './vectors-tools.mjs'

/** Evidence as it comes out of its own bytes. */
function readBack(evidence) {
  const { version: _, ...read } = evidenceRecord.decode(
    evidenceRecord.encode({ version: 1, ...evidence })
  )
  return read
}

export const moneyChecks = {
  '04-review': async (v, check) => {
    for (const one of v.valid) whole(review, check, one)
    for (const one of v.valid) check.equal(one.name, readReview(unhex(one.bytes)).cid, one.cid)
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readReview(unhex(one.bytes)))
    }
    for (const one of v.appeals.valid) whole(appeal, check, one)
    for (const one of v.appeals.valid) {
      check.equal(one.name, readAppeal(unhex(one.bytes)).cid, one.cid)
    }
    for (const one of v.appeals.invalid) {
      await check.refuses(one.name, one.error, () => readAppeal(unhex(one.bytes)))
    }
    const { nowMs, valid, invalid } = v.queries
    for (const one of valid) whole(reviewQuery, check, one)
    for (const one of valid) {
      check.equal(one.name, readReviewQuery(unhex(one.bytes), nowMs).cid, one.cid)
    }
    for (const one of invalid) {
      await check.refuses(one.name, one.error, () => readReviewQuery(unhex(one.bytes), nowMs))
    }
    const manifest = value(v.decisions.manifest)
    const { contributor: usual, cases } = v.decisions
    for (const { outcome, error, rule, isHeld = false, isFinal = false, ...one } of cases) {
      const review = { ...manifest.review, ...rule }
      const given = { contributor: usual, ...value(one), manifest: { ...manifest, review } }
      const result = () => decide(given)
      if (error) await check.refuses('decision', error, result)
      else check.equal('decision', result(), { outcome, isHeld, isFinal })
    }
  },

  '04-curation': (v, check) => {
    const isRow = (contribution) => v.rows.includes(contribution)
    for (const { name, reviews, handOvers, counts, curation } of v.valid) {
      const rows = reviews.filter(({ contribution }) => isRow(contribution))
      const judged = judgedBy(rows, { handOvers, author: v.author })
      check.equal(name, Object.fromEntries(judged), counts)
      check.equal(`${name}: shares`, sharesOf(judged), curation)
    }
  },

  '04-hand-over': async (v, check) => {
    for (const one of v.valid) whole(handOver, check, one)
    for (const one of v.valid) {
      check.equal('signed', readHandOver(unhex(one.bytes), v.nowMs), value(one.input))
    }
    for (const one of v.invalid) {
      const read = () => readHandOver(unhex(one.bytes), v.nowMs)
      await check.refuses(one.name, one.error, read)
    }
    for (const one of v.owners) {
      check.equal(one.name, ownersOf(one.handOvers)(one.account), one.owner)
    }
    for (const one of v.refused) {
      await check.refuses(one.name, one.error, () => ownersOf(one.handOvers))
    }
    for (const one of v.rows) {
      await check.refuses(one.name, one.error, () => readHandOverLine(one.row, v.nowMs))
    }
  },

  '08-credits': async (v, check) => {
    for (const { name, evidence, credits } of v.valid) {
      check.equal(`${name}: evidence`, readBack(evidence), evidence)
      check.equal(
        name,
        creditsOf(evidence, (contribution) => v.owners[contribution]),
        credits
      )
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => checkCredits(one.credits))
    }
  },

  '08-overlap': (v, check) => {
    for (const one of v.sentences) check.equal(one.text, sentencesOf(one.text), one.sentences)
    const ready = ground(v.passages)
    check.equal('standings', ready.standings, v.standings)
    for (const { answer, sentences, evidence } of v.answers) {
      check.equal(`${answer}: sentences`, saidIn(answer), sentences)
      check.equal(answer, evidenceOf(answer, ready), evidence)
      check.equal(`${answer}: evidence`, readBack(evidence), evidence)
    }
  },

  '08-terms': (v, check) => {
    for (const one of v.terms) check.equal(one.text, termsOf(one.text), one.terms)
    for (const one of v.stems) check.equal(one.word, termsOf(one.word), one.terms)
    for (const word of v.stop) check.equal(word, termsOf(word), [])
    for (const one of v.rarity) check.equal('rarity', rarityOf(one), one.rarity)
  },

  '09-split': (v, check) => {
    check.equal('units', reward.UNITS_PER_WEI, BigInt(v.unitsPerWei))
    for (const one of v.valid) {
      const { policy, builder, credits } = v
      const { name, royaltyWei, curators, curation, treasuries } = value(one)
      const given = { policy, builder, credits, curators, curation, treasuries, royaltyWei }
      const shares = Object.fromEntries([...reward.split(given)].sort())
      check.equal(name, shares, one.shares)
    }
  },

  '09-fold': async (v, check) => {
    const fold = (one) => {
      const receipts = one.receipts.map(unhex)
      return reward.leavesOf(reward.fold({ ...value(one), receipts, parties: v.parties }))
    }
    for (const one of v.valid) check.equal(one.name, fold(one), value(one.leaves))
    for (const one of v.invalid) await check.refuses(one.name, one.error, () => fold(one))
  },

  '09-drop': async (v, check) => {
    for (const one of v.valid) whole(reward.drop, check, one)
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => reward.readDrop(unhex(one.bytes)))
    }
    const before = reward.readDrop(unhex(v.followers.previous))
    const follow = (bytes) => reward.checkFollows(reward.readDrop(unhex(bytes)), before)
    check.equal('followed', follow(v.followers.accepted), undefined)
    for (const one of v.followers.refused) {
      await check.refuses(one.name, one.error, () => follow(one.bytes))
    }
    check.equal('pool', reward.poolId(v.pool.parts), v.pool.id)
  }
}
