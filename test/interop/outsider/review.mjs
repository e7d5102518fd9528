// Chapter 04: a curator's signed review, an appeal, a curator's question, and what reviews decide.
import { cidOf, digestOf, refuse } from './codec.mjs'
import { address, atMs, cid, int, is, list, optional, record, text } from './fields.mjs'
import { demandSigner, digest, RECORDS, unwrap } from './signing.mjs'

const FLAGS = ['personal-data', 'licence', 'harmful', 'spam']
const REASONS = [...FLAGS, 'off-topic', 'incorrect', 'unclear', 'duplicate', 'other']

function codeFits({ verdict, code }) {
  if (verdict === 'flag') return FLAGS.includes(code)
  return code === undefined || verdict === 'reject'
}

export const review = record(
  {
    version: is(1),
    datanet: cid,
    contribution: cid,
    verdict: is('approve', 'reject', 'unsure', 'flag', 'clear'),
    code: optional(is(...REASONS)),
    reason: optional(text(1024)),
    appeal: optional(cid),
    curator: address,
    createdAtMs: atMs
  },
  codeFits
)

export const appeal = record({
  version: is(1),
  datanet: cid,
  contribution: cid,
  account: address,
  text: text(1024),
  createdAtMs: atMs
})

export const reviewQuery = record({
  version: is(1),
  datanet: cid,
  curator: address,
  want: is('next', 'mine', 'give', 'show', 'held', 'stats'),
  contributions: optional(list(cid, 1, 16)),
  most: optional(int(1, 16)),
  askedAtMs: atMs
})

function readSigned(shape, bytes, of) {
  const { body, signatures } = unwrap(bytes, 'signature')
  const value = shape.decode(body)
  const own = cidOf(body)
  const { struct, signer, values } = of(value, digestOf(own))
  const datanet = digestOf(value.datanet)
  demandSigner(digest(RECORDS, struct, { datanet, ...values }), signatures[0], signer)
  return { value, cid: own }
}

export const readReview = (bytes) =>
  readSigned(review, bytes, ({ contribution, verdict, curator }, own) => ({
    struct: 'Review',
    signer: curator,
    values: { contribution: digestOf(contribution), verdict, review: own }
  }))

export const readAppeal = (bytes) =>
  readSigned(appeal, bytes, ({ contribution, account }, own) => ({
    struct: 'Appeal',
    signer: account,
    values: { contribution: digestOf(contribution), appeal: own }
  }))

export function readReviewQuery(bytes, nowMs) {
  const read = readSigned(reviewQuery, bytes, ({ curator }, own) => ({
    struct: 'ReviewQuery',
    signer: curator,
    values: { curator, query: own }
  }))
  const { askedAtMs } = read.value
  if (askedAtMs > nowMs + 300_000) refuse('RECORD_FROM_FUTURE', 'asked ahead')
  if (askedAtMs < nowMs - 300_000) refuse('RECORD_EXPIRED', 'asked long ago')
  return read
}

/** Who an account is, by the hand-overs of the time of the newest word. */
function people(handOvers, words) {
  const untilMs = Math.max(0, ...words.map((one) => one.createdAtMs))
  const good = handOvers.filter((one) => words.length === 0 || one.seq <= untilMs)
  const of = (account, steps = 16) => {
    const step = good.find((one) => one.oldAccount === account)
    return step === undefined || steps === 0 ? account : of(step.newAccount, steps - 1)
  }
  return of
}

/** What the words come to: `accepted`, `rejected` or `pending`, and whether it is held or final. */
export function decide({ manifest, contributor, reviews, handOvers = [], appeal: heard }) {
  for (const { curator } of reviews) {
    const isCurator = manifest.curators.includes(curator)
    if (!isCurator || curator === contributor) refuse('REVIEW_REFUSED', curator)
  }
  const who = people(handOvers, reviews)
  const isOfRound = (one) => one.appeal === heard
  const spoke = heard === undefined ? [] : reviews.filter((one) => !isOfRound(one))
  const barred = [contributor, ...spoke.map((one) => one.curator)].map((one) => who(one))
  const eligible = [...new Set(manifest.curators.map((one) => who(one)))].filter(
    (one) => !barred.includes(one)
  )
  /** How many have `kinds[n]` as their newest word among `kinds`; of one instant the last kind. */
  const tally = (kinds) => {
    const counts = kinds.map(() => 0)
    for (const person of eligible) {
      const own = reviews
        .filter((one) => isOfRound(one) && who(one.curator) === person)
        .filter((one) => kinds.includes(one.verdict))
        .map((one) => [one.createdAtMs, kinds.indexOf(one.verdict)])
        .sort(([a, m], [b, n]) => b - a || n - m)
      if (own.length > 0) counts[own[0][1]] += 1
    }
    return counts
  }
  const [approved, , rejected] = tally(['approve', 'unsure', 'reject'])
  const [cleared, flagged] = tally(['clear', 'flag'])
  const said = (outcome, isHeld = false) => ({
    outcome,
    isHeld,
    isFinal: heard !== undefined && outcome !== 'pending'
  })
  const quorum = Math.min(manifest.threshold, eligible.length)
  if (flagged > 0 && flagged >= quorum) return said('rejected')
  if (flagged > 0 && cleared < quorum && eligible.length - cleared >= quorum) {
    return said('pending', true)
  }
  const { approvals, sharePpm } = manifest.review
  const hasShare = (yes) => yes * 1_000_000 >= sharePpm * (yes + rejected)
  if (approved >= approvals && hasShare(approved)) return said('accepted')
  if (rejected >= approvals && !hasShare(approved)) return said('rejected')
  const best = eligible.length - rejected
  return said(best >= approvals && hasShare(best) ? 'pending' : 'rejected')
}

/** How many rows each person judged, none of their own. */
export function judgedBy(reviews, { handOvers, author }) {
  const who = people(handOvers, [])
  const pairs = reviews
    .filter(({ verdict }) => verdict === 'approve' || verdict === 'reject')
    .filter(({ curator }) => who(curator) !== who(author))
    .map(({ curator, contribution }) => `${who(curator)} ${contribution}`)
  const counts = new Map()
  for (const pair of new Set(pairs)) {
    const [person] = pair.split(' ')
    counts.set(person, (counts.get(person) ?? 0) + 1)
  }
  return counts
}

/** The counts as ppm of their sum: what rounding leaves goes to the largest remainders. */
export function sharesOf(counts) {
  const sum = [...counts.values()].reduce((all, count) => all + count, 0)
  const exact = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, count]) => {
      const units = count * 1_000_000
      return { account, ppm: Math.trunc(units / sum), rest: units % sum }
    })
  const missing = 1_000_000 - exact.reduce((all, { ppm: part }) => all + part, 0)
  const raised = new Set(exact.toSorted((a, b) => b.rest - a.rest).slice(0, missing))
  return exact
    .map((one) => ({ account: one.account, ppm: one.ppm + (raised.has(one) ? 1 : 0) }))
    .filter(({ ppm: part }) => part > 0)
}
