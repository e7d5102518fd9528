import type { Evidence } from '../../../protocol/receipt/attribution.ts'
import type { EnginePassage } from '../engine.ts'
import { rarityOf } from './rarity.ts'
import { sentencesOf } from './sentences.ts'
import { termsOf } from './terms.ts'

/** Below this a passage shares subject words with a sentence, and no more: half is chance here. */
export const SUPPORT_THRESHOLD_PPM = 500_000

/** Tenths of its overlap that a passage gets which has the words, but not in these words' order. */
const NOT_VERBATIM = 8

/** What overlap is measured against: the passages whose words make a word common or rare. */
export interface OverlapGround {
  readonly passages: number
  /** How many of the passages hold this term. */
  df(term: string): number
}

/**
 * The evidence of an answer's `sentences` in the passages it was drawn from: anyone who has the
 * revision gets the same integers. A sentence quoted verbatim has 1 000 000 ppm in its source.
 * specs/08-receipt.md §Overlap
 */
export function measureEvidence(
  sentences: readonly string[],
  passages: readonly EnginePassage[],
  ground: OverlapGround
): Evidence {
  const sources = passages.map((passage) => ({
    contribution: passage.contribution,
    words: wordsOf(`${passage.title}\n${passage.text}`),
    runs: runsOf(passage)
  }))
  return {
    thresholdPpm: SUPPORT_THRESHOLD_PPM,
    sentences: sentences.map((sentence) => {
      const terms = termsOf(sentence)
      const words = wordsOf(sentence)
      const supports = sources
        .map((source) => ({
          contribution: source.contribution,
          simPpm: source.words.includes(words)
            ? 1_000_000
            : Math.floor((overlapPpm(terms, source.runs, ground) * NOT_VERBATIM) / 10)
        }))
        .filter(({ simPpm }) => simPpm >= SUPPORT_THRESHOLD_PPM)
      return { weight: Math.max(1, terms.length), supports }
    })
  }
}

/**
 * How much of a sentence's information stands in a passage, in ppm: its terms and its neighbouring
 * pairs of terms, each counted by rarity. Word order makes a quotation stand out from a paraphrase,
 * and a paraphrase from talk about the same subject.
 */
function overlapPpm(
  terms: readonly string[],
  source: ReadonlySet<string>,
  ground: OverlapGround
): number {
  let all = 0
  let shared = 0
  for (const [index, term] of terms.entries()) {
    const rarity = rarityOf(ground.df(term), ground.passages)
    all += rarity
    if (source.has(term)) shared += rarity
    const next = terms[index + 1]
    if (next === undefined) continue
    const both = rarity + rarityOf(ground.df(next), ground.passages)
    all += both
    if (source.has(`${term} ${next}`)) shared += both
  }
  return all === 0 ? 0 : Math.floor((shared * 1_000_000) / all)
}

/** The terms and the neighbouring pairs of a passage; pairs do not reach over a sentence's end. */
function runsOf(passage: EnginePassage): ReadonlySet<string> {
  const runs = new Set<string>()
  for (const text of [passage.title, ...sentencesOf(passage.text).map(({ text }) => text)]) {
    const terms = termsOf(text)
    for (const [index, term] of terms.entries()) {
      runs.add(term)
      const next = terms[index + 1]
      if (next !== undefined) runs.add(`${term} ${next}`)
    }
  }
  return runs
}

/** All words in order, fenced by spaces, so that a quotation is a substring. */
function wordsOf(text: string): string {
  return ` ${(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')} `
}
