import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../../peer/devnet/sample-random.ts'
import { knnShapley } from '../../../../peer/engines/attribution/heads/knn-shapley.ts'
import { fitRidge, headShares } from '../../../../peer/engines/attribution/heads/ridge.ts'

const random = createSeededRandom(5)
const uniform = () => random.below(2_000) / 1_000 - 1
const vector = (length: number) => Float64Array.from({ length }, uniform)

describe('the ridge head', () => {
  const rows = Array.from({ length: 60 }, () => vector(8))
  const labels = Float64Array.from(rows, () => (random.below(2) === 0 ? -1 : 1))
  const head = fitRidge(rows, labels, { lambda: 0.7 })

  it('knows without fitting again what it would say without an example', () => {
    const asked = vector(8)
    const influence = head.leaveOneOut(asked)
    for (const out of rows.keys()) {
      const others = fitRidge(
        rows.toSpliced(out, 1),
        labels.filter((_, n) => n !== out),
        {
          lambda: 0.7
        }
      )
      const lower = head.score(asked) - others.score(asked)
      expect(Math.abs(lower - (influence[out] as number))).toBeLessThan(1e-12)
      const residual = (labels[out] as number) - others.score(rows[out] as Float64Array)
      expect(Math.abs(residual - (head.residuals[out] as number))).toBeLessThan(1e-10)
    }
  })

  it('gives nobody more than half, the harmful nothing, and an outlier no more than its bound', () => {
    const leverages = new Float64Array(10).fill(0.1)
    expect([...headShares(Float64Array.of(3, -5, 1), leverages.slice(0, 3))]).toEqual([
      0.5, 0, 0.25
    ])
    leverages[0] = 0.9
    const influence = new Float64Array(10).fill(1)
    const plain = headShares(influence, new Float64Array(10).fill(0.1))
    const bounded = headShares(influence, leverages)
    expect(bounded[0]).toBeLessThan(plain[0] as number)
    expect([...headShares(new Float64Array(2), new Float64Array(2))]).toEqual([0, 0])
  })
})

describe('knnShapley', () => {
  it('is the Shapley value by its definition', () => {
    for (let round = 0; round < 30; round++) {
      const count = 1 + random.below(7)
      const k = 1 + random.below(4)
      const order = random.shuffle([...Array(count).keys()])
      const right = order.map(() => random.below(2) === 0)
      const worth = (mask: number): number => {
        const nearest = order.filter((example) => (mask >> example) & 1).slice(0, k)
        return nearest.filter((example) => right[example]).length / k
      }
      const values = knnShapley(order, (example) => right[example] === true, k)
      const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
      for (let own = 0; own < count; own++) {
        let value = 0
        for (let mask = 0; mask < 1 << count; mask++) {
          if ((mask >> own) & 1) continue
          const size = mask.toString(2).replaceAll('0', '').length
          const weight = (factorial(size) * factorial(count - size - 1)) / factorial(count)
          value += weight * (worth(mask | (1 << own)) - worth(mask))
        }
        expect(Math.abs(value - (values[own] as number))).toBeLessThan(1e-12)
      }
    }
  })
})
