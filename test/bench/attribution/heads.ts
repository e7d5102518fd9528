import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { knnShapley } from '../../../peer/engines/attribution/heads/knn-shapley.ts'
import { multiply } from '../../../peer/engines/attribution/heads/linear.ts'
import { fitRidge, headShares } from '../../../peer/engines/attribution/heads/ridge.ts'
import type { Embedder } from '../../../peer/engines/retrieval/embedder.ts'
import { readWordNet } from '../models/wordnet.ts'

const CLASSES = 6
const EXAMPLES = 600
const QUERIES = 100
const SUBSETS = 60
/** The embedding is read through so many random directions: enough, and fitted in milliseconds. */
const DIMENSIONS = 96
const LAMBDA = 60
const NEIGHBOURS = 20

interface Example {
  readonly features: Float64Array
  /** The kind of thing that WordNet says a noun names. */
  label: number
}

/** Nouns of six kinds, each by its meaning, told apart by heads over frozen embeddings. */
async function examplesOf(embedder: Embedder, half: 'tune' | 'test'): Promise<readonly Example[]> {
  const { signal } = new AbortController()
  const random = createSeededRandom(half === 'tune' ? 61 : 62)
  const kinds = new Map<number, number>()
  const nouns = random.shuffle(readWordNet('noun').synsets.filter(({ gloss }) => gloss.length > 30))
  for (const { lexfile } of nouns) kinds.set(lexfile, (kinds.get(lexfile) ?? 0) + 1)
  const largest = [...kinds].sort(([, a], [, b]) => b - a).slice(0, CLASSES)
  const labels = new Map(largest.map(([lexfile], label) => [lexfile, label]))
  const directions = Array.from({ length: DIMENSIONS }, () =>
    Float64Array.from({ length: embedder.dimensions }, () => random.below(2) * 2 - 1)
  )
  const chosen = nouns.filter(({ lexfile }) => labels.has(lexfile)).slice(0, EXAMPLES + QUERIES)
  const examples: Example[] = []
  for (const { gloss, lexfile } of chosen) {
    const vector = Float64Array.from(await embedder.embed(gloss, { signal }))
    const seen = Float64Array.from(directions, (direction) => multiply(direction, vector))
    const length = Math.sqrt(multiply(seen, seen))
    const features = seen.map((value) => (value * Math.sqrt(DIMENSIONS)) / length / 4)
    examples.push({ features, label: labels.get(lexfile) as number })
  }
  return examples
}

