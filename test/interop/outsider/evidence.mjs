// Chapter 08, evidence and recomputing: the record behind an answer, and every check of it.
import { isDeepStrictEqual } from 'node:util'
import { LIMITS, refuse, same, sha2 } from './codec.mjs'
import { creditsOf } from './credits.mjs'
import { cid, count, int, is, list, map, optional, ppm, record } from './fields.mjs'
import { evidenceOf, ground } from './overlap.mjs'

function isInside({ passages, spans, sentences }) {
  const words = sentences.reduce((sum, one) => sum + one.words, 0)
  const isListed = ({ passage }) => passage < passages.length
  const isOlder = ({ upstream, upstreamPpm }, place) =>
    (upstream === undefined) === (upstreamPpm === undefined) && !(upstream >= place)
  const isBehind = ({ from }, at) => at === 0 || from >= spans[at - 1].from + spans[at - 1].words
  return (
    passages.every(isOlder) &&
    [...spans, ...sentences.flatMap(({ supports }) => supports)].every(isListed) &&
    spans.every((span, at) => isBehind(span, at) && span.from + span.words <= words)
  )
}

export const evidence = record(
  {
    version: is(1),
    compared: count,
    passages: list(
      map({ contribution: cid, upstream: optional(count), upstreamPpm: optional(ppm) })
    ),
    spans: list(map({ from: count, words: int(1), bits: count, passage: count })),
    sentences: list(
      map({ words: int(1), supports: list(map({ passage: count, simPpm: int(1, 1_000_000) })) })
    )
  },
  isInside
)

/** The evidence that a receipt commits to, if to any. */
function committed(receipt, answerSalt, bytes) {
  if (receipt.evidence === undefined) return undefined
  const isThat = bytes !== undefined && same(sha2(answerSalt, bytes), receipt.evidence)
  if (!isThat) refuse('EVIDENCE_DIFFERS', 'not what the receipt commits to')
  try {
    const { version: _, ...stated } = evidence.decode(bytes, LIMITS.evidenceBytes)
    return stated
  } catch (error) {
    return refuse('EVIDENCE_DIFFERS', error.message)
  }
}

/** The evidence behind a receipt, if any; its credits must be those that come of it. */
export function credited({ receipt, answerSalt, bytes, accountOf }) {
  const stated = committed(receipt, answerSalt, bytes)
  const nobody = [{ basis: 'unattributed', ppm: 1_000_000 }]
  const due = stated === undefined ? nobody : creditsOf(stated, accountOf)
  if (!isDeepStrictEqual(plain(receipt.credits), plain(due))) {
    refuse('CREDITS_DIFFER', 'not those of the evidence')
  }
  return stated
}

/**
 * Recomputes what a receipt says of an answer, from the answer and the rows of the revision:
 * {contribution, title, text, order, cluster?, owner} each. Returns the evidence, if there is any.
 */
export function recompute({ rows, answer, ...given }) {
  const owners = new Map(rows.map(({ contribution, owner }) => [contribution, owner]))
  const stated = credited({ ...given, accountOf: (contribution) => owners.get(contribution) })
  if (stated === undefined) return undefined
  const own = evidenceOf(answer, ground(rows))
  const named = new Set(stated.passages.map(({ contribution }) => contribution))
  const omitted = own.passages.find(({ contribution }) => !named.has(contribution))
  if (omitted !== undefined) refuse('PASSAGE_OMITTED', omitted.contribution)
  for (const part of Object.keys(own)) {
    if (!isDeepStrictEqual(plain(stated[part]), plain(own[part]))) refuse('EVIDENCE_DIFFERS', part)
  }
  return stated
}

/** Without fields that are undefined. */
const plain = (value) => JSON.parse(JSON.stringify(value))
