import { sha256 } from '../../../protocol/base/codec.ts'
import { countriesSet } from './countries.ts'
import { featuresSet } from './features.ts'
import { noteSets } from './notes.ts'
import { speechesSet } from './speeches.ts'
import type { BenchQuestion, BenchSet } from './types.ts'
import { weaknessesSet } from './weaknesses.ts'
import { wordsSet } from './words.ts'

/** Every set, equal on every machine that has the same packages. */
export function benchSets(): readonly BenchSet[] {
  return [weaknessesSet(), featuresSet(), countriesSet(), wordsSet(), speechesSet(), ...noteSets()]
}

/**
 * Questions of the other Datanets put to this one, some forty: nothing in it answers them. They are
 * no part of what was frozen, but follow from it.
 */
export function foreignTo(
  set: BenchSet,
  sets: readonly BenchSet[],
  half: 'tune' | 'test'
): readonly BenchQuestion[] {
  return sets
    .filter(({ name }) => name !== set.name)
    .flatMap(({ questions }) => {
      const asked = questions.filter((one) => one.half === half && one.turns.length === 1)
      const step = Math.max(1, Math.floor(asked.length / 10))
      return asked.filter((_, index) => index % step === 0).slice(0, 10)
    })
    .map(({ turns }) => ({ datanet: set.name, half, kind: 'foreign', turns, gold: [] }))
}

/** sha-256 of each set's passages and test half, hex: what was frozen before anything was tuned. */
export function hashesOf(sets: readonly BenchSet[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    sets.map(({ name, passages, questions }) => {
      const test = questions.filter(({ half }) => half === 'test')
      const bytes = Buffer.from(JSON.stringify([passages, test]))
      return [name, Buffer.from(sha256(bytes)).toString('hex')]
    })
  )
}
