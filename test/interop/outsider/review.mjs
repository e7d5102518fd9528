// Chapter 04: a curator's signed review, and what a contribution's reviews decide.
import { cidOf, digestOf, refuse } from './codec.mjs'
import { address, atMs, cid, is, optional, record, text } from './fields.mjs'
import { demandSigner, digest, RECORDS, unwrap } from './signing.mjs'

export const review = record({
  version: is(1),
  datanet: cid,
  contribution: cid,
  verdict: is('approve', 'reject'),
  reason: optional(text(1024)),
  curator: address,
  createdAtMs: atMs
})

export function readReview(bytes) {
  const { body, signatures } = unwrap(bytes, 'signature')
  const value = review.decode(body)
  const own = cidOf(body)
  const said = digest(RECORDS, 'Review', {
    datanet: digestOf(value.datanet),
    contribution: digestOf(value.contribution),
    verdict: value.verdict,
    review: digestOf(own)
  })
  demandSigner(said, signatures[0], value.curator)
  return { value, cid: own }
}

/** `accepted`, `rejected` or `pending`: every curator's newest review counts once. */
export function decide({ manifest, contributor, reviews }) {
  const eligible = manifest.curators.filter((curator) => curator !== contributor)
  const newest = new Map()
  for (const one of reviews) {
    if (!eligible.includes(one.curator)) refuse('REVIEW_REFUSED', one.curator)
    const before = newest.get(one.curator)
    const isTie = before?.createdAtMs === one.createdAtMs
    const isNewer = before === undefined || one.createdAtMs > before.createdAtMs
    if (isNewer || (isTie && one.verdict === 'reject')) newest.set(one.curator, one)
  }
  const count = (verdict) => [...newest.values()].filter((one) => one.verdict === verdict).length
  const { approvals, sharePpm } = manifest.review
  const rejected = count('reject')
  const isEnough = (approved) =>
    approved >= approvals && approved * 1_000_000 >= sharePpm * (approved + rejected)
  if (isEnough(count('approve'))) return 'accepted'
  return isEnough(eligible.length - rejected) ? 'pending' : 'rejected'
}
