import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Attack, CALL_ATTACKS, REWARD_ATTACKS } from './attacks.ts'
import { BOUNTY_ATTACKS } from './bounty-attacks.ts'
import { CHANNEL_ATTACKS } from './channel-attacks.ts'
import { RULES } from './rules.ts'

const ATTACKS = [...CHANNEL_ATTACKS, ...CALL_ATTACKS, ...REWARD_ATTACKS, ...BOUNTY_ATTACKS]
const ROOT = join(import.meta.dirname, '../..')
/** Made at the same time in another room; looked into as soon as they are here. */
const ELSEWHERE = ['test/peer/chain/watch.test.ts', 'test/peer/services/channel/claimer.test.ts']

/** The names of tests in a file: what stands behind test, also of each, and describe. */
function sentences(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  return [
    ...source.matchAll(
      /^\s*(?:\}?\]?\)|test)[^\n]*?\(\s*(?:'([^\n]*?)'|"([^\n]*?)"|`([^\n]*?)`),/gm
    )
  ].map(([, single, double, back]) => single ?? double ?? back ?? '')
}

test('every attack is another one, and there are enough', () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(30)
  expect(new Set(ATTACKS.map(({ attack }) => attack)).size).toBe(ATTACKS.length)
})

test.each(ATTACKS)('$attack: tested', ({ tests }) => demandNamed(tests))

test.each(RULES)('$rule: tested', ({ tests }) => demandNamed(tests))

function demandNamed(tests: Attack['tests']): void {
  expect(tests.length).toBeGreaterThan(0)
  for (const [file, sentence] of tests) {
    if (ELSEWHERE.includes(file) && !existsSync(join(ROOT, file))) continue
    const found = sentences(file).filter((name) => name.includes(sentence))
    expect(found, `${file}: ${sentence}`).not.toEqual([])
  }
}

test('sentences are those of tests, and not whatever stands in a file', () => {
  const own = sentences('test/adversary/attacks.test.ts')
  expect(own).toContain('$attack: tested')
  expect(own.length).toBe(4)
  expect(sentences('test/adversary/chain.test.ts').length).toBe(10)
})
