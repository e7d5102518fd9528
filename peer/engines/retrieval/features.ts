import { rarityOf } from '../attribution/rarity.ts'
import type { Corpus } from './corpus.ts'
import type { Nearness } from './dense.ts'
import { pairKey, type Question } from './question.ts'

/** How a passage fits a question, each from 0 to 1; none depends on the other candidates. */
export interface Features {
  /** How much of what is asked one title or sentence holds. */
  readonly focus: number
  /** How much of it stands together there as it does in the question. */
  readonly pairs: number
  /** How much of it the passage holds as a whole. */
  readonly whole: number
  /** How much of the title is asked for. */
  readonly title: number
  /** BM25 against the most that a passage could have. */
  readonly bm25: number
  readonly cosine: number
}

/** A subject that is mentioned deep in a passage is worth this much of one that is named by it. */
const MENTION = 0.75

/** What BM25 of one term comes to at most, in units of its rarity. */
const MOST_BM25 = 2.2

/** The features of `passage`; `bm25` is its BM25 score for the question's terms. */
export function featuresOf(
  corpus: Corpus,
  question: Question,
  passage: number,
  options: { readonly bm25: number; readonly near?: Nearness | undefined }
): Features {
  const { ids, weights, pairs } = question
  const place = new Map(ids.map((id, index) => [id, index]))
  const whole = new Set<number>()
  let bestFocus = 0
  let bestPairs = 0
  for (const unit of corpus.unitsOf(passage)) {
    const here = new Set<number>()
    const joined = new Set<number>()
    let before = -1
    let focus = 0
    let together = 0
    for (let token = unit.start; token < unit.end; token++) {
      const id = corpus.tokens[token] as number
      const index = place.get(id)
      if (index !== undefined) {
        if (!here.has(id)) focus += weights[index] as number
        here.add(id)
        whole.add(index)
        const key = pairKey(before, id)
        const pair = before < 0 ? undefined : pairs.get(key)
        if (pair !== undefined && !joined.has(key)) together += pair
        joined.add(key)
      }
      before = id
    }
    const part = unit.names ? 1 : MENTION
    if (part * (focus + together) > bestFocus + bestPairs) {
      bestFocus = part * focus
      bestPairs = part * together
    }
  }
  const share = (part: number, of: number): number => (of === 0 ? 0 : part / of)
  let held = 0
  for (const index of whole) held += weights[index] as number
  const focus = share(bestFocus, question.total)
  return {
    focus,
    pairs: question.pairsTotal === 0 ? focus : share(bestPairs, question.pairsTotal),
    whole: share(held, question.total),
    title: titleShare(corpus, place, passage),
    bm25: share(options.bm25, question.total * MOST_BM25),
    cosine: (options.near?.cosinePpm[passage] ?? 0) / 1_000_000
  }
}

/** How much of the title, or of the name it gives in brackets, is what was asked for. */
function titleShare(corpus: Corpus, asked: ReadonlyMap<number, number>, passage: number): number {
  let best = 0
  for (const title of corpus.titlesOf(passage)) {
    let all = 0
    let shared = 0
    for (const id of title) {
      const rarity = rarityOf(corpus.df(id), corpus.passages.length)
      all += rarity
      if (asked.has(id)) shared += rarity
    }
    if (all > 0) best = Math.max(best, shared / all)
  }
  return best
}
