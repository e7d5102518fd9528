import { sha256 } from '../../../protocol/base/codec.ts'
import { countriesSet } from './countries.ts'
import { featuresSet } from './features.ts'
import { speechesSet } from './speeches.ts'
import type { BenchSet } from './types.ts'
import { weaknessesSet } from './weaknesses.ts'
import { wordsSet } from './words.ts'

/** Every set, equal on every machine that has the same packages. */
export function benchSets(): readonly BenchSet[] {
  return [weaknessesSet(), featuresSet(), countriesSet(), wordsSet(), speechesSet()]
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
