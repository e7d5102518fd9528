import type { Corpus } from './corpus.ts'
import type { Embedder } from './embedder.ts'
import type { Telling } from './question.ts'

/** Without a list of words: what an unknown one tells on average. */
const ON_AVERAGE = 0.7

/** Up to which place among all words a word tells how much. */
const BY_RANK: readonly (readonly [rank: number, tells: number])[] = [
  [4_000, 0.3],
  [8_000, 0.5],
  [14_000, 0.7],
  [22_000, 0.85]
]

/**
 * How much a word tells beside its rarity here: all of it where passages hold it. Of one that none
 * holds, a word of everyday English was mere phrasing, a rare one may be the subject itself.
 */
export function tellingIn(corpus: Corpus, embedder: Embedder | undefined): Telling {
  return (word) => {
    if (corpus.idsOf(word).some((id) => id >= 0)) return 1
    if (embedder === undefined) return ON_AVERAGE
    const rank = embedder.rankOf(word) ?? Infinity
    return BY_RANK.find(([limit]) => rank < limit)?.[1] ?? 1
  }
}
