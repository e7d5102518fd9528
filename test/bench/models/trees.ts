import type { Tree } from '../../../peer/engines/retrieval/judge.ts'

/** One question's signals, whether the best hit was right, and what the question counts. */
export interface Example {
  readonly signals: readonly number[]
  readonly isRight: boolean
  readonly weight: number
}

const RATE = 0.1
const REGULAR = 2
/** Evidence that a leaf must rest on. */
const LEAST = 1.5
const CUTS = 20
/** A logit in the integers of the judge. */
const UNIT = 1_000_000

/** `count` trees of two levels by gradient boosting on the log loss; equal input gives equal trees. */
export function growTrees(examples: readonly Example[], count: number): readonly Tree[] {
  const cuts = cutsOf(examples)
  const logits = new Float64Array(examples.length)
  return Array.from({ length: count }, () => {
    const gradients = new Float64Array(examples.length)
    const curvatures = new Float64Array(examples.length)
    for (const [index, { isRight, weight }] of examples.entries()) {
      const likely = 1 / (1 + Math.exp(-(logits[index] as number)))
      gradients[index] = (Number(isRight) - likely) * weight
      curvatures[index] = likely * (1 - likely) * weight
    }
    const sums = { examples, gradients, curvatures, cuts }
    const all = examples.map((_, index) => index)
    const root = split(sums, all) ?? { feature: 0, threshold: 0, left: all, right: all }
    const sides = [root.left, root.right].map((side) => {
      const next = split(sums, side) ?? { feature: 0, threshold: 0, left: side, right: side }
      const leaves = [next.left, next.right].map((leaf) =>
        Math.round(RATE * UNIT * leafOf(sums, leaf))
      )
      return { ...next, leaves }
    })
    const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]]
    for (const side of sides) {
      for (const index of side.left) logits[index] = add(logits, index, side, 0)
      if (side.right !== side.left) {
        for (const index of side.right) logits[index] = add(logits, index, side, 1)
      }
    }
    const splits = [root, left, right].flatMap(({ feature, threshold }) => [feature, threshold])
    return [...splits, ...left.leaves, ...right.leaves] as unknown as Tree
  })
}

function add(
  logits: Float64Array,
  index: number,
  { leaves }: { readonly leaves: readonly number[] },
  place: number
): number {
  return (logits[index] as number) + (leaves[place] as number) / UNIT
}

interface Sums {
  readonly examples: readonly Example[]
  readonly gradients: Float64Array
  readonly curvatures: Float64Array
  readonly cuts: readonly (readonly number[])[]
}

interface Split {
  readonly feature: number
  readonly threshold: number
  readonly left: readonly number[]
  readonly right: readonly number[]
}

function split(sums: Sums, from: readonly number[]): Split | undefined {
  const { examples, gradients, curvatures, cuts } = sums
  const total = (values: Float64Array): number =>
    from.reduce((sum, index) => sum + (values[index] as number), 0)
  const [gradient, curvature] = [total(gradients), total(curvatures)]
  let best:
    | { readonly gain: number; readonly feature: number; readonly threshold: number }
    | undefined
  for (const [feature, thresholds] of cuts.entries()) {
    for (const threshold of thresholds) {
      let [g, h] = [0, 0]
      for (const index of from) {
        if (((examples[index] as Example).signals[feature] as number) >= threshold) continue
        g += gradients[index] as number
        h += curvatures[index] as number
      }
      if (h < LEAST || curvature - h < LEAST) continue
      const gain =
        (g * g) / (h + REGULAR) +
        (gradient - g) ** 2 / (curvature - h + REGULAR) -
        (gradient * gradient) / (curvature + REGULAR)
      if (best === undefined || gain > best.gain) best = { gain, feature, threshold }
    }
  }
  if (best === undefined || best.gain < 1e-3) return undefined
  const { feature, threshold } = best
  const isLeft = (index: number): boolean =>
    ((examples[index] as Example).signals[feature] as number) < threshold
  return {
    feature,
    threshold,
    left: from.filter(isLeft),
    right: from.filter((index) => !isLeft(index))
  }
}

function leafOf({ gradients, curvatures }: Sums, leaf: readonly number[]): number {
  let [g, h] = [0, REGULAR]
  for (const index of leaf) {
    g += gradients[index] as number
    h += curvatures[index] as number
  }
  return g / h
}

function cutsOf(examples: readonly Example[]): readonly (readonly number[])[] {
  const features = examples[0]?.signals.length ?? 0
  return Array.from({ length: features }, (_, feature) => {
    const values = [...new Set(examples.map(({ signals }) => signals[feature] as number))]
    values.sort((a, b) => a - b)
    const at = (part: number): number => values[Math.floor((values.length * part) / CUTS)] as number
    return [...new Set(Array.from({ length: CUTS - 1 }, (_, index) => at(index + 1)))]
  })
}
