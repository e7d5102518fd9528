import { rarityOf } from '../attribution/rarity.ts'

/** Term-major postings in typed arrays: passages and weighted counts, one slice a term. */
export interface Bm25 {
  /** Passages that hold the term; 0 for unknown ones. */
  df(id: number): number
  /** Whether a passage holds the term. */
  holds(passage: number, id: number): boolean
  /** The passages that hold the term, in order. */
  holders(id: number): Uint32Array
  /** BM25 of every passage for these terms, by passage. `weights` scales each of them. */
  bm25(ids: readonly number[], weights?: readonly number[]): Float64Array
  readonly byteLength: number
}

const K1 = 1.2
const B = 0.75

/** `tokensOf` calls `take` with each term of a passage and what it counts there. */
export function createBm25(
  passages: number,
  terms: number,
  tokensOf: (passage: number, take: (id: number, count: number) => void) => void
): Bm25 {
  const { starts, holders, counts, norms } = postingsOf(passages, terms, tokensOf)
  const df = (id: number): number =>
    id < 0 || id >= terms ? 0 : at(starts, id + 1) - at(starts, id)
  return {
    df,
    byteLength: [starts, holders, counts, norms].reduce((sum, one) => sum + one.byteLength, 0),
    holders: (id) =>
      df(id) === 0 ? new Uint32Array() : holders.subarray(at(starts, id), at(starts, id + 1)),
    holds(passage, id) {
      if (df(id) === 0) return false
      let [low, high] = [at(starts, id), at(starts, id + 1) - 1]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (at(holders, middle) < passage) low = middle + 1
        else high = middle
      }
      return holders[low] === passage
    },
    bm25(ids, weights) {
      const scores = new Float64Array(passages)
      for (const [index, id] of ids.entries()) {
        if (df(id) === 0) continue
        const rarity = rarityOf(df(id), passages) * (weights?.[index] ?? 1)
        for (let slot = at(starts, id); slot < at(starts, id + 1); slot++) {
          const passage = at(holders, slot)
          const count = counts[slot] as number
          const part = (count * (K1 + 1)) / (count + (norms[passage] as number))
          scores[passage] = (scores[passage] as number) + rarity * part
        }
      }
      return scores
    }
  }
}

/** Apart from what searches in them: what only counts is not kept in memory with it. */
function postingsOf(
  passages: number,
  terms: number,
  tokensOf: (passage: number, take: (id: number, count: number) => void) => void
) {
  // two passes: how many passages hold each term, then which
  const starts = new Uint32Array(terms + 1)
  const lastSeen = new Uint32Array(terms)
  const lengths = new Float64Array(passages)
  for (let passage = 0; passage < passages; passage++) {
    let length = 0
    tokensOf(passage, (id, count) => {
      length += count
      if (lastSeen[id] === passage + 1) return
      lastSeen[id] = passage + 1
      starts[id + 1] = at(starts, id + 1) + 1
    })
    lengths[passage] = length
  }
  for (let id = 0; id < terms; id++) starts[id + 1] = at(starts, id + 1) + at(starts, id)
  const holders = new Uint32Array(at(starts, terms))
  const counts = new Uint16Array(holders.length)
  const next = starts.slice()
  lastSeen.fill(0)
  for (let passage = 0; passage < passages; passage++) {
    tokensOf(passage, (id, count) => {
      if (lastSeen[id] !== passage + 1) {
        lastSeen[id] = passage + 1
        holders[at(next, id)] = passage
        next[id] = at(next, id) + 1
      }
      const slot = at(next, id) - 1
      counts[slot] = Math.min(65_535, (counts[slot] as number) + count)
    })
  }
  const average = lengths.reduce((sum, length) => sum + length, 0) / (passages || 1)
  const norms = lengths.map((length) => K1 * (1 - B + (B * length) / (average || 1)))
  return { starts, holders, counts, norms }
}

function at(array: Uint32Array, index: number): number {
  return array[index] as number
}
