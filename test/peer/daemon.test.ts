import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectPeer } from '../../peer/api/client.ts'
import { DAEMON_FILE, readDaemonFile } from '../../peer/api/daemon-file.ts'
import { type Config, loadConfig } from '../../peer/config.ts'
import { type Daemon, startDaemon } from '../../peer/daemon.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'

let world: TestWorld
let dir: string
const open: Daemon[] = []

beforeAll(async () => {
  world = await createTestWorld()
  dir = mkdtempSync(join(tmpdir(), 'datanet-daemon-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((daemon) => daemon.stop()))
})
afterAll(async () => {
  await world?.stop()
  rmSync(dir, { recursive: true, force: true })
})

function configOf(name: string, flags: Record<string, unknown> = {}): Config {
  const { bootstrap, rpcUrl, contracts } = world.network
  const given = { dataDir: join(dir, name), bootstrap, rpcUrl, contracts, logLevel: 'debug' }
  return loadConfig({ env: {}, flags: { ...given, ...flags } })
}

async function start(name: string, flags: Record<string, unknown> = {}) {
  const lines: string[] = []
  const config = configOf(name, flags)
  const daemon = await startDaemon(config, { logTo: { write: (line) => lines.push(line) } })
  open.push(daemon)
  return { daemon, config, lines, api: connectPeer(readDaemonFile(config.dataDir)) }
}

const codeOf = (starting: Promise<unknown>) =>
  starting.then(
    () => 'OK',
    ({ code }) => code
  )

test('a daemon is found by its file, which only its owner can read, and leaves none behind', async () => {
  const { daemon, config, api } = await start('found')
  const file = join(config.dataDir, DAEMON_FILE)
  for (const secret of [file, join(config.dataDir, 'daemon.lock')]) {
    expect(statSync(secret).mode & 0o777).toBe(0o600)
  }
  expect(readDaemonFile(config.dataDir)).toEqual({
    url: daemon.url,
    token: daemon.token,
    pid: process.pid
  })
  expect(await api.status()).toEqual(await daemon.peer.api.status())
  const startedMs = performance.now()
  await daemon.stop()
  expect(performance.now() - startedMs).toBeLessThan(5_000)
  await daemon.stop()
  expect(() => readDaemonFile(config.dataDir)).toThrow(/no peer runs/)
  expect(await codeOf(api.status())).toBe('PEER_UNREACHABLE')
})

test('what a daemon keeps is there again at its next start, under another token', async () => {
  const first = await start('again')
  const account = await first.api.accounts.create('ann')
  const { peerId } = await first.api.status()
  await first.daemon.stop()
  const second = await start('again')
  expect(await second.api.accounts.list()).toContainEqual(account)
  expect((await second.api.status()).peerId).toBe(peerId)
  expect(second.daemon.token).not.toBe(first.daemon.token)
  const stale = connectPeer({ url: second.daemon.url, token: first.daemon.token })
  expect(await codeOf(stale.status())).toBe('UNAUTHORIZED')
})

test('a second daemon on one directory is refused and does the first no harm', async () => {
  const { daemon, config, api } = await start('one')
  await expect(startDaemon(config)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: { dataDir: config.dataDir, running: true },
    message: expect.stringContaining('another daemon runs')
  })
  expect(readDaemonFile(config.dataDir).url).toBe(daemon.url)
  expect((await api.status()).peerId).toBe(daemon.peer.peerId)
})

test('the file of a daemon that was killed blocks nobody, whoever has its pid now', async () => {
  const { daemon, config } = await start('killed')
  const left = readFileSync(join(config.dataDir, DAEMON_FILE))
  await daemon.stop()
  // This process itself has that pid, and nothing answers at that URL.
  writeFileSync(join(config.dataDir, DAEMON_FILE), left)
  const { api } = await start('killed')
  expect((await api.status()).peerId).toBe(daemon.peer.peerId)
})

test('a data directory that cannot be one is the operator’s to mend', async () => {
  const file = join(configOf('no-folder').dataDir, '..', 'no-folder.txt')
  writeFileSync(file, '')
  for (const dataDir of [file, join(file, 'below')]) {
    const config = { ...configOf('no-folder'), dataDir }
    expect(await codeOf(startDaemon(config))).toBe('CONFIG_INVALID')
  }
})

test('a daemon whose data directory is deleted ends itself and says why', async () => {
  const lines: string[] = []
  const config = configOf('deleted')
  const logTo = { write: (line: string) => lines.push(line) }
  const daemon = await startDaemon(config, { logTo, lookMs: 20 })
  open.push(daemon)
  rmSync(config.dataDir, { recursive: true })
  expect(await daemon.lost).toMatchObject({ code: 'STORE_FAILED' })
  await daemon.stop()
  await expect(fetch(`${daemon.url}/healthz`)).rejects.toThrow()
  expect(lines.join('')).toContain('"code":"STORE_FAILED"')
})

test('a start that fails frees its directory', async () => {
  const { rpcUrl } = world.network
  const broken = configOf('broken', { rpcUrl: 'http://127.0.0.1:1' })
  expect(await codeOf(startDaemon(broken))).toBe('CHAIN_UNREACHABLE')
  expect(() => readDaemonFile(broken.dataDir)).toThrow()
  const taken = new URL(rpcUrl).port
  for (const port of [{ apiPort: taken }, { gateway: true, gatewayPort: taken }]) {
    expect(await codeOf(startDaemon(configOf('broken', port)))).toBe('CONFIG_INVALID')
  }
  const { api } = await start('broken')
  expect(await codeOf(api.status())).toBe('OK')
})

test('a daemon without a chain is up, and told how to get one where it needs it', async () => {
  const none = { rpcUrl: undefined, contracts: undefined }
  const { api, config, daemon } = await start('chainless', none)
  expect(daemon.networkFile).toBeUndefined()
  expect(config.rpcUrl).toBeUndefined()
  const { account, connectedPeers } = await api.status()
  expect(connectedPeers).toBe(1)
  await expect(api.accounts.balance(account)).rejects.toMatchObject({
    code: 'CHAIN_MISSING',
    message: expect.stringContaining('--network')
  })
  const half = configOf('half', { contracts: undefined })
  expect(await codeOf(startDaemon(half))).toBe('CONFIG_INVALID')
})

test('a daemon takes the roles of its configuration', async () => {
  const { api } = await start('roles', { roles: 'host,consumer' })
  expect((await api.status()).roles).toEqual(['host', 'consumer'])
  expect(await codeOf(api.models.adopt('any'))).toBe('ROLE_OFF')
})

test('metrics count calls by method and code, for a token alone', async () => {
  const { daemon, api } = await start('metrics')
  await api.accounts.list()
  expect(await codeOf(api.datanets.show('nothing'))).toBe('DATANET_UNKNOWN')
  const headers = { authorization: `Bearer ${daemon.token}` }
  const response = await fetch(`${daemon.url}/metrics`, { headers })
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('text/plain')
  expect(text).toContain('datanet_api_calls_total{method="accounts/list",code="OK"} 1')
  expect(text).toContain('datanet_api_calls_total{method="datanets/show",code="DATANET_UNKNOWN"} 1')
  expect(text).toMatch(/datanet_connected_peers [1-9]/)
  expect((await fetch(`${daemon.url}/metrics`)).status).toBe(401)
})

// API-W2
test('the log says what was called and never what was asked', async () => {
  const { daemon, api, lines } = await start('log', {
    tokens: [{ token: 'the-bots-token', label: 'bot' }]
  })
  const messages = [{ role: 'user' as const, content: 'my-secret-question' }]
  const bot = connectPeer({ url: daemon.url, token: 'the-bots-token' })
  expect(
    await codeOf(bot.models.ask({ model: 'm', messages })[Symbol.asyncIterator]().next())
  ).toBe('MODEL_UNKNOWN')
  await api.accounts.create('my-secret-label')
  await daemon.stop()
  const log = lines.join('')
  const said = lines.map((line) => JSON.parse(line))
  expect(said).toContainEqual(
    expect.objectContaining({
      method: 'models/ask',
      code: 'MODEL_UNKNOWN',
      by: 'bot',
      level: 'debug'
    })
  )
  expect(said.at(-1)).toMatchObject({ scope: 'daemon', msg: 'down', inTime: true })
  for (const secret of ['my-secret', daemon.token, 'the-bots-token']) {
    expect(log).not.toContain(secret)
  }
})

test('the gateway opens with it when it is on', async () => {
  const { daemon, config } = await start('gateway', { gateway: true, gatewayToken: 'agents-token' })
  expect(readDaemonFile(config.dataDir).gateway).toEqual(daemon.gateway)
  const headers = { authorization: 'Bearer agents-token' }
  expect((await fetch(`${daemon.gateway?.url}/models`, { headers })).status).toBe(200)
  await daemon.stop()
  await expect(fetch(`${daemon.gateway?.url}/models`, { headers })).rejects.toThrow()
})
