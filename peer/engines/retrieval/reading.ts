import { termsOf } from '../attribution/terms.ts'
import type { Corpus } from './corpus.ts'
import type { Vectors } from './dense.ts'
import { dotProducts } from './dot-products.ts'
import { cosinePpm } from './embedder.ts'
import { subjectOf } from './intent.ts'
import { windowsEach, windowsOf } from './windows.ts'

/** A passage read sentence by sentence for one question. */
export interface Reading {
  readonly passage: number
  /** Whether the question asks for more than what the title names. */
  readonly asksMore: boolean
  /** By sentence: how near it is to the question, in ppm; empty without embeddings. */
  readonly nearPpm: readonly number[]
  /** The nearest to the question, and to what it asks of the subject. */
  readonly barePpm: number
  readonly restPpm: number
}

/** Where nothing can be said: neither for nor against. */
const UNKNOWN_PPM = 500_000
/** Sentences of one passage that are read without its title: each is embedded for this question. */
const CLOSELY = 3
/** So much of each: the beginning of a long sentence says what it is about. */
const CHARACTERS = 160
const WORD = /[\p{L}\p{N}]+/gu

/** What reading needs of the dense half of an index. */
export interface ReadingGlass {
  readonly vectors: Vectors
  readonly question: Int8Array
  readonly embed: (text: string) => Promise<Int8Array>
}

/**
 * `question` without the words of the passage's title, held against each sentence alone: “When did
 * Samoa become independent?” is near to a passage on Samoa, but to no sentence of it.
 */
export async function readPassage(
  corpus: Corpus,
  passage: number,
  question: string,
  glass: ReadingGlass | undefined
): Promise<Reading> {
  const title = corpus.passages[passage]?.title ?? ''
  const named = new Set(termsOf(title))
  const rest = question
    .replace(WORD, (word) => (termsOf(word).some((term) => named.has(term)) ? '' : word))
    .replace(/\s+/g, ' ')
    .trim()
  const asksMore = termsOf(subjectOf(rest)).length > 0
  const neither = { barePpm: UNKNOWN_PPM, restPpm: UNKNOWN_PPM }
  if (glass === undefined) return { passage, asksMore, nearPpm: [], ...neither }
  const titled = titledPpm(corpus, passage, glass, glass.question)
  if (!asksMore) return { passage, asksMore, nearPpm: titled, ...neither }
  const restVector = await glass.embed(rest)
  const restTitled = titledPpm(corpus, passage, glass, restVector)
  const nearPpm = titled.map((ppm, index) => Math.floor((ppm + (restTitled[index] as number)) / 2))
  const closely = [...nearPpm.keys()]
    .sort((a, b) => (nearPpm[b] as number) - (nearPpm[a] as number) || a - b)
    .slice(0, CLOSELY)
  const sentences = corpus.sentencesOf(passage)
  let barePpm = 0
  let restPpm = 0
  for (const index of closely) {
    const vector = await glass.embed(sentences[index]?.text.slice(0, CHARACTERS) ?? '')
    const to = (other: Int8Array) => cosinePpm(dotProducts(other, vector)[0] as number)
    barePpm = Math.max(barePpm, to(glass.question))
    restPpm = Math.max(restPpm, to(restVector))
  }
  return { passage, asksMore, nearPpm, barePpm, restPpm }
}

/** By sentence: how near the window is to `vector` in which it stands, its title before it. */
function titledPpm(
  corpus: Corpus,
  passage: number,
  { vectors }: ReadingGlass,
  vector: Int8Array
): number[] {
  const one = corpus.passages[passage]
  if (one === undefined) return []
  const [first, end] = [
    vectors.firstRow[passage] as number,
    vectors.firstRow[passage + 1] as number
  ]
  const own = vectors.rows.subarray(first * vector.length, end * vector.length)
  const products = dotProducts(vector, own)
  return windowsOf(one, windowsEach(corpus.passages.length)).flatMap(({ from, to }, index) =>
    new Array<number>(to - from).fill(cosinePpm(products[index] as number))
  )
}
