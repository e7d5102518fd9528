import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runSolidity } from './solidity-runner.ts'

const solidity = join(import.meta.dirname, 'solidity')
const interfaces = join(import.meta.dirname, '../../protocol/contracts/interfaces')
const files = readdirSync(solidity).filter((file) => file.startsWith('Refused'))
const sources = files.map((file) => readFileSync(join(solidity, file), 'utf8')).join('\n')

test('the contracts refuse what they should, and nothing beside it', async () => {
  const names = [...sources.matchAll(/function (test_\w+)/g)].map(([, name]) => name)
  const stdout = await runSolidity(files)
  expect(stdout).toContain(`${names.length} passing`)
  expect(names.length).toBeGreaterThan(60)
  // The first time Hardhat compiles them.
}, 120_000)

test('every refusal that the contracts have a name for is among them', () => {
  const contracts = [
    'IBountyEscrow',
    'IChannelEscrow',
    'IRewardPool',
    'IProviderBond',
    'IDatanetRegistry'
  ]
  for (const name of contracts) {
    const source = readFileSync(join(interfaces, `${name}.sol`), 'utf8')
    const refusals = [...source.matchAll(/^ {4}error (\w+)\(/gm)].map(
      ([, error]) => `${name}.${error}.selector`
    )
    const [, reasons = ''] = /enum SkipReason \{([^}]*)\}/.exec(source) ?? []
    const skips = reasons.split(',').flatMap((reason) => {
      return reason.trim() === '' ? [] : [`${name}.SkipReason.${reason.trim()}`]
    })
    expect(refusals).not.toEqual([])
    expect([...refusals, ...skips].filter((one) => !sources.includes(one))).toEqual([])
  }
})
