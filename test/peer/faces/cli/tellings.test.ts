import { Command } from 'commander'
import { expect, test } from 'vitest'
import {
  type ChainDeployOptions,
  chainDeploy,
  demandToken,
  tellDeployed
} from '../../../../peer/faces/cli/chain.ts'
import { tellDiagnosis, tellFinding } from '../../../../peer/faces/cli/doctor.ts'
import { type Started, tellStart } from '../../../../peer/faces/cli/tell-start.ts'

const ADDRESS = `0x${'ab'.repeat(20)}`
const STARTED: Started = {
  peerId: '12D3KooWpeer',
  account: ADDRESS,
  addresses: ['/ip4/127.0.0.1/tcp/4001'],
  dataDir: '/home/ann/.datanet',
  url: 'http://127.0.0.1:4000',
  gateway: undefined,
  isAlone: false,
  chainId: 31_337,
  networkFile: undefined,
  isGiven: false,
  keystore: 'plain',
  pid: 1
}
const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

test('a peer without a chain is told what it can do, and the ways to get one', () => {
  const text = tellStart({ ...STARTED, chainId: undefined, isAlone: true }, 80)
  expect(text).toContain('none, which is the default: it asks free models only')
  for (const way of ['--bootstrap', '--network <file>', '--chain embedded', 'rpcUrl and contracts'])
    expect(text).toContain(way)
  expect(tellStart({ ...STARTED, chainId: undefined }, 80)).not.toContain('--bootstrap')
  expect(widest(text)).toBeLessThanOrEqual(90)
})

test('a peer is told what its money is, and with a chain of its own how others join', () => {
  expect(tellStart(STARTED, 80)).toContain('the account must be given gas and tokens')
  expect(tellStart({ ...STARTED, isGiven: true }, 80)).toContain('gas and play money')
  const own = tellStart({ ...STARTED, networkFile: '/home/ann b/network.json' }, 80)
  expect(own).toContain("--network '/home/ann b/network.json'")
  expect(own).not.toContain('--chain embedded')
})

test('a peer is told to ask for what its network is about, of the data directory it was given', () => {
  const next = { whose: ' --data-dir friend', topic: 'software security' }
  const devnet = tellStart(STARTED, 80, next)
  expect(devnet).toContain('npx datanet search "software security" --data-dir friend\n')
  expect(devnet).toContain('What is SQL injection?')
  for (const topic of ['old crafts', undefined]) {
    const other = tellStart(STARTED, 80, { topic })
    expect(other).toContain(`npx datanet search "${topic ?? '<topic>'}"\n`)
    expect(other).not.toContain('SQL')
  }
})

test('a finding is one line, and what to do about it another', () => {
  expect(tellFinding({ check: 'node', mark: 'ok', text: '26.10.0' }, 80)).toBe(
    'ok     node       26.10.0'
  )
  const long = { text: 'it is wrong '.repeat(12).trim(), todo: 'mend it' }
  const lines = tellFinding({ check: 'chain', mark: 'wrong', ...long }, 80).split('\n')
  expect(lines[0]).toMatch(/^wrong {2}chain {6}it is/)
  expect(lines.at(-1)).toBe(`${' '.repeat(18)}→ mend it`)
  expect(widest(lines.join('\n'))).toBeLessThanOrEqual(80)
  const ok = { check: 'a', mark: 'ok', text: '' } as const
  expect(tellDiagnosis([ok])).toBe('Nothing is wrong.')
  expect(tellDiagnosis([ok, { ...ok, mark: 'warn' }])).toContain('see the warnings')
  expect(tellDiagnosis([ok, { ...ok, mark: 'wrong' }])).toMatch(/^1 wrong/)
})

function parsed(words: readonly string[]): ChainDeployOptions {
  let given: ChainDeployOptions | undefined
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const deploy = chainDeploy(program.command('chain')).exitOverride()
  deploy.configureOutput({ writeErr: () => {} }).action((options) => {
    given = options
  })
  program.parse(['chain', 'deploy', ...words], { from: 'user' })
  return given as ChainDeployOptions
}

test('a deployment says which token, one of them', () => {
  const url = ['--rpc-url', 'http://127.0.0.1:8545']
  expect(parsed([...url, '--play-token'])).toMatchObject({ dropDelay: 86_400, out: 'network.json' })
  const upper = `0x${'AB'.repeat(20)}`
  expect(parsed([...url, '--token', upper]).token).toBe(ADDRESS)
  expect(() => demandToken(parsed(url))).toThrow(/--play-token/)
  for (const words of [
    [...url, '--token', upper, '--play-token'],
    [...url, '--token', '0x12'],
    [...url, '--play-token', '--drop-delay', '0'],
    ['--play-token']
  ]) {
    expect(() => parsed(words)).toThrow()
  }
})

test('a deployment is told with its addresses, its gas, and how a peer joins', () => {
  const done = {
    networkFile: '/srv/network.json',
    contracts: { pool: ADDRESS, token: ADDRESS },
    deployed: [{ contract: 'ChannelEscrow', address: ADDRESS, gasUsed: 2_932_201n }],
    gasUsed: 2_932_201n,
    spentWei: 10n ** 15n
  }
  const text = tellDeployed(done, 86_400, 80)
  expect(text).toMatch(/ChannelEscrow +0xabab.* 2932201\n/)
  expect(text).toContain('0.001 coins')
  expect(text).toContain('token          0xab')
  expect(text).toContain('npx datanet peer start --network /srv/network.json')
  expect(widest(text)).toBeLessThanOrEqual(85)
})
