import { rarityOf } from '../../../peer/engines/attribution/rarity.ts'
import { termsOf } from '../../../peer/engines/attribution/terms.ts'
import { dotProducts } from '../../../peer/engines/retrieval/dot-products.ts'
import type { Prepared } from './prepared.ts'
import type { BenchQuestion } from './types.ts'

/** Orders the passages of a set for a question, best first. */
export type Ranker = (prepared: Prepared, turns: readonly string[]) => Promise<readonly number[]>

/** BM25 with everything one can set about it. */
export interface Bm25Settings {
  readonly k1: number
  readonly b: number
  readonly title: number
  /** Whether the turns before the question are searched for as well. */
  readonly turns: 'last' | 'all'
}

/** All that are tried on the tuning half. */
export function bm25Grid(): readonly Bm25Settings[] {
  return [1.2, 1.8, 2.4].flatMap((k1) =>
    [0.75, 0.9].flatMap((b) =>
      [2, 4, 6].flatMap((title) =>
        (['last', 'all'] as const).map((turns) => ({ k1, b, title, turns }))
      )
    )
  )
}

interface Counted {
  readonly counts: readonly ReadonlyMap<string, { readonly title: number; readonly text: number }>[]
  readonly df: ReadonlyMap<string, number>
}

const counted = new WeakMap<Prepared, Counted>()

/** BM25 as in any text book, stop words out and stemmed. */
export function bm25Ranker({ k1, b, title, turns }: Bm25Settings): Ranker {
  return async (prepared, said) => {
    const { counts, df } = countsOf(prepared)
    const weigh = (count: { title: number; text: number }): number =>
      title * count.title + count.text
    const lengths = counts.map((count) => [...count.values()].reduce((sum, c) => sum + weigh(c), 0))
    const average = lengths.reduce((sum, length) => sum + length, 0) / (lengths.length || 1)
    const terms = new Set(termsOf(turns === 'all' ? said.join(' ') : (said.at(-1) ?? '')))
    const scores = counts.map((count, index) => {
      const norm = k1 * (1 - b + (b * (lengths[index] as number)) / average)
      let score = 0
      for (const term of terms) {
        const held = count.get(term)
        if (held === undefined) continue
        const tf = weigh(held)
        score += (rarityOf(df.get(term) ?? 0, counts.length) * tf * (k1 + 1)) / (tf + norm)
      }
      return score
    })
    return topOf(scores)
  }
}

/** Embeddings alone: the nearest window counts, or the mean of a passage's windows. */
export interface DenseSettings {
  readonly by: 'nearest' | 'mean' | 'lead'
  readonly turns: 'last' | 'all'
}

/** All that are tried on the tuning half. */
export function denseGrid(): readonly DenseSettings[] {
  return (['nearest', 'mean', 'lead'] as const).flatMap((by) =>
    (['last', 'all'] as const).map((turns) => ({ by, turns }))
  )
}

/** Cosine over the same vectors as the engine's. */
export function denseRanker(
  { by, turns }: DenseSettings,
  embed: (text: string) => Promise<Int8Array>
): Ranker {
  return async ({ vectors: { rows, firstRow } }, said) => {
    const question = await embed(turns === 'all' ? said.join(' ') : (said.at(-1) ?? ''))
    const products = dotProducts(question, rows)
    const scores = Array.from({ length: firstRow.length - 1 }, (_, passage) => {
      const own = products.subarray(firstRow[passage], firstRow[passage + 1])
      if (by === 'nearest') return Math.max(...own)
      if (by === 'lead') return own[0] ?? 0
      return own.reduce((sum, one) => sum + one, 0) / own.length
    })
    return topOf(scores)
  }
}

/** The best of `settings` by recall@5 on `questions`, and how it did. */
export async function bestOf<S>(
  settings: readonly S[],
  toRanker: (settings: S) => Ranker,
  sets: readonly Prepared[],
  questions: readonly BenchQuestion[]
): Promise<{ readonly settings: S; readonly recall5: number }> {
  let best: { settings: S; recall5: number } | undefined
  for (const one of settings) {
    const rank = toRanker(one)
    let found = 0
    for (const question of questions) {
      const prepared = sets.find(({ set }) => set.name === question.datanet) as Prepared
      found += Number(
        isFound(prepared, question, (await rank(prepared, question.turns)).slice(0, 5))
      )
    }
    const recall5 = found / questions.length
    if (best === undefined || recall5 > best.recall5) best = { settings: one, recall5 }
  }
  return best as { settings: S; recall5: number }
}

/** Whether one of the passages answers. */
export function isFound(
  { corpus }: Prepared,
  { gold }: BenchQuestion,
  passages: readonly number[]
): boolean {
  return passages.some((passage) => gold.includes(corpus.passages[passage]?.contribution ?? ''))
}

function countsOf(prepared: Prepared): Counted {
  const known = counted.get(prepared)
  if (known !== undefined) return known
  const df = new Map<string, number>()
  const counts = prepared.corpus.passages.map(({ title, text }) => {
    const count = new Map<string, { title: number; text: number }>()
    for (const [place, part] of [title, text].entries()) {
      for (const term of termsOf(part)) {
        const held = count.get(term) ?? { title: 0, text: 0 }
        held[place === 0 ? 'title' : 'text']++
        count.set(term, held)
      }
    }
    for (const term of count.keys()) df.set(term, (df.get(term) ?? 0) + 1)
    return count
  })
  counted.set(prepared, { counts, df })
  return { counts, df }
}

function topOf(scores: readonly number[]): readonly number[] {
  return [...scores.keys()]
    .filter((index) => (scores[index] as number) > 0)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .slice(0, 50)
}
