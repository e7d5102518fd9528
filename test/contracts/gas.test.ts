import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { measureGas } from '../bench/contracts-gas.ts'

/** What an operation may cost at most; the rest is held to what it was when it was last written down. */
const CEILINGS = {
  'open by allowance': 75_000,
  'anchor without its approvals': 35_000,
  'open in coins': 75_000,
  'open from the vault, later': 75_000,
  'claim 100 rows of a group, a row': 18_000,
  'post drop, first': 70_000,
  'post drop': 70_000,
  'post drop, which makes the last one final': 70_000,
  'claim a share alone': 62_000,
  'claim shares by 20, each': 30_000
}

test('every operation costs the gas that is written down, and no more than it may', async () => {
  const file = new URL('../bench/results/contracts-gas.json', import.meta.url)
  const { figures } = JSON.parse(readFileSync(file, 'utf8'))
  // After a change on purpose: node test/bench/contracts-gas.ts --write
  expect(await measureGas()).toEqual(figures)
  for (const [what, ceiling] of Object.entries(CEILINGS)) {
    expect([what, figures[what]]).toEqual([what, expect.any(Number)])
    expect([what, figures[what] <= ceiling]).toEqual([what, true])
  }
})
