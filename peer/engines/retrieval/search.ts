import { rarityOf } from '../attribution/rarity.ts'
import { termsOf } from '../attribution/terms.ts'
import type { Corpus } from './corpus.ts'
import { similarityPpm } from './embedder.ts'
import { subjectOf } from './intent.ts'

/** A passage found, with the one score that ranking and abstention use. */
export interface Hit {
  /** Index of the passage in the corpus. */
  readonly passage: number
  readonly scorePpm: number
}

/** The dense half of an index; absent where embeddings are not installed. */
export interface Dense {
  /** One vector a passage, in the order of the corpus. */
  readonly vectors: readonly Int8Array[]
  readonly question: Int8Array
}

/** Candidates looked at closely from each of the two searches. */
const CANDIDATES = 24

/** A subject that is mentioned deep in a passage is worth this much of one that is named by it. */
const MENTION = 0.75

/** What each feature is worth; they sum to 1000 with embeddings and without. */
const HYBRID = { focus: 400, pairs: 200, whole: 100, cosine: 300 }
const LEXICAL = { focus: 550, pairs: 300, whole: 150, cosine: 0 }

/**
 * Passages for `question`, best first, ties by passage. BM25 and embeddings each name candidates;
 * the score is how much of the question's information one title or sentence covers (`focus`), in
 * words that also stand together (`pairs`), how much the passage covers as a whole, and the cosine.
 * It does not depend on the other candidates, so that one threshold can be calibrated for it.
 * `without` searches as if those passages had never been there, in every statistic.
 */
export function search(
  corpus: Corpus,
  question: string,
  options: {
    readonly dense?: Dense | undefined
    readonly without?: ReadonlySet<number> | undefined
    readonly limit?: number
  } = {}
): readonly Hit[] {
  const { dense, without = new Set<number>(), limit = 8 } = options
  const query = readQuestion(corpus, question, without)
  if (query.total === 0) return []
  const hits: Hit[] = []
  for (const passage of candidates(corpus, query.ids, dense)) {
    if (without.has(passage)) continue
    hits.push({ passage, scorePpm: scorePpm(corpus, query, passage, dense) })
  }
  // of two that say as much, the one whose title says little else is meant
  const rank = new Map(
    hits.map(({ passage, scorePpm }) => [passage, scorePpm + titlePpm(corpus, query, passage) / 20])
  )
  const rankOf = ({ passage }: Hit): number => rank.get(passage) ?? 0
  return hits.sort((a, b) => rankOf(b) - rankOf(a) || a.passage - b.passage).slice(0, limit)
}

interface Question {
  readonly ids: readonly number[]
  /** Rarity of each known term; unknown ones count in `total` alone. */
  readonly weights: ReadonlyMap<number, number>
  readonly total: number
  readonly pairs: ReadonlyMap<number, number>
  readonly pairsTotal: number
}

function readQuestion(corpus: Corpus, question: string, without: ReadonlySet<number>): Question {
  const terms = termsOf(subjectOf(question))
  const passages = corpus.passages.length - without.size
  const rarity = (id: number): number => {
    let df = corpus.df(id)
    for (const index of without) if (corpus.passages[index]?.terms.has(id)) df--
    return rarityOf(df, passages)
  }
  const weights = new Map<number, number>()
  let total = 0
  for (const term of new Set(terms)) {
    const id = corpus.idOf(term)
    const weight = rarity(id)
    total += weight
    if (id >= 0) weights.set(id, weight)
  }
  const pairs = new Map<number, number>()
  let pairsTotal = 0
  const run = terms.map((term) => corpus.idOf(term))
  for (const [index, id] of run.slice(0, -1).entries()) {
    const next = run[index + 1] as number
    if (id === next && id >= 0) continue
    const weight = rarity(id) + rarity(next)
    pairsTotal += weight
    if (id >= 0 && next >= 0) pairs.set(corpus.pairOf(id, next), weight)
  }
  return { ids: [...weights.keys()], weights, total, pairs, pairsTotal }
}

function candidates(
  corpus: Corpus,
  ids: readonly number[],
  dense: Dense | undefined
): ReadonlySet<number> {
  const lexical = corpus.bm25(ids)
  const chosen = new Set(best(lexical))
  if (dense !== undefined) {
    const cosines = Float64Array.from(dense.vectors, (vector) =>
      similarityPpm(vector, dense.question)
    )
    for (const passage of best(cosines)) chosen.add(passage)
  }
  return chosen
}

function best(scores: Float64Array): readonly number[] {
  return [...scores.keys()]
    .filter((index) => (scores[index] as number) > 0)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .slice(0, CANDIDATES)
}

function scorePpm(
  corpus: Corpus,
  query: Question,
  index: number,
  dense: Dense | undefined
): number {
  const read = corpus.passages[index]
  if (read === undefined) return 0
  let focus = 0
  let pairs = 0
  for (const unit of read.units) {
    const part = unit.names ? 1 : MENTION
    const shared = part * weigh(query.weights, unit.terms)
    const joined = part * weigh(query.pairs, unit.pairs)
    if (shared + joined > focus + pairs) {
      focus = shared
      pairs = joined
    }
  }
  const ppm = (part: number, of: number): number => (of === 0 ? 0 : (part * 1_000_000) / of)
  const focusPpm = ppm(focus, query.total)
  const pairsPpm = query.pairsTotal === 0 ? focusPpm : ppm(pairs, query.pairsTotal)
  const wholePpm = ppm(weigh(query.weights, read.terms), query.total)
  const vector = dense?.vectors[index]
  const cosinePpm =
    dense === undefined || vector === undefined ? 0 : similarityPpm(vector, dense.question)
  const weight = dense === undefined ? LEXICAL : HYBRID
  return Math.floor(
    (weight.focus * focusPpm +
      weight.pairs * pairsPpm +
      weight.whole * wholePpm +
      weight.cosine * cosinePpm) /
      1000
  )
}

/** How much of the title, or of the name it gives in brackets, is what was asked for. */
function titlePpm(corpus: Corpus, query: Question, index: number): number {
  const ppm = (corpus.passages[index]?.titles ?? []).map((title) => {
    let all = 0
    for (const id of title) all += rarityOf(corpus.df(id), corpus.passages.length)
    return all === 0 ? 0 : (weigh(query.weights, title) * 1_000_000) / all
  })
  return Math.max(0, ...ppm)
}

function weigh(weights: ReadonlyMap<number, number>, held: ReadonlySet<number>): number {
  let sum = 0
  for (const [id, weight] of weights) if (held.has(id)) sum += weight
  return sum
}
