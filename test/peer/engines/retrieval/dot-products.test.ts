import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dotProducts } from '../../../../peer/engines/retrieval/dot-products.ts'

function plainly(query: Int8Array, rows: Int8Array): number[] {
  return Array.from({ length: rows.length / query.length }, (_, row) =>
    query.reduce((sum, value, at) => sum + value * (rows[row * query.length + at] as number), 0)
  )
}

it.each([16, 48, 384, 7, 20])('gives exact integers in %i dimensions', (dimensions) => {
  const int8 = fc.integer({ min: -128, max: 127 })
  const rows = fc
    .integer({ min: 0, max: 9 })
    .chain((count) =>
      fc.array(int8, { minLength: count * dimensions, maxLength: count * dimensions })
    )
  const query = fc.array(int8, { minLength: dimensions, maxLength: dimensions })
  fc.assert(
    fc.property(query, rows, (a, b) => {
      const [question, all] = [Int8Array.from(a), Int8Array.from(b)]
      expect([...dotProducts(question, all)]).toEqual(plainly(question, all))
    }),
    { numRuns: 40 }
  )
})

it('goes over as many rows as there are, from wherever they lie in a larger array', () => {
  const all = Int8Array.from({ length: 384 * 3_001 + 5 }, (_, at) => ((at * 31) % 255) - 127)
  const query = all.slice(100, 484)
  const rows = all.subarray(5)
  const products = dotProducts(query, rows)
  expect(products).toHaveLength(3_001)
  for (const row of [0, 1, 1_364, 1_365, 1_366, 2_999, 3_000]) {
    const one = rows.subarray(row * 384, (row + 1) * 384)
    expect(products[row]).toBe(plainly(query, one)[0])
  }
})

it('does not overflow at the ends of int8', () => {
  const lowest = new Int8Array(4_096).fill(-128)
  expect([...dotProducts(lowest, lowest)]).toEqual([4_096 * 128 * 128])
})

it('has nothing to say of no rows and no dimensions', () => {
  expect(dotProducts(new Int8Array(384), new Int8Array())).toHaveLength(0)
  expect(dotProducts(new Int8Array(), new Int8Array())).toHaveLength(0)
})