/** Exactness, agreement with retraining, junk and outliers of heads on frozen embeddings. */
export async function measureHeads(embedder: Embedder, half: 'tune' | 'test') {
  const all = await examplesOf(embedder, half)
  const train = all.slice(0, EXAMPLES)
  const queries = all.slice(EXAMPLES)
  const random = createSeededRandom(67)
  const rows = train.map(({ features }) => features)
  const labelsFor = (kind: number, of: readonly Example[] = train) =>
    Float64Array.from(of, ({ label }) => (label === kind ? 1 : -1))
  const headOf = (of: readonly Example[], kind: number) =>
    fitRidge(
      of.map(({ features }) => features),
      labelsFor(kind, of),
      { lambda: LAMBDA }
    )
  const heads = Array.from({ length: CLASSES }, (_, kind) => headOf(train, kind))

  let looError = 0
  for (let n = 0; n < 20; n++) {
    const out = random.below(EXAMPLES)
    const { features, label } = queries[n] as Example
    const head = heads[label] as (typeof heads)[0]
    const due = head.score(features) - headOf(train.toSpliced(out, 1), label).score(features)
    looError = Math.max(looError, Math.abs(due - (head.leaveOneOut(features)[out] as number)))
  }

  const nearTo = queries.map(({ features }) => {
    const cosines = rows.map((row) => multiply(row, features))
    const order = [...rows.keys()].sort((a, b) => (cosines[b] as number) - (cosines[a] as number))
    return { cosines, order }
  })
  const methods = {
    ridge: queries.map(({ features, label }) => heads[label]?.leaveOneOut(features)),
    knn: queries.map(({ label }, q) =>
      knnShapley(nearTo[q]?.order ?? [], (n) => train[n]?.label === label, NEIGHBOURS)
    ),
    cosine: nearTo.map(({ cosines }) => Float64Array.from(cosines))
  }
  const subsets = Array.from({ length: SUBSETS }, () =>
    random.shuffle([...rows.keys()]).slice(0, EXAMPLES / 2)
  )
  const ridgeTruth = subsets.map((subset) => {
    const of = subset.map((n) => train[n] as Example)
    const fitted = Array.from({ length: CLASSES }, (_, kind) => headOf(of, kind))
    return queries.map(({ features, label }) => fitted[label]?.score(features) ?? 0)
  })
  const knnTruth = subsets.map((subset) => {
    const here = new Set(subset)
    return queries.map(({ label }, q) => {
      const nearest = (nearTo[q]?.order ?? []).filter((n) => here.has(n)).slice(0, NEIGHBOURS)
      return nearest.filter((n) => train[n]?.label === label).length / NEIGHBOURS
    })
  })
  /** The mean over queries of how the subsets' attributions rank beside what retraining gives. */
  function lds(method: keyof typeof methods, truth: readonly (readonly number[])[]): number {
    const ranked = queries.map((_, q) => {
      const values = methods[method][q] as Float64Array
      const said = subsets.map((subset) =>
        subset.reduce((sum, n) => sum + (values[n] as number), 0)
      )
      return spearman(
        said,
        truth.map((one) => one[q] as number)
      )
    })
    return mean(ranked)
  }

  const flipped = new Set(random.shuffle([...train.keys()]).slice(0, EXAMPLES / 10))
  const noisy = train.map((one, n) =>
    flipped.has(n) ? { ...one, label: (one.label + 1 + random.below(CLASSES - 1)) % CLASSES } : one
  )
  const noisyHeads = Array.from({ length: CLASSES }, (_, kind) => headOf(noisy, kind))
  const doubt = noisy.map(({ label }, n) => noisyHeads[label]?.residuals[n] ?? 0)
  const alone = noisy.map(({ features, label }, n) => {
    const near = rows
      .map((row, other) => ({ other, cosine: multiply(row, features) }))
      .filter(({ other }) => other !== n)
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, NEIGHBOURS)
    return -near.filter(({ other }) => noisy[other]?.label === label).length
  })

  let [before, bounded, unbounded] = [0, 0, 0]
  for (let n = 0; n < 20; n++) {
    const own = random.below(EXAMPLES)
    const { features, label } = train[own] as Example
    const large = train.with(own, { label, features: features.map((value) => value * 4) })
    const [plain, swollen] = [heads[label], headOf(large, label)]
    for (const query of queries.filter((one) => one.label === label)) {
      const was = plain?.leaveOneOut(query.features) as Float64Array
      const is = swollen.leaveOneOut(query.features)
      before += headShares(was, plain?.leverages as Float64Array)[own] as number
      bounded += headShares(is, swollen.leverages)[own] as number
      unbounded += headShares(is, new Float64Array(EXAMPLES).fill(1))[own] as number
    }
  }
  return {
    looError,
    ldsHeads: lds('ridge', ridgeTruth),
    ldsHeadsCosine: lds('cosine', ridgeTruth),
    ldsKnn: lds('knn', knnTruth),
    ldsKnnCosine: lds('cosine', knnTruth),
    junkAuc: auc(alone, flipped),
    junkAucResidual: auc(doubt, flipped),
    outlierGain: bounded / before,
    outlierGainUnbounded: unbounded / before
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1)
}

function ranksOf(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number))
  const ranks = new Array<number>(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++
    for (const index of order.slice(from, to)) ranks[index] = (from + to - 1) / 2
    from = to
  }
  return ranks
}

function spearman(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [ranksOf(one), ranksOf(other)]
  const [meanA, meanB] = [mean(a), mean(b)]
  let [product, squareA, squareB] = [0, 0, 0]
  for (const [n, rank] of a.entries()) {
    const [x, y] = [rank - meanA, (b[n] as number) - meanB]
    product += x * y
    squareA += x * x
    squareB += y * y
  }
  return squareA === 0 || squareB === 0 ? 0 : product / Math.sqrt(squareA * squareB)
}

/** How often one of `bad` has a higher score than one of the others. */
function auc(scores: readonly number[], bad: ReadonlySet<number>): number {
  const ranks = ranksOf(scores)
  const sum = [...bad].reduce((all, n) => all + (ranks[n] as number) + 1, 0)
  const others = scores.length - bad.size
  return (sum - (bad.size * (bad.size + 1)) / 2) / (bad.size * others)
}
