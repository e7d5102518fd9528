import type { Corpus } from './corpus.ts'
import type { Nearness } from './dense.ts'
import type { Features } from './features.ts'
import type { Question } from './question.ts'
import type { Reading } from './reading.ts'
import type { Hit } from './search.ts'

/** One small decision: feature and threshold at the root, left and right, then four leaves. */
export type Tree = readonly [
  ...splits: [number, number, number, number, number, number],
  ...leaves: [number, number, number, number]
]

/** A leaf's millionths of a logit that make one ppm of the score. */
const LOGIT_PER_PPM = 8

/**
 * How sure it is that the best hit answers the question, in ppm: 500 000 is as likely as not. The
 * trees were grown on the tuning half of bench:models; they compare and add integers only, so that
 * every machine comes to the same score.
 */
export function judge(signals: readonly number[], trees: readonly Tree[]): number {
  let logit = 0
  for (const tree of trees) {
    const [feature, threshold, left, leftThreshold, right, rightThreshold, ...leaves] = tree
    const isRight = (signals[feature] as number) >= threshold
    const [next, limit] = isRight ? [right, rightThreshold] : [left, leftThreshold]
    logit += leaves[Number(isRight) * 2 + Number((signals[next] as number) >= limit)] as number
  }
  return Math.min(1_000_000, Math.max(0, 500_000 + Math.floor(logit / LOGIT_PER_PPM)))
}

/** What the judge looks at, all integers: the best hit, its lead over the others, the question. */
export function signalsOf(
  corpus: Corpus,
  question: Question,
  hits: readonly Hit[],
  reading: Reading,
  near: Nearness | undefined
): readonly number[] {
  const [best, ...others] = hits
  if (best === undefined) return new Array<number>(19).fill(0)
  const ppm = (value: number): number => Math.floor(value * 1_000_000)
  const lead = (key: keyof Features): number =>
    ppm(best.features[key] - Math.max(0, ...others.map(({ features }) => features[key])))
  const { ids, weights, total } = question
  const missing = ids.map((id, index) =>
    corpus.holds(best.passage, id) ? 0 : (weights[index] as number)
  )
  const held = weights.reduce((sum, weight) => sum + weight, 0)
  const share = (part: number): number => (total === 0 ? 0 : ppm(part / total))
  const cosine = ppm(best.features.cosine)
  return [
    ...(['focus', 'pairs', 'whole', 'title', 'bm25'] as const).map((key) =>
      ppm(best.features[key])
    ),
    cosine,
    best.rankPpm,
    best.rankPpm - Math.max(0, ...others.map(({ rankPpm }) => rankPpm)),
    lead('cosine'),
    lead('bm25'),
    lead('title'),
    reading.restPpm,
    reading.barePpm,
    Number(reading.asksMore),
    share(total - held),
    share(Math.max(question.unknown, ...missing)),
    near === undefined
      ? 0
      : Math.floor(((cosine - near.meanPpm) * 1000) / (near.deviationPpm || 1)),
    ids.length,
    corpus.passages.length
  ]
}
