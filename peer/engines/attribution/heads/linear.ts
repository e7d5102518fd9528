/** A factored symmetric positive matrix. */
export interface Factor {
  /** The solution x of matrix · x = right. */
  solve(right: Float64Array): Float64Array
}

/** The product of two vectors of one length. */
export function multiply(one: Float64Array, other: Float64Array): number {
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += (one[i] as number) * (other[i] as number)
  return sum
}

/** Factors a symmetric positive matrix, of which the lower half is read, row by row. */
export function cholesky(matrix: readonly Float64Array[]): Factor {
  const size = matrix.length
  const lower = matrix.map((row) => row.slice())
  for (let i = 0; i < size; i++) {
    const row = lower[i] as Float64Array
    for (let j = 0; j <= i; j++) {
      const other = lower[j] as Float64Array
      let sum = row[j] as number
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number)
      row[j] = i === j ? Math.sqrt(sum) : sum / (other[j] as number)
    }
  }
  return {
    solve(right) {
      const solved = right.slice()
      for (let i = 0; i < size; i++) {
        const row = lower[i] as Float64Array
        let sum = solved[i] as number
        for (let k = 0; k < i; k++) sum -= (row[k] as number) * (solved[k] as number)
        solved[i] = sum / (row[i] as number)
      }
      for (let i = size - 1; i >= 0; i--) {
        let sum = solved[i] as number
        for (let k = i + 1; k < size; k++) {
          sum -= ((lower[k] as Float64Array)[i] as number) * (solved[k] as number)
        }
        solved[i] = sum / ((lower[i] as Float64Array)[i] as number)
      }
      return solved
    }
  }
}
