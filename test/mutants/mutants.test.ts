import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONTRACT_MUTANTS } from './contracts.ts'
import { PEER_MUTANTS } from './peers.ts'
import { REVIEW_MUTANTS } from './reviews.ts'
import { RULE_MUTANTS } from './rules.ts'

/** What `npm run test:mutants` tries, looked at without trying it. */
const ALL = [...CONTRACT_MUTANTS, ...RULE_MUTANTS, ...PEER_MUTANTS, ...REVIEW_MUTANTS]
const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

test('there are enough of them, each by a name of its own', () => {
  expect(ALL.length).toBeGreaterThanOrEqual(40)
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length)
})

test.each(ALL)(
  '$name still applies, once, and its tests are there',
  ({ file, find, ...mutant }) => {
    expect(read(file).split(find)).toHaveLength(2)
    expect(mutant.replace).not.toBe(find)
    expect(mutant.tests.length).toBeGreaterThan(0)
    for (const one of mutant.tests) {
      const source = read(one)
      if (mutant.only !== undefined) expect(source).toContain(mutant.only)
    }
  }
)
