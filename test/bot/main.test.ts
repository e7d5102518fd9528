import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PeerStatus } from '../../peer/api/peer-api.ts'
import { servePeerApi } from '../../peer/api/server.ts'
import { lockDataDir } from '../../peer/daemon-lock.ts'
import { createFakecord } from '../fixtures/fakecord/fakecord.ts'
import { textOf } from '../fixtures/fakecord/render.ts'
import { done, scriptedPeer, started } from './scripted-peer.ts'

const root = join(import.meta.dirname, '../..')
const TOKEN = 'the-bots-token-at-the-peer'

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<number>
  said(): string
}

/** A folder that goes with the test. */
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bot-main-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The bot as `npm run bot` starts it. */
function run(env: Readonly<Record<string, string>>): Run {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['bot/main.ts'], {
    cwd: root,
    env: { PATH, HOME, DISCORD_DATA_DIR: folder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (text += part))
  const ended = once(child, 'close').then(([code]) => Number(code))
  return { child, ended, said: () => text }
}

test('without a token it says how to get one, and fails', async () => {
  const { ended, said } = run({})
  expect(await ended).toBe(1)
  const lines = said().trim().split('\n')
  expect(lines.length).toBeLessThanOrEqual(7)
  for (const word of [
    'DISCORD_TOKEN',
    'applications',
    'Reset Token',
    'oauth2',
    'npm run bot:try'
  ]) {
    expect(said()).toContain(word)
  }
})

test('half a peer is a mistake of the configuration', async () => {
  const { ended, said } = run({ DISCORD_TOKEN: 'x', DATANET_PEER_URL: 'http://127.0.0.1:1' })
  expect(await ended).toBe(1)
  expect(said()).toMatch(/CONFIG_INVALID.*DATANET_PEER_TOKEN is missing/)
  expect(said()).not.toMatch(/\n\s+at /)
})

test('where another peer holds the data directory it says the two ways out', async () => {
  const dataDir = folder()
  const lock = lockDataDir(dataDir)
  onTestFinished(() => lock.release())
  const { ended, said } = run({ DISCORD_TOKEN: 'x', DATANET_DATA_DIR: dataDir })
  expect(await ended).toBe(1)
  expect(said()).toContain(`another daemon runs on ${dataDir}`)
  for (const way of ['DATANET_PEER_URL', 'DATANET_PEER_TOKEN', 'DATANET_DATA_DIR=my-bot']) {
    expect(said()).toContain(way)
  }
})

test('with a token and a remote peer it answers, and stops when it is told to', async () => {
  const api = scriptedPeer(async function* () {
    yield started
    yield done()
  })
  const status = async (): Promise<PeerStatus> => ({
    peerId: 'p',
    addresses: [],
    connectedPeers: 0,
    health: { isWell: true, reasons: [] },
    openStreams: 0,
    account: '0x',
    roles: [],
    autoPublish: false,
    signer: 'native',
    keystore: 'plain',
    version: '1'
  })
  const server = await servePeerApi({
    api: { ...api, status },
    tokens: [{ token: TOKEN, spendWei: 10n }],
    maxCallWei: 10n
  })
  const discord = await createFakecord()
  onTestFinished(async () => {
    await discord.stop()
    await server.stop()
  })
  const remote = { DATANET_PEER_URL: server.url, DATANET_PEER_TOKEN: TOKEN }
  const wrong = run({ ...remote, DISCORD_TOKEN: `${discord.token}x`, DISCORD_API: discord.api })
  const right = run({ ...remote, DISCORD_TOKEN: discord.token, DISCORD_API: discord.api })
  await discord.until(() => discord.commands.length > 0 || undefined)
  await expect.poll(() => right.said()).toMatch(/datanet is at Discord/)
  const message = await discord.member('ann').slash('ask', { question: 'What?' }).shown()
  await discord.until(() => /INTERNAL|receipt/.test(textOf(message)) || undefined)
  right.child.kill('SIGTERM')
  expect(await right.ended).toBe(0)
  expect(right.said()).not.toContain(discord.token)
  expect(right.said()).not.toContain(TOKEN)

  expect(await wrong.ended).toBe(1)
  expect(wrong.said()).toMatch(/Discord does not accept DISCORD_TOKEN/)
  expect(wrong.said()).not.toContain(discord.token)
})
