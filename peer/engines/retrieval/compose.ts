import type { Sentence } from '../attribution/sentences.ts'
import { termsOf } from '../attribution/terms.ts'
import { type Corpus, wordsKey } from './corpus.ts'
import { answers, asksForName, type Intent, intentOf, subjectOf } from './intent.ts'
import type { Reading } from './reading.ts'
import type { Hit } from './search.ts'

/** One verbatim sentence of an answer and where it stands. */
export interface Quotation {
  readonly passage: number
  readonly sentence: string
  /** The title of its passage, where the question asks for a name. */
  readonly title?: true
}

/** Sentences taken from the best passage. */
const MAX_SENTENCES = 3
/** Passages beside the best that may be heard, one sentence each. */
const MAX_OTHERS = 2
/** They must be nearly as good as it. */
const OTHERS_PPM = 950_000
/** A further sentence of a fact that was asked for must be nearly as near as the best one. */
const FURTHER_PPM = 900_000

/**
 * The answer as verbatim sentences of the passages found, best passage first: what a passage is
 * about leads a definition, what stands under a fitting heading leads the rest, and a fact is looked
 * for by its meaning. Nothing is said twice. Boilerplate that many passages repeat comes last, and
 * never alone: it would not say whose answer this is.
 */
export function compose(
  corpus: Corpus,
  question: string,
  hits: readonly Hit[],
  reading?: Reading
): readonly Quotation[] {
  const [first, ...others] = hits
  if (first === undefined) return []
  const intent = intentOf(question)
  const asked = { question, intent, reading }
  const quotations = pick(corpus, first.passage, asked, MAX_SENTENCES)
  const title = corpus.passages[first.passage]?.title
  if (title !== undefined && asksForName(question)) {
    quotations.splice(MAX_SENTENCES - 1)
    quotations.unshift({ passage: first.passage, sentence: title, title: true })
  }
  for (const other of others.slice(0, MAX_OTHERS)) {
    if (other.rankPpm * 1_000_000 < first.rankPpm * OTHERS_PPM) break
    const said = new Set(quotations.map(({ sentence }) => wordsKey(sentence)))
    const more = pick(corpus, other.passage, { question, intent }, 1)
    quotations.push(...more.filter(({ sentence }) => !said.has(wordsKey(sentence))))
  }
  return quotations
}

interface Asked {
  readonly question: string
  readonly intent: Intent
  readonly reading?: Reading | undefined
}

interface Ranked {
  readonly sentence: Sentence
  readonly index: number
  readonly value: number
}

function pick(corpus: Corpus, passage: number, asked: Asked, count: number): Quotation[] {
  const { intent, reading } = asked
  const sentences = corpus.sentencesOf(passage)
  const fits = sentences.some(({ heading }) => answers(heading, intent))
  const nearPpm = reading?.asksMore === true && !isOfSection(intent) ? reading.nearPpm : []
  const values = sentences.map(worthOf(corpus, asked, nearPpm))
  const ranked = sentences
    .map((sentence, index): Ranked => ({ sentence, index, value: values[index] as number }))
    .filter(({ sentence }) => nearPpm.length > 0 || !fits || answers(sentence.heading, intent))
    .sort((a, b) => b.value - a.value || a.index - b.index)
  // A text may say one thing under several headings; once is enough.
  const byWords = new Map(ranked.toReversed().map((one) => [wordsKey(one.sentence.text), one]))
  const nearest = nearPpm[ranked[0]?.index ?? -1] ?? 0
  const chosen = ranked
    .filter((one) => byWords.get(wordsKey(one.sentence.text)) === one)
    .filter(({ index }) => (nearPpm[index] ?? 0) * 1_000_000 >= nearest * FURTHER_PPM)
    .slice(0, count)
  const lead = sentences[0]
  const telling = chosen.some(({ sentence }) => corpus.sentenceDf(sentence.text) === 1)
  if (!telling && lead !== undefined && !chosen.some(({ index }) => index === 0)) {
    chosen.splice(Math.min(chosen.length, count - 1), 1, { sentence: lead, index: 0, value: 0 })
  }
  return chosen
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => ({ passage, sentence: sentence.text }))
}

/** Prevention, consequences and detection have sections of their own where they are told at all. */
function isOfSection(intent: Intent): boolean {
  return intent !== 'definition' && intent !== 'any'
}

/** What a sentence is worth in an answer. */
function worthOf(corpus: Corpus, { question, intent }: Asked, nearPpm: readonly number[]) {
  const asked = new Set(termsOf(subjectOf(question)))
  return (sentence: Sentence, index: number): number => {
    const terms = new Set(termsOf(sentence.text))
    const shared = [...terms].filter((term) => asked.has(term)).length
    const near = nearPpm[index]
    if (near !== undefined) return near / 10_000 + 2 * shared + (index === 0 ? 2 : 0)
    // where it stands says more than which words it has: authors put first things first
    const leading = index === 0 && !isOfSection(intent) ? 40 : 0
    const lone = corpus.sentenceDf(sentence.text) > 1 ? 0 : 12
    const fragment = terms.size < 4 ? -20 : 0
    return leading + lone + fragment + 3 * shared - Math.min(index, 30)
  }
}
