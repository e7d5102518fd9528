import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../peer/config.ts'
import { startDaemon } from '../../peer/daemon.ts'
import { lockDataDir } from '../../peer/daemon-lock.ts'
import { writeNetwork } from '../../peer/devnet/network.ts'
import type { Finding } from '../../peer/doctor/finding.ts'
import { checkDataDir, checkDisk, checkNode } from '../../peer/doctor/machine.ts'
import { checkClock } from '../../peer/doctor/outside.ts'
import { diagnose } from '../../peer/doctor.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { openWallet } from '../../peer/wallet/wallet.ts'
import { testFolder } from '../fixtures/network.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world?.stop())

async function findings(
  flags: Record<string, unknown>,
  init: Parameters<typeof diagnose>[1] = {}
): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>()
  for await (const one of diagnose({ env: {}, flags }, init)) found.set(one.check, one)
  return found
}

function marksOf(found: Map<string, Finding>): Record<string, string> {
  return Object.fromEntries([...found].map(([check, { mark }]) => [check, mark]))
}

/** Flags of a peer on the world's chain, in a folder of its own. */
function flagsOf(
  given: Record<string, unknown> = {}
): Record<string, unknown> & { dataDir: string } {
  const { bootstrap, rpcUrl, contracts } = world.network
  return { dataDir: testFolder(), bootstrap, rpcUrl, contracts, ...given }
}

