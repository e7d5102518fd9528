import { rarityOf } from '../attribution/rarity.ts'
import { type Sentence, sentencesOf } from '../attribution/sentences.ts'
import { termsOf } from '../attribution/terms.ts'
import type { EnginePassage } from '../engine.ts'

/** The title or one sentence of a passage as search sees it. */
export interface Unit {
  readonly sentence: Sentence
  readonly terms: ReadonlySet<number>
  /** Terms that stand next to each other, in either order. */
  readonly pairs: ReadonlySet<number>
  /** Whether it names the subject of its passage: the title, the lead, its other names. */
  readonly names: boolean
}

/** A passage taken apart. The first unit is its title. */
export interface ReadPassage {
  readonly passage: EnginePassage
  readonly units: readonly Unit[]
  readonly terms: ReadonlySet<number>
  /** Its title, and what the title gives in brackets as another name. */
  readonly titles: readonly ReadonlySet<number>[]
}

/** The passages of one index with the statistics that lexical search needs. */
export interface Corpus {
  readonly passages: readonly ReadPassage[]
  /** The id of a term, or -1 when no passage holds it. */
  idOf(term: string): number
  /** Passages that hold the term; 0 for unknown ones. */
  df(id: number): number
  /** Passages that hold a sentence with exactly these words: boilerplate tells nothing. */
  sentenceDf(sentence: string): number
  /** BM25 of every passage for these term ids, by passage. */
  bm25(ids: readonly number[]): Float64Array
  /** One number for two term ids in either order. */
  pairOf(a: number, b: number): number
}

const K1 = 1.2
const B = 0.75
/** A word in the title counts like this many in the text. */
const TITLE_WEIGHT = 3
/** After this many sentences a passage has said what it is about. */
const LEAD_SENTENCES = 2
const OTHER_NAMES = /also (?:known|called)|alias|synonym|(?:other|alternat(?:e|ive)) (?:name|term)/i
const PAIR_BASE = 2 ** 26

/** Reads `passages` into typed arrays; equal input gives equal results in every number. */
export function readCorpus(passages: readonly EnginePassage[]): Corpus {
  const ids = new Map<string, number>()
  const intern = (term: string): number => {
    const known = ids.get(term)
    if (known !== undefined) return known
    ids.set(term, ids.size)
    return ids.size - 1
  }
  const counts: Map<number, number>[] = []
  const sentenceCounts = new Map<string, number>()
  const read = passages.map((passage): ReadPassage => {
    const count = new Map<number, number>()
    const sentences = [{ text: passage.title, heading: '' }, ...sentencesOf(passage.text)]
    const units = sentences.map((sentence, index): Unit => {
      const terms = termsOf(sentence.text).map(intern)
      const weight = index === 0 ? TITLE_WEIGHT : 1
      for (const id of terms) count.set(id, (count.get(id) ?? 0) + weight)
      return {
        sentence,
        terms: new Set(terms),
        pairs: pairsOf(terms),
        names: index <= LEAD_SENTENCES || OTHER_NAMES.test(sentence.heading)
      }
    })
    for (const key of new Set(units.map(({ sentence }) => wordsKey(sentence.text)))) {
      sentenceCounts.set(key, (sentenceCounts.get(key) ?? 0) + 1)
    }
    counts.push(count)
    const bracketed = termsOf(/\(([^)]+)\)/.exec(passage.title)?.[1] ?? '').map(intern)
    const titles = [new Set(termsOf(passage.title).map(intern)), new Set(bracketed)]
    return { passage, units, terms: new Set(count.keys()), titles }
  })
  const postings = toPostings(counts, ids.size)
  return {
    passages: read,
    idOf: (term) => ids.get(term) ?? -1,
    df: (id) => (id < 0 ? 0 : postings.df(id)),
    sentenceDf: (sentence) => sentenceCounts.get(wordsKey(sentence)) ?? 0,
    bm25: (terms) => postings.score(terms),
    pairOf
  }
}

/** The neighbouring pairs of a run of term ids. */
function pairsOf(terms: readonly number[]): Set<number> {
  const pairs = new Set<number>()
  for (const [index, term] of terms.entries()) {
    const next = terms[index + 1]
    if (next !== undefined && next !== term) pairs.add(pairOf(term, next))
  }
  return pairs
}

function pairOf(a: number, b: number): number {
  return a < b ? a * PAIR_BASE + b : b * PAIR_BASE + a
}

/** What two sentences share that differ only in case, spaces and punctuation. */
export function wordsKey(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Term-major postings in typed arrays: passage ids and weighted counts, one slice a term. */
function toPostings(
  counts: readonly ReadonlyMap<number, number>[],
  terms: number
): { df(id: number): number; score(ids: readonly number[]): Float64Array } {
  const starts = new Uint32Array(terms + 1)
  for (const count of counts) for (const id of count.keys()) starts[id + 1] = at(starts, id + 1) + 1
  for (let id = 0; id < terms; id++) starts[id + 1] = at(starts, id + 1) + at(starts, id)
  const holders = new Uint32Array(at(starts, terms))
  const weights = new Float64Array(holders.length)
  const next = starts.slice()
  const lengths = counts.map((count) => [...count.values()].reduce((sum, value) => sum + value, 0))
  const average = lengths.reduce((sum, length) => sum + length, 0) / (lengths.length || 1)
  for (const [passage, count] of counts.entries()) {
    const norm = K1 * (1 - B + (B * (lengths[passage] as number)) / average)
    for (const [id, value] of count) {
      const slot = at(next, id)
      holders[slot] = passage
      weights[slot] = (value * (K1 + 1)) / (value + norm)
      next[id] = slot + 1
    }
  }
  const df = (id: number): number => at(starts, id + 1) - at(starts, id)
  return {
    df,
    score(ids) {
      const scores = new Float64Array(counts.length)
      for (const id of ids) {
        if (id < 0) continue
        const rarity = rarityOf(df(id), counts.length)
        for (let slot = at(starts, id); slot < at(starts, id + 1); slot++) {
          const passage = at(holders, slot)
          scores[passage] = (scores[passage] as number) + rarity * (weights[slot] as number)
        }
      }
      return scores
    }
  }
}

function at(array: Uint32Array, index: number): number {
  return array[index] as number
}
