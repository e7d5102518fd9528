import { log2Milli } from './rarity.ts'
import { suffixArray } from './suffix-array.ts'
import { wordsOf } from './words.ts'

/** Words of an answer that stand in texts in this very order. */
export interface Span {
  /** The first of them, counted in the answer, and how many they are. */
  readonly from: number
  readonly words: number
  /** How much they tell together, in 1/1024 bit. */
  readonly bits: number
  /** The texts that hold them, each once, in no order. */
  readonly holders: readonly number[]
}

/** What is too common to tell anything. */
export interface SpanRule {
  readonly words: number
  readonly bits: number
}

/** Texts by every run of words that they hold. */
export interface SpanIndex {
  /** Words of all texts. */
  readonly size: number
  /** From the left, the longest runs of `words` that some text holds and that `rule` lets pass. */
  trace(words: readonly string[], rule: SpanRule): readonly Span[]
  /** The texts that hold exactly these words in a row, each once. */
  holdersOf(words: readonly string[]): readonly number[]
  readonly byteLength: number
}

/** Stands between two texts: no word of an answer is it. */
const FENCE = 0
const UNKNOWN = -1

/** Reads `texts` into a suffix array over their words. specs/08-receipt.md §Spans */
export function createSpanIndex(texts: Iterable<string>): SpanIndex {
  const ids = new Map<string, number>()
  const counts: number[] = [0]
  const starts: number[] = []
  let tokens = new Int32Array(65_536)
  let length = 0
  const push = (id: number): void => {
    if (length === tokens.length) {
      const grown = new Int32Array(length * 2)
      grown.set(tokens)
      tokens = grown
    }
    tokens[length++] = id
  }
  let size = 0
  for (const text of texts) {
    starts.push(length)
    for (const word of wordsOf(text)) {
      const id = ids.get(word) ?? ids.size + 1
      // A copy of its own: a piece of a long text would keep the whole text in memory.
      if (id > ids.size) ids.set(word.length < 13 ? word : Buffer.from(word).toString(), id)
      counts[id] = (counts[id] ?? 0) + 1
      push(id)
      size += 1
    }
    push(FENCE)
  }
  tokens = tokens.slice(0, length)
  const order = suffixArray(tokens, ids.size)
  const firsts = Int32Array.from(starts)

  function textAt(token: number): number {
    let [low, high] = [0, firsts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((firsts[middle] as number) <= token) low = middle
      else high = middle - 1
    }
    return low
  }

  /** How many words from `from` on are those at `token`, up to `limit` of them. */
  function common(wanted: Int32Array, from: number, token: number, limit: number): number {
    let same = 0
    while (same < limit && wanted[from + same] === tokens[token + same]) same++
    return same
  }

  /** The first place whose suffix does not stand before the words; behind their prefixes if `isAfter`. */
  function bound(wanted: Int32Array, from: number, limit: number, isAfter: boolean): number {
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const token = order[middle] as number
      const same = common(wanted, from, token, limit)
      const isBefore =
        same === limit
          ? isAfter
          : (tokens[token + same] ?? UNKNOWN) < (wanted[from + same] as number)
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  function longest(wanted: Int32Array, from: number): number {
    if (wanted[from] === UNKNOWN) return 0
    const limit = wanted.length - from
    const place = bound(wanted, from, limit, false)
    let best = 0
    for (const near of [place - 1, place]) {
      const token = order[near]
      if (token !== undefined) best = Math.max(best, common(wanted, from, token, limit))
    }
    return best
  }

  function holders(wanted: Int32Array, from: number, words: number): readonly number[] {
    const end = bound(wanted, from, words, true)
    const found = new Set<number>()
    for (let place = bound(wanted, from, words, false); place < end; place++) {
      found.add(textAt(order[place] as number))
    }
    return [...found]
  }

  const idsOf = (words: readonly string[]): Int32Array =>
    Int32Array.from(words, (word) => ids.get(word) ?? UNKNOWN)
  const bitsOf = (wanted: Int32Array, from: number, words: number): number => {
    let bits = 0
    for (const id of wanted.subarray(from, from + words)) {
      bits += log2Milli(size / (counts[id] as number))
    }
    return bits
  }

  return {
    size,
    trace(words, rule) {
      const wanted = idsOf(words)
      const spans: Span[] = []
      for (let from = 0; from + rule.words <= wanted.length; ) {
        const count = longest(wanted, from)
        const bits = count < rule.words ? 0 : bitsOf(wanted, from, count)
        if (count < rule.words || bits < rule.bits) {
          from += 1
          continue
        }
        spans.push({ from, words: count, bits, holders: holders(wanted, from, count) })
        from += count
      }
      return spans
    },
    holdersOf(words) {
      const wanted = idsOf(words)
      if (wanted.length === 0 || wanted.includes(UNKNOWN)) return []
      return holders(wanted, 0, wanted.length)
    },
    byteLength: order.byteLength + tokens.byteLength + firsts.byteLength + counts.length * 8
  }
}
