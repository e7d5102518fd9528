import { createFind } from '../../../peer/engines/retrieval/finding.ts'
import type { BenchSet } from '../models/types.ts'
import { answerable, createWorld, shareOf } from './worlds.ts'

const { signal } = new AbortController()
const MOST = 60
const COMPARED = 8

/** Of answers, what those have of them that the questions were drawn from; and by dividing equally. */
export async function measureGold(set: BenchSet, half: 'tune' | 'test') {
  const world = await createWorld(set.passages)
  const find = createFind({ corpus: world.corpus })
  const sums = { answered: 0, gold: 0, first: 0, found: 0 }
  for (const question of answerable(set, half).slice(0, MOST)) {
    const answer = await world.ask(question)
    if (answer === undefined) continue
    const { hits } = await find(question.turns, { signal })
    const near = hits
      .slice(0, COMPARED)
      .map(({ passage }) => world.corpus.passages[passage]?.contribution ?? '')
    // What the model should have answered from is another question (bench:models).
    if (!question.gold.includes(near[0] ?? '')) continue
    const gold = new Set(question.gold)
    const [first] = [...answer.shares].sort(([, a], [, b]) => b - a)
    sums.answered += 1
    sums.gold += shareOf(answer, gold)
    sums.first += Number(gold.has(first?.[0] ?? ''))
    sums.found += near.filter((id) => gold.has(id)).length / near.length
  }
  return sums
}
