import { dotProducts } from './dot-products.ts'
import { cosinePpm } from './embedder.ts'

/** The vectors of an index: one row a window, each belonging to a passage. */
export interface Vectors {
  /** Row after row, passages in order. */
  readonly rows: Int8Array
  /** The first row of each passage, and the end of the last. */
  readonly firstRow: Uint32Array
}

/** How near a question is to each passage, in ppm of the cosine. */
export interface Nearness {
  /** By passage: that of its nearest window. */
  readonly cosinePpm: Int32Array
  /** Over all passages: what any text has in common with the question. */
  readonly meanPpm: number
  readonly deviationPpm: number
}

/** Exact over all rows; integers, so that every machine gets the same. */
export function nearnessOf(vectors: Vectors, question: Int8Array): Nearness {
  const products = dotProducts(question, vectors.rows)
  const passages = vectors.firstRow.length - 1
  const nearest = new Int32Array(passages)
  let sum = 0
  let squares = 0
  for (let passage = 0; passage < passages; passage++) {
    let best = 0
    const end = vectors.firstRow[passage + 1] as number
    for (let row = vectors.firstRow[passage] as number; row < end; row++) {
      const product = products[row] as number
      if (product > best) best = product
    }
    const ppm = cosinePpm(best)
    nearest[passage] = ppm
    sum += ppm
    squares += ppm * ppm
  }
  const meanPpm = Math.floor(sum / (passages || 1))
  const variance = Math.max(0, squares / (passages || 1) - meanPpm * meanPpm)
  const deviationPpm = Math.floor(Math.sqrt(variance))
  return { cosinePpm: nearest, meanPpm, deviationPpm }
}
