import type { Evidence, EvidencePassage } from '../../../protocol/receipt/attribution.ts'
import type { EnginePassage } from '../engine.ts'
import { answerSentences } from './answer-sentences.ts'
import { type OverlapGround, overlapping } from './overlap.ts'
import { createSpanIndex, type Span } from './span-index.ts'
import { type Standing, standingsOf } from './standing.ts'
import { wordsOf } from './words.ts'

/** Id of the way in which answers are divided among contributions here. specs/08-receipt.md §Coverage */
export const ATTRIBUTION_METHOD = 'span-coverage/1'

/** Fewer words, or more usual ones, stand in many texts by chance. specs/08-receipt.md §Spans */
export const PAID_SPAN = { words: 5, bits: 60 * 1024 } as const
/** A sentence is said to be shared by so many at most: the best, of equals the oldest. */
const SUPPORTS = 8

/** The texts of a revision, ready to say whose an answer is. */
export interface AttributionGround {
  readonly passages: readonly EnginePassage[]
  /** What was measured of an answer; the same for the same texts and answer everywhere. */
  attribute(answer: string): Evidence
  readonly standings: readonly Standing[]
  /** Places of passages that say what an older one here does: search has no use for them. */
  readonly copies: ReadonlySet<number>
  /** Bytes of its typed arrays. */
  readonly byteLength: number
}

/** Passages as search has read them. */
interface Read extends OverlapGround {
  readonly passages: readonly EnginePassage[]
}

/** Reads what `corpus` holds once more, for whole runs of words. specs/08-receipt.md §Evidence */
export function createGround(corpus: Read): AttributionGround {
  const { passages } = corpus
  const standings = standingsOf(passages)
  const index = createSpanIndex(titledTexts(passages))
  const ages = new Float64Array(passages.length)
  for (const [place, { order }] of passages.entries()) ages[place] = order ?? place
  const byAge = (a: number, b: number) => (ages[a] as number) - (ages[b] as number) || a - b

  /** Who earns for what these hold: the oldest, by its cluster; nobody where that one is gone. */
  function earnerOf(holders: readonly number[]): number | undefined {
    const [oldest] = [...holders].sort(byAge)
    return oldest === undefined ? undefined : earner(standings, oldest)
  }

  function supportsOf(sentence: string) {
    const best = new Map<number, number>()
    const quoted = index.holdersOf(wordsOf(sentence))
    const found = [
      ...quoted.map((passage) => ({ passage, simPpm: 1_000_000 })),
      ...overlapping(sentence, corpus)
    ]
    for (const { passage, simPpm } of found) {
      const first = earner(standings, passage)
      if (first !== undefined) best.set(first, Math.max(simPpm, best.get(first) ?? 0))
    }
    return [...best]
      .sort(([a, simA], [b, simB]) => simB - simA || byAge(a, b))
      .slice(0, SUPPORTS)
      .map(([passage, simPpm]) => ({ passage, simPpm }))
  }

  return {
    passages,
    standings,
    copies: new Set(
      [...standings.keys()].filter((place) => {
        const standing = standings[place]
        return standing?.kind === 'duplicate' && standing.of !== undefined
      })
    ),
    byteLength: index.byteLength,
    attribute(answer) {
      const sentences = answerSentences(answer).map((text) => ({ text, words: wordsOf(text) }))
      const spans = index
        .trace(
          sentences.flatMap(({ words }) => words),
          PAID_SPAN
        )
        .flatMap((span) => {
          const passage = earnerOf(span.holders)
          return passage === undefined ? [] : [{ ...plain(span), passage }]
        })
      let end = 0
      const measured = sentences.map(({ text, words }) => {
        const [from, to] = [end, end + words.length]
        end = to
        const isTold = isCovered(spans, from, to)
        return { words: words.length, supports: isTold ? [] : supportsOf(text) }
      })
      return listed({ spans, sentences: measured })
    }
  }

  /** With passages by their places in a list of those that are named, older ones first. */
  function listed({ spans, sentences }: Pick<Evidence, 'spans' | 'sentences'>): Evidence {
    const named = new Set<number>()
    const name = (place: number): void => {
      named.add(place)
      const standing = standings[place]
      if (standing?.kind === 'derivative') name(standing.of)
    }
    for (const { passage } of spans) name(passage)
    for (const { supports } of sentences) for (const { passage } of supports) name(passage)
    const list = [...named].sort(byAge)
    const places = new Map(list.map((place, index) => [place, index]))
    const placeOf = (place: number) => places.get(place) as number
    return {
      compared: passages.length,
      passages: list.map((place): EvidencePassage => {
        const { contribution } = passages[place] as EnginePassage
        const standing = standings[place]
        if (standing?.kind !== 'derivative') return { contribution }
        const { of, upstreamPpm } = standing
        return { contribution, upstream: placeOf(of), upstreamPpm }
      }),
      spans: spans.map((span) => ({ ...span, passage: placeOf(span.passage) })),
      sentences: sentences.map(({ words, supports }) => ({
        words,
        supports: supports.map(({ passage, simPpm }) => ({ passage: placeOf(passage), simPpm }))
      }))
    }
  }
}

function earner(standings: readonly Standing[], place: number): number | undefined {
  const standing = standings[place]
  return standing?.kind === 'duplicate' ? standing.of : place
}

function plain({ from, words, bits }: Span) {
  return { from, words, bits }
}

function isCovered(spans: readonly { from: number; words: number }[], from: number, to: number) {
  const covered = spans.reduce(
    (sum, span) =>
      sum + Math.max(0, Math.min(to, span.from + span.words) - Math.max(from, span.from)),
    0
  )
  return covered === to - from
}

function* titledTexts(passages: readonly EnginePassage[]): Generator<string> {
  for (const { title, text } of passages) yield `${title}\n${text}`
}
