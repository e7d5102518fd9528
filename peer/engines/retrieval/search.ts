import { rarityOf } from '../attribution/rarity.ts'
import type { Corpus } from './corpus.ts'
import type { Nearness } from './dense.ts'
import { type Features, featuresOf } from './features.ts'
import type { Question } from './question.ts'

/** A passage found, and how it fits. */
export interface Hit {
  /** Index of the passage in the corpus. */
  readonly passage: number
  readonly features: Features
  /** Orders the hits of one question. */
  readonly rankPpm: number
}

/** Candidates looked at closely from each of the two searches. */
const CANDIDATES = 32

/** What each feature is worth, in thousandths; chosen on the tuning half of bench:models. */
const HYBRID = { focus: 87, pairs: 135, whole: 181, title: 75, bm25: 134, cosine: 388 }
const LEXICAL = { focus: 250, pairs: 200, whole: 150, title: 100, bm25: 300, cosine: 0 }

/**
 * Passages for `question`, best first, ties by passage: those that BM25 and those that embeddings
 * name, ranked by the weighted sum of their features. `without` leaves passages out.
 */
export function search(
  corpus: Corpus,
  question: Question,
  options: {
    readonly near?: Nearness | undefined
    readonly without?: ReadonlySet<number> | undefined
    readonly limit?: number
  } = {}
): readonly Hit[] {
  const { near, without, limit = CANDIDATES } = options
  const lexical = corpus.bm25(question.ids, relativeWeights(corpus, question))
  const chosen = new Set(best(lexical, without))
  if (near !== undefined) for (const passage of best(near.cosinePpm, without)) chosen.add(passage)
  const weight = near === undefined ? LEXICAL : HYBRID
  const hits = [...chosen].map((passage): Hit => {
    const bm25 = lexical[passage] as number
    const features = featuresOf(corpus, question, passage, { bm25, near })
    const sum = (Object.keys(weight) as (keyof Features)[]).reduce(
      (sum, key) => sum + weight[key] * features[key],
      0
    )
    return { passage, features, rankPpm: Math.floor(sum * 1000) }
  })
  return hits.sort((a, b) => b.rankPpm - a.rankPpm || a.passage - b.passage).slice(0, limit)
}

/** BM25 multiplies with rarity itself; what is left is how much a word tells in general. */
function relativeWeights(corpus: Corpus, { ids, weights }: Question): readonly number[] {
  return ids.map((id, index) => {
    const rarity = rarityOf(corpus.df(id), corpus.passages.length)
    return (weights[index] as number) / (rarity || 1)
  })
}

/** The places of the highest scores above 0, highest first, ties by place. */
function best(
  scores: ArrayLike<number>,
  without: ReadonlySet<number> | undefined
): readonly number[] {
  const places: number[] = []
  let least = 0
  for (let place = 0; place < scores.length; place++) {
    const score = scores[place] as number
    if (score <= least || without?.has(place) === true) continue
    let at = places.length
    while (at > 0 && (scores[places[at - 1] as number] as number) < score) at--
    places.splice(at, 0, place)
    if (places.length > CANDIDATES) places.pop()
    if (places.length === CANDIDATES) least = scores[places.at(-1) as number] as number
  }
  return places
}
