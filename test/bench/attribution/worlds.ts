import { createGround } from '../../../peer/engines/attribution/ground.ts'
import type { Engine, EnginePassage } from '../../../peer/engines/engine.ts'
import type { Corpus } from '../../../peer/engines/retrieval/corpus.ts'
import { createRetrievalEngine } from '../../../peer/engines/retrieval/retrieval-engine.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../peer/engines/retrieval/retrieval-index.ts'
import { sharesOf } from '../../../protocol/receipt/attribution.ts'
import { askEngine } from '../models/answer-quality.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from '../models/types.ts'

/** A Datanet with a model that answers and says whose its answers are. */
export interface World {
  readonly corpus: Corpus
  readonly engine: Engine
  ask(question: BenchQuestion): Promise<WorldAnswer | undefined>
}

/** An answer, and what each contribution has of it, as a part of 1. */
export interface WorldAnswer {
  readonly text: string
  readonly shares: ReadonlyMap<string, number>
}

const { signal } = new AbortController()

/** Passages as they were taken in, one after another. */
export function registered(passages: readonly BenchPassage[]): readonly EnginePassage[] {
  return passages.map(({ id, title, text }, index) => ({
    ...{ contribution: id, contributor: `0x${(index + 1).toString(16).padStart(40, '0')}` },
    ...{ title, text, order: index + 1 }
  }))
}

/** The embedded engine over `passages`, by words alone: attribution does not see how it searches. */
export async function createWorld(passages: readonly BenchPassage[]): Promise<World> {
  const all = registered(passages)
  const index = loadRetrievalIndex(await buildRetrievalIndex(all, { signal, embedder: false }), all)
  const ground = createGround(index.corpus)
  const engine = createRetrievalEngine({ index, ground }, { datanet: 'bench' })
  return {
    corpus: index.corpus,
    engine,
    async ask(question) {
      const { text, outcome } = await askEngine(engine, question)
      if (outcome === 'abstained') return undefined
      const shares = new Map<string, number>()
      for (const { contribution = '', ppm } of sharesOf(ground.attribute(text))) {
        shares.set(contribution, (shares.get(contribution) ?? 0) + ppm / 1_000_000)
      }
      return { text, shares }
    }
  }
}

/** Single questions of one half that passages of the set answer, none made by swapping synonyms. */
export function answerable(set: BenchSet, half: 'tune' | 'test'): readonly BenchQuestion[] {
  return set.questions.filter(
    (one) =>
      one.half === half && one.turns.length === 1 && one.gold.length > 0 && one.kind !== 'reworded'
  )
}

/** What `ids` have of an answer together. */
export function shareOf(answer: WorldAnswer | undefined, ids: Iterable<string>): number {
  let sum = 0
  for (const id of ids) sum += answer?.shares.get(id) ?? 0
  return sum
}