async function takenPort(): Promise<{ port: number; close(): void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

test('where nothing is wrong, every check says so, without a daemon and beside one', async () => {
  const flags = flagsOf()
  const before = await findings(flags)
  expect(marksOf(before)).toEqual({
    ...{ node: 'ok', config: 'ok', data: 'ok', disk: expect.stringMatching(/ok|warn/) },
    ...{ daemon: 'ok', ports: 'ok', keys: 'ok', chain: 'ok', clock: 'ok', bootstrap: 'ok' }
  })
  const { port, close } = await takenPort()
  close()
  const config = { ...flags, apiPort: port }
  const daemon = await startDaemon(
    loadConfig({ env: {}, flags: { ...config, logLevel: 'silent' } })
  )
  try {
    await world.fund(daemon.peer.account)
    const beside = await findings(config)
    expect(beside.get('daemon')?.text).toContain(`process ${process.pid} at ${daemon.url}`)
    expect(beside.get('ports')).toMatchObject({
      mark: 'ok',
      text: `apiPort ${port}: of the running peer`
    })
    expect(beside.get('account')).toMatchObject({
      mark: 'ok',
      text: expect.stringContaining('100 DNC')
    })
    expect([...beside.values()].filter(({ mark }) => mark === 'wrong')).toEqual([])
    const untold = await findings({ dataDir: flags.dataDir })
    expect(untold.get('chain')?.text).toContain('31337, of the running peer')
  } finally {
    await daemon.stop()
  }
})

test('a Node that is too old is named', () => {
  expect(checkNode('20.19.0')).toMatchObject({ mark: 'wrong', text: expect.stringContaining('24') })
  expect(checkNode('v24.0.0').mark).toBe('ok')
})

test('a configuration that cannot be read ends the list', async () => {
  const dataDir = testFolder()
  writeFileSync(join(dataDir, 'config.json'), '{"apiprot": 1}')
  const found = await findings({ dataDir })
  expect([...found.keys()]).toEqual(['node', 'config'])
  expect(found.get('config')).toMatchObject({
    mark: 'wrong',
    text: expect.stringContaining('there is no key apiprot')
  })
  const loose = join(dataDir, 'passphrase')
  writeFileSync(loose, 'correct horse', { mode: 0o644 })
  writeFileSync(join(dataDir, 'config.json'), '{}')
  const open = await findings({ dataDir, keyPassphraseFile: loose })
  expect(open.get('config')).toMatchObject({
    mark: 'wrong',
    text: expect.stringContaining('chmod')
  })
})

test('a data directory that cannot be one, or that others can read, is named', () => {
  const dir = testFolder()
  const file = join(dir, 'file')
  writeFileSync(file, '')
  expect(checkDataDir(file)).toMatchObject({ mark: 'wrong', text: `${file} is no folder` })
  expect(checkDataDir('/proc/datanet')).toMatchObject({ mark: 'wrong' })
  expect(checkDataDir(join(dir, 'new')).mark).toBe('ok')
  chmodSync(dir, 0o755)
  expect(checkDataDir(dir)).toMatchObject({ mark: 'warn', todo: `chmod 700 ${dir}` })
  const keys = join(dir, 'peer.db')
  writeFileSync(keys, '')
  chmodSync(keys, 0o644)
  expect(checkDataDir(dir)).toMatchObject({ mark: 'wrong', todo: `chmod 600 ${keys}` })
  chmodSync(keys, 0o600)
  chmodSync(dir, 0o700)
  const config = join(dir, 'config.json')
  writeFileSync(config, '{"apiPort": 1}', { mode: 0o644 })
  expect(checkDataDir(dir).mark).toBe('ok')
  writeFileSync(config, '{"gatewayToken": "a secret"}')
  expect(checkDataDir(dir)).toMatchObject({ mark: 'wrong', todo: `chmod 600 ${config}` })
})

test('a disk without room is named', () => {
  // A file system of this machine that never has any.
  expect(checkDisk('/proc')).toMatchObject({ mark: 'wrong', text: '0.0 GB free below /proc' })
})

test('a daemon that was killed, and one that does not answer, are told apart', async () => {
  const dataDir = testFolder()
  const left = { url: 'http://127.0.0.1:1', token: 'token', pid: process.pid }
  writeFileSync(join(dataDir, 'api.json'), JSON.stringify(left), { mode: 0o600 })
  expect((await findings({ dataDir })).get('daemon')).toMatchObject({ mark: 'warn' })
  const lock = lockDataDir(dataDir)
  try {
    const { mark, text } = (await findings({ dataDir })).get('daemon') ?? {}
    expect(`${mark} ${text}`).toContain(`wrong process ${process.pid} holds`)
  } finally {
    lock.release()
  }
})

test('a port that another program has is named', async () => {
  const { port, close } = await takenPort()
  try {
    const dataDir = testFolder()
    const listen = `/ip4/127.0.0.1/tcp/${port}`
    for (const flags of [
      { apiPort: port },
      { gateway: true, gatewayPort: port },
      { chain: 'embedded', chainPort: port },
      { listen: [listen] }
    ]) {
      const { mark, text } = (await findings({ dataDir, ...flags })).get('ports') ?? {}
      expect(`${mark} ${text}`).toMatch(new RegExp(`^wrong \\w+ ${port}: taken`))
    }
    // A port of what is switched off is no matter.
    expect((await findings({ dataDir, gatewayPort: port })).get('ports')?.mark).toBe('ok')
  } finally {
    close()
  }
})

test('keys that are not encrypted, and a damaged database, are named', async () => {
  const dataDir = testFolder()
  const path = join(dataDir, 'peer.db')
  const db = openDatabase(path)
  const { own } = await openWallet(db)
  db.close()
  const plain = await findings(flagsOf({ dataDir }))
  expect(plain.get('keys')).toMatchObject({ mark: 'warn', todo: 'datanet account encrypt' })
  // An account without money can be known before its peer was started on this chain.
  expect(plain.get('account')).toMatchObject({
    mark: 'warn',
    text: expect.stringContaining(`${own.address} holds 0 DNC`)
  })
  const again = openDatabase(path)
  const cost = { N: 2 ** 10, r: 8, p: 1 }
  await openWallet(again, { passphrase: 'correct horse battery', cost })
  again.close()
  expect((await findings({ dataDir })).get('keys')).toMatchObject({ mark: 'ok' })
  writeFileSync(path, 'this is no database, however long it is made to be')
  expect((await findings({ dataDir })).get('keys')).toMatchObject({ mark: 'wrong' })
})

test('a chain that does not answer, is another, or lacks a contract is named', async () => {
  const { contracts } = world.network
  for (const [given, text] of [
    [{ rpcUrl: 'http://127.0.0.1:1' }, '127.0.0.1:1 does not answer as a chain'],
    [{ contracts: { ...contracts, chainId: 1n } }, 'serves chain 31337, not 1'],
    [{ contracts: { ...contracts, pool: `0x${'99'.repeat(20)}` } }, 'no contract as pool'],
    [{ contracts: undefined }, 'contracts is missing']
  ] as const) {
    const { mark, text: said } = (await findings(flagsOf(given))).get('chain') ?? {}
    expect(`${mark} ${said}`).toMatch(/^wrong/)
    expect(said).toContain(text)
  }
})

test('a clock that differs from the chain is named', async () => {
  const nowMs = Date.now()
  const behind = await findings(flagsOf(), { nowMs: nowMs - 3_600_000 })
  expect(behind.get('clock')).toMatchObject({
    mark: 'wrong',
    text: expect.stringContaining('60 minutes behind')
  })
  const ahead = { blockMs: nowMs - 3_600_000, nowMs }
  expect(checkClock({ ...ahead, isPublic: true })).toMatchObject({ mark: 'warn' })
  // A devnet makes no block while nobody needs one.
  expect(checkClock({ ...ahead, isPublic: false }).mark).toBe('ok')
})

test('peers to join by that do not answer are named, also one of several', async () => {
  const [own = ''] = world.network.bootstrap
  const gone = await world.node()
  const nobody = String(gone.node.getMultiaddrs()[0])
  await gone.node.stop()
  expect((await findings(flagsOf({ bootstrap: [nobody] }))).get('bootstrap')).toMatchObject({
    mark: 'wrong',
    text: `no answer from ${nobody}`
  })
  expect((await findings(flagsOf({ bootstrap: [own, nobody] }))).get('bootstrap')).toMatchObject({
    mark: 'warn'
  })
})

test('an embedded chain is looked at while its peer runs', async () => {
  const dataDir = testFolder()
  const flags = { dataDir, chain: 'embedded' }
  expect((await findings(flags)).get('chain')?.text).toContain('while the peer runs')
  mkdirSync(dataDir, { recursive: true })
  const config = loadConfig({ env: {}, flags: { ...flags, logLevel: 'silent' } })
  const daemon = await startDaemon(config)
  try {
    expect((await findings(flags)).get('chain')?.text).toMatch(/^31337 answers at/)
    const { contracts, bootstrap } = world.network
    const rpcUrl = 'http://127.0.0.1:1'
    writeNetwork(daemon.networkFile ?? '', { bootstrap, rpcUrl, contracts })
    expect((await findings(flags)).get('chain')?.mark).toBe('wrong')
  } finally {
    await daemon.stop()
  }
})
