import { rarityOf } from '../attribution/rarity.ts'
import { termsOf } from '../attribution/terms.ts'
import type { Corpus } from './corpus.ts'
import { subjectOf } from './intent.ts'

/** A question in terms of a corpus. */
export interface Question {
  /** Known terms, each once. */
  readonly ids: readonly number[]
  /** Their rarity, by place in `ids`. */
  readonly weights: readonly number[]
  /** The rarity of all terms, unknown ones included. */
  readonly total: number
  /** The heaviest of the unknown ones. */
  readonly unknown: number
  /** Neighbouring terms by `pairKey`, and what each tells. */
  readonly pairs: ReadonlyMap<number, number>
  readonly pairsTotal: number
}

const PAIR_BASE = 2 ** 26

/** One number for two term ids in either order. */
export function pairKey(a: number, b: number): number {
  return a < b ? a * PAIR_BASE + b : b * PAIR_BASE + a
}

/** How much a word tells in any text, from 0 to 1: little for one that everybody uses. */
export type Telling = (word: string) => number

const WORD = /[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu

/**
 * The terms of what `text` asks about, weighed by how much they tell here and in general. `without`
 * counts as if those passages had never been there.
 */
export function readQuestion(
  corpus: Corpus,
  text: string,
  options: {
    readonly without?: ReadonlySet<number> | undefined
    readonly telling?: Telling | undefined
  } = {}
): Question {
  const { without = new Set<number>(), telling = () => 1 } = options
  const passages = corpus.passages.length - without.size
  const rarity = (id: number): number => {
    let df = corpus.df(id)
    for (const passage of without) if (corpus.holds(passage, id)) df--
    return rarityOf(df, passages)
  }
  const run = (subjectOf(text).toLowerCase().match(WORD) ?? []).flatMap((word) =>
    termsOf(word).map((term) => {
      const id = corpus.idOf(term)
      return { term, id, weight: rarity(id) * telling(word) }
    })
  )
  const ids: number[] = []
  const weights: number[] = []
  let total = 0
  let unknown = 0
  for (const { id, weight } of new Map(run.map((one) => [one.term, one])).values()) {
    total += weight
    if (id < 0) {
      unknown = Math.max(unknown, weight)
      continue
    }
    ids.push(id)
    weights.push(weight)
  }
  const pairs = new Map<number, number>()
  let pairsTotal = 0
  for (const [index, one] of run.slice(0, -1).entries()) {
    const next = run[index + 1] as (typeof run)[number]
    if (one.term === next.term) continue
    const weight = one.weight + next.weight
    pairsTotal += weight
    if (one.id >= 0 && next.id >= 0) pairs.set(pairKey(one.id, next.id), weight)
  }
  return { ids, weights, total, unknown, pairs, pairsTotal }
}
