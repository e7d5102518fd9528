import { type Sentence, sentencesOf } from '../attribution/sentences.ts'
import { termsOf } from '../attribution/terms.ts'
import type { EnginePassage } from '../engine.ts'
import { type Bm25, createBm25 } from './bm25.ts'
import { GrowingUint32 } from './growing-array.ts'
import { createTermReader, type TermReader } from './term-reader.ts'

/** The title or one sentence of a passage as search sees it: term ids from `start` to `end`. */
export interface Unit {
  readonly start: number
  readonly end: number
  /** Whether it names the subject of its passage: the title, the lead, its other names. */
  readonly names: boolean
}

/** The passages of one index with the statistics that lexical search needs, in typed arrays. */
export interface Corpus extends Bm25 {
  readonly passages: readonly EnginePassage[]
  /** The id of a term, or -1 when no passage holds it. */
  idOf(term: string): number
  /** Term ids of all passages, unit after unit. */
  readonly tokens: Uint32Array
  /** The title and the sentences of a passage. */
  unitsOf(passage: number): readonly Unit[]
  /** Its sentences as they stand there. */
  sentencesOf(passage: number): readonly Sentence[]
  /** Term ids of its title, and of what the title gives in brackets as another name. */
  titlesOf(passage: number): readonly (readonly number[])[]
  /** Whether a passage holds the term. */
  holds(passage: number, id: number): boolean
  /** Passages that hold a sentence with exactly these words: boilerplate tells nothing. */
  sentenceDf(sentence: string): number
  /** The ids of the terms of a text in order, -1 for those that no passage holds. */
  idsOf(text: string): readonly number[]
  /** Words that passages hold, with the ids of their first terms. */
  words(): Iterable<readonly [word: string, id: number]>
  /** Bytes of its typed arrays. */
  readonly byteLength: number
}

/** A word in the title counts like this many in the text. */
const TITLE_WEIGHT = 3
/** After this many sentences a passage has said what it is about. */
const LEAD_SENTENCES = 2
const OTHER_NAMES = /also (?:known|called)|alias|synonym|(?:other|alternat(?:e|ive)) (?:name|term)/i

/** What a passage was read into, so that an unchanged one need not be read again. */
interface Read {
  readonly tokens: Uint32Array
  /** Per unit: its last token, counted in the passage, and whether it names the subject. */
  readonly ends: Uint32Array
  readonly names: Uint8Array
  readonly hashes: Uint32Array
}

const readings = new WeakMap<
  Corpus,
  { terms: TermReader; of(passage: EnginePassage): Read | undefined }
>()

/**
 * Reads `passages` into typed arrays; equal input gives equal results in every number. What
 * `previous` has read already is taken from it.
 */
export function readCorpus(
  passages: readonly EnginePassage[],
  options: { readonly previous?: Corpus | undefined } = {}
): Corpus {
  const before = options.previous === undefined ? undefined : readings.get(options.previous)
  const terms = before?.terms ?? createTermReader()
  const tokens = new GrowingUint32()
  const unitEnds = new GrowingUint32()
  const unitHashes = new GrowingUint32()
  const unitNames: number[] = []
  const firstUnit = new Uint32Array(passages.length + 1)
  for (const [index, passage] of passages.entries()) {
    const read = before?.of(passage) ?? readPassage(passage, terms)
    const offset = tokens.length
    tokens.append(read.tokens)
    for (const [unit, end] of read.ends.entries()) {
      unitEnds.push(offset + end)
      unitHashes.push(read.hashes[unit] as number)
      unitNames.push(read.names[unit] as number)
    }
    firstUnit[index + 1] = unitEnds.length
  }
  const corpus = assemble(passages, terms, {
    tokens: tokens.take(),
    unitEnds: unitEnds.take(),
    unitHashes: unitHashes.take(),
    unitNames: Uint8Array.from(unitNames),
    firstUnit
  })
  terms.settle()
  return corpus
}

function readPassage({ title, text }: EnginePassage, terms: TermReader): Read {
  const units = [{ text: title, heading: '' }, ...sentencesOf(text)]
  const tokens: number[] = []
  const ends = new Uint32Array(units.length)
  const names = new Uint8Array(units.length)
  const hashes = new Uint32Array(units.length)
  for (const [index, unit] of units.entries()) {
    for (const id of terms.read(unit.text)) tokens.push(id)
    ends[index] = tokens.length
    names[index] = Number(index <= LEAD_SENTENCES || OTHER_NAMES.test(unit.heading))
    hashes[index] = hashOf(wordsKey(unit.text))
  }
  return { tokens: Uint32Array.from(tokens), ends, names, hashes }
}

