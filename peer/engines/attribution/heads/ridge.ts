import { cholesky, type Factor, multiply } from './linear.ts'

/** A ridge head over fixed features, with what leaving one example out needs. */
export interface RidgeHead {
  /** The score of `features`. */
  score(features: Float64Array): number
  /**
   * By example: how much lower the score would be, had the head been fitted without it; exact
   * (Sherman–Morrison), not an estimate.
   */
  leaveOneOut(features: Float64Array): Float64Array
  /** By example: what it lies beside the fit of all others; far off where its label is wrong. */
  readonly residuals: Float64Array
  /** By example: how much it decides its own fit, from 0 to 1; outliers are near 1. */
  readonly leverages: Float64Array
}

/** No contribution has more than this part of what a head pays for one answer. */
const MOST = 0.5
/** An example with this many times the mean leverage is an outlier, and pays as if it had that. */
const LEVERAGE_FACTOR = 2

/** The head that minimises Σ (label − w·x)² + λ|w|² over `rows`, each of equal length. */
export function fitRidge(
  rows: readonly Float64Array[],
  labels: Float64Array,
  { lambda }: { readonly lambda: number }
): RidgeHead {
  const dimensions = rows[0]?.length ?? 0
  const gram = Array.from({ length: dimensions }, () => new Float64Array(dimensions))
  const moments = new Float64Array(dimensions)
  for (const [example, row] of rows.entries()) {
    for (let i = 0; i < dimensions; i++) {
      const value = row[i] as number
      moments[i] = (moments[i] as number) + value * (labels[example] as number)
      const line = gram[i] as Float64Array
      for (let j = 0; j <= i; j++) line[j] = (line[j] as number) + value * (row[j] as number)
    }
  }
  for (let i = 0; i < dimensions; i++) {
    const line = gram[i] as Float64Array
    line[i] = (line[i] as number) + lambda
  }
  const factor: Factor = cholesky(gram)
  const weights = factor.solve(moments)
  const leverages = new Float64Array(rows.length)
  const residuals = new Float64Array(rows.length)
  for (const [example, row] of rows.entries()) {
    leverages[example] = multiply(row, factor.solve(row))
    const error = (labels[example] as number) - multiply(row, weights)
    residuals[example] = error / (1 - (leverages[example] as number))
  }
  return {
    leverages,
    residuals,
    score: (features) => multiply(features, weights),
    leaveOneOut(features) {
      const towards = factor.solve(features)
      return Float64Array.from(
        rows,
        (row, example) => (residuals[example] as number) * multiply(row, towards)
      )
    }
  }
}

/**
 * What examples have of an answer of a head, as parts that sum to at most 1: those that raised its
 * score, by how much. Outliers count as far as an example of twice the mean leverage would, and
 * none has more than half; what that leaves is nobody's.
 */
export function headShares(influence: Float64Array, leverages: Float64Array): Float64Array {
  const mean = leverages.reduce((sum, one) => sum + one, 0) / (leverages.length || 1)
  const positive = Float64Array.from(influence, (value, example) => {
    const leverage = leverages[example] as number
    const bound = LEVERAGE_FACTOR * mean
    return Math.max(0, value) * (leverage > bound ? bound / leverage : 1)
  })
  const whole = positive.reduce((sum, one) => sum + one, 0)
  return positive.map((value) => (whole === 0 ? 0 : Math.min(MOST, value / whole)))
}
