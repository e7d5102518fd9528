import { DatanetError } from '../../../protocol/base/errors.ts'
import { type Evidence, sharesOf } from '../../../protocol/receipt/attribution.ts'
import { decodeEvidence } from '../../../protocol/receipt/evidence.ts'
import type { Receipt } from '../../../protocol/receipt/receipt.ts'
import type { Explanation } from '../../api/money-api.ts'
import { answerSentences } from '../../engines/attribution/answer-sentences.ts'
import { wordsOf } from '../../engines/attribution/words.ts'
import { askedIn, type KeptAnswer } from './kept-answers.ts'

/**
 * The answer of a call sentence by sentence, each with its sources and what they have of it. Refuses
 * evidence that is not of this answer (EVIDENCE_DIFFERS). `receipt explain` shows it.
 */
export function explain(
  receipt: Receipt,
  said: KeptAnswer
): Pick<Explanation, 'question' | 'answer' | 'sentences'> {
  const { answer } = said
  const { question } = askedIn(said)
  const titles = new Map(said.titles.map(({ contribution, title }) => [contribution, title]))
  const accounts = new Map(
    receipt.credits.map(({ contribution, account }) => [contribution, account])
  )
  const texts = answerSentences(answer)
  if (receipt.evidence === undefined || said.evidence === undefined) {
    const parts = [{ basis: 'unattributed', ppm: 1_000_000 }]
    return { question, answer, sentences: texts.map((text) => ({ text, parts })) }
  }
  const evidence = decodeEvidence(said.evidence)
  const sentences = texts.map((text, place) => {
    const part = partOf(evidence, place)
    if (part.sentences[0]?.words !== wordsOf(text).length) {
      throw new DatanetError('EVIDENCE_DIFFERS', { part: 'sentences' })
    }
    const parts = sharesOf(part).map(({ contribution, basis, ppm }) => {
      if (contribution === undefined) return { basis, ppm }
      const [title, account] = [titles.get(contribution), accounts.get(contribution)]
      const named = title === undefined ? {} : { title }
      const owner = account === undefined ? {} : { account }
      return { basis, ppm, contribution, ...owner, ...named }
    })
    return { text, parts }
  })
  return { question, answer, sentences }
}

/** The evidence of one sentence alone. */
function partOf({ compared, passages, spans, sentences }: Evidence, place: number): Evidence {
  const sentence = sentences[place]
  const from = sentences.slice(0, place).reduce((sum, { words }) => sum + words, 0)
  const to = from + (sentence?.words ?? 0)
  return {
    compared,
    passages,
    sentences: sentence === undefined ? [] : [sentence],
    spans: spans.flatMap((span) => {
      const start = Math.max(from, span.from)
      const words = Math.min(to, span.from + span.words) - start
      return words <= 0 ? [] : [{ ...span, from: start - from, words }]
    })
  }
}