interface Arrays {
  readonly tokens: Uint32Array
  readonly unitEnds: Uint32Array
  readonly unitHashes: Uint32Array
  readonly unitNames: Uint8Array
  readonly firstUnit: Uint32Array
}

function assemble(passages: readonly EnginePassage[], terms: TermReader, arrays: Arrays): Corpus {
  const { tokens, unitEnds, unitHashes, unitNames, firstUnit } = arrays
  const at = (array: Uint32Array, index: number): number => array[index] as number
  const startOf = (unit: number): number => (unit === 0 ? 0 : at(unitEnds, unit - 1))
  const bm25 = createBm25(passages.length, terms.size, (passage, take) => {
    const first = at(firstUnit, passage)
    const titleEnd = at(unitEnds, first)
    const end = startOf(at(firstUnit, passage + 1))
    for (let token = startOf(first); token < end; token++) {
      take(at(tokens, token), token < titleEnd ? TITLE_WEIGHT : 1)
    }
  })
  const repeated = repeatedOf(unitHashes, firstUnit)
  const corpus: Corpus = {
    ...bm25,
    passages,
    tokens,
    byteLength:
      bm25.byteLength +
      [tokens, unitEnds, unitHashes, unitNames, firstUnit].reduce(
        (sum, { byteLength }) => sum + byteLength,
        0
      ),
    idOf: (term) => {
      const id = terms.idOf(term)
      return bm25.df(id) === 0 ? -1 : id
    },
    idsOf: (text) => termsOf(text).map((term) => corpus.idOf(term)),
    unitsOf: (passage) => {
      const units: Unit[] = []
      for (let unit = at(firstUnit, passage); unit < at(firstUnit, passage + 1); unit++) {
        units.push({ start: startOf(unit), end: at(unitEnds, unit), names: unitNames[unit] === 1 })
      }
      return units
    },
    sentencesOf: (passage) => sentencesOf(passages[passage]?.text ?? ''),
    titlesOf: (passage) => {
      const unit = at(firstUnit, passage)
      const title = [...new Set(tokens.subarray(startOf(unit), at(unitEnds, unit)))]
      const bracketed = /\(([^)]+)\)/.exec(passages[passage]?.title ?? '')?.[1]
      if (bracketed === undefined) return [title]
      return [title, [...new Set(termsOf(bracketed).map((term) => terms.idOf(term)))]]
    },
    sentenceDf: (sentence) => repeated.get(hashOf(wordsKey(sentence))) ?? 1,
    *words() {
      for (const entry of terms.words()) if (bm25.df(entry[1]) > 0) yield entry
    }
  }
  const places = new Map(passages.map((passage, index) => [passage.contribution, index]))
  readings.set(corpus, {
    terms,
    of: (passage) => {
      const index = places.get(passage.contribution)
      const known = index === undefined ? undefined : passages[index]
      if (index === undefined || known?.title !== passage.title || known.text !== passage.text) {
        return undefined
      }
      const [first, last] = [at(firstUnit, index), at(firstUnit, index + 1)]
      const start = startOf(first)
      return {
        tokens: tokens.subarray(start, startOf(last)),
        ends: unitEnds.subarray(first, last).map((end) => end - start),
        names: unitNames.subarray(first, last),
        hashes: unitHashes.subarray(first, last)
      }
    }
  })
  return corpus
}

/** What two sentences share that differ only in case, spaces and punctuation. */
export function wordsKey(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Passages by the hash of a sentence that more than one of them holds. */
function repeatedOf(hashes: Uint32Array, firstUnit: Uint32Array): ReadonlyMap<number, number> {
  const seen = new Map<number, number>()
  const sorted = hashes.slice().sort()
  for (let index = 1; index < sorted.length; index++) {
    if (sorted[index] === sorted[index - 1]) seen.set(sorted[index] as number, 0)
  }
  for (let passage = 0; passage + 1 < firstUnit.length; passage++) {
    const own = new Set(hashes.subarray(firstUnit[passage], firstUnit[passage + 1]))
    for (const hash of own) {
      const count = seen.get(hash)
      if (count !== undefined) seen.set(hash, count + 1)
    }
  }
  return seen
}

/** FNV-1a over UTF-16; two sentences that meet by chance are at worst taken for boilerplate. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
