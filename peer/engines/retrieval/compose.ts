import type { Sentence } from '../attribution/sentences.ts'
import { termsOf } from '../attribution/terms.ts'
import { type Corpus, type ReadPassage, wordsKey } from './corpus.ts'
import { answers, asksForName, type Intent, intentOf, subjectOf } from './intent.ts'
import type { Hit } from './search.ts'

/** One verbatim sentence of an answer and where it stands. */
export interface Quotation {
  readonly passage: number
  readonly sentence: string
  /** The title of its passage, where the question asks for a name. */
  readonly title?: true
}

/** Sentences taken from the best passage, and from each further one. */
const MAX_SENTENCES = 3
/** A second source must be nearly as good as the first to be heard as well. */
const SECOND_PPM = 950_000

/**
 * The answer as verbatim sentences of the passages found, best passage first: what a passage is
 * about leads a definition, and what stands under a fitting heading leads the rest. Nothing is said
 * twice. Boilerplate that many passages repeat comes last, and never alone: it would not say whose
 * answer this is.
 */
export function compose(
  corpus: Corpus,
  question: string,
  hits: readonly Hit[]
): readonly Quotation[] {
  const [first, second] = hits
  if (first === undefined) return []
  const intent = intentOf(question)
  const quotations = pick(corpus, first.passage, question, intent, MAX_SENTENCES)
  const title = corpus.passages[first.passage]?.passage.title
  if (title !== undefined && asksForName(question)) {
    quotations.splice(MAX_SENTENCES - 1)
    quotations.unshift({ passage: first.passage, sentence: title, title: true })
  }
  if (second !== undefined && second.scorePpm * 1_000_000 >= first.scorePpm * SECOND_PPM) {
    const said = new Set(quotations.map(({ sentence }) => wordsKey(sentence)))
    const more = pick(corpus, second.passage, question, intent, 1)
    quotations.push(...more.filter(({ sentence }) => !said.has(wordsKey(sentence))))
  }
  return quotations
}

function pick(
  corpus: Corpus,
  passage: number,
  question: string,
  intent: Intent,
  count: number
): Quotation[] {
  const read = corpus.passages[passage] as ReadPassage
  const sentences = read.units.slice(1).map(({ sentence }) => sentence)
  const asked = new Set(termsOf(subjectOf(question)))
  const value = (sentence: Sentence, index: number): number => {
    const terms = new Set(termsOf(sentence.text))
    const shared = [...terms].filter((term) => asked.has(term)).length
    // where it stands says more than which words it has: authors put first things first
    const leading = index === 0 && (intent === 'definition' || intent === 'any') ? 40 : 0
    const lone = corpus.sentenceDf(sentence.text) > 1 ? 0 : 12
    const fragment = terms.size < 4 ? -20 : 0
    return leading + lone + fragment + 3 * shared - Math.min(index, 30)
  }
  const fits = sentences.some(({ heading }) => answers(heading, intent))
  const ranked = sentences
    .map((sentence, index) => ({ sentence, index, value: value(sentence, index) }))
    .filter(({ sentence }) => !fits || answers(sentence.heading, intent))
    .sort((a, b) => b.value - a.value || a.index - b.index)
  // A text may say one thing under several headings; once is enough.
  const byWords = new Map(ranked.toReversed().map((one) => [wordsKey(one.sentence.text), one]))
  const chosen = ranked
    .filter((one) => byWords.get(wordsKey(one.sentence.text)) === one)
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
