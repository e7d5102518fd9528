import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const LAUNCH = join(import.meta.dirname, '..', '..', 'peer', 'faces', 'cli', 'launch.js')
const home = mkdtempSync(join(tmpdir(), 'first-use-'))
const notes = join(home, 'notes')
const NOTES = {
  'bees.md':
    '# Swarming bees\n\nA bee colony prepares to swarm when queen cells appear along the lower edge ' +
    'of the combs. Giving it more room in April prevents it.\n',
  'chair.txt':
    'A loose chair joint is mended with hide glue after the old glue was scraped off. ' +
    'It is clamped for a day before the chair is used again.\n',
  'sourdough.md':
    '# Sourdough starter\n\nA sourdough starter is ripe for baking when it doubles within six hours ' +
    'after feeding. It is fed with equal weights of flour and water.\n'
}

afterAll(() => {
  for (const dir of ['.datanet', 'killed'].map((name) => join(home, name))) {
    if (existsSync(join(dir, 'api.json'))) datanet('peer', 'stop', '--data-dir', dir)
  }
  rmSync(home, { recursive: true, force: true })
})

/** Runs `datanet` as a person does, in a home where nothing is yet. */
function datanet(...words: string[]): { out: string; err: string; code: number | null } {
  const run = spawnSync(process.execPath, [LAUNCH, ...words], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home },
    encoding: 'utf8',
    timeout: 60_000
  })
  return { out: run.stdout, err: run.stderr, code: run.status }
}

function json(...words: string[]): Array<Record<string, unknown>> {
  const { out } = datanet(...words, '--json')
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

function write(files: Readonly<Record<string, string>>): void {
  mkdirSync(notes, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(notes, name), text)
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) || spawnSync('kill', ['-0', `${pid}`]).status === 0
}

test('three commands lead from a folder of files to a paid answer', () => {
  write(NOTES)
  const init = datanet('init')
  expect(init).toMatchObject({ code: 0, err: '' })
  expect(init.out).toContain('npx datanet contribute ./folder')
  const config = join(home, '.datanet', 'config.json')
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({ chain: 'embedded', autoPublish: true })

  const contribute = datanet('contribute', './notes')
  expect(contribute).toMatchObject({ code: 0, err: '' })
  expect(contribute.out).toMatch(/took 3 of 3[\s\S]*^published +revision 1 with 3 texts/m)
  expect(contribute.out).toMatch(/^serving +it at 0\.01 DNC a call/m)

  const ask = datanet('ask', 'When is a sourdough starter ripe for baking?')
  expect(ask).toMatchObject({ code: 0, err: '' })
  expect(ask.out).toMatch(/doubles within six hours[\s\S]*\[1\] Sourdough starter\n/)
  expect(ask.out).toMatch(/^answered by my-notes-answers for 0\.01\d* DNC/m)
  expect(ask.out).toMatch(/^credited 100 % to own, 0x/m)
  for (const { out } of [init, contribute, ask]) {
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  }
  const callId = /^receipt ([0-9a-f]{32})$/m.exec(ask.out)?.[1] ?? ''
  expect(json('receipt', 'verify', callId)).toMatchObject([
    { isValid: true, outcome: 'answered', priceWei: expect.stringMatching(/^1\d{16}$/) }
  ])
  const channels = json('channel', 'list')
  expect(channels.map(({ side }) => side)).toEqual(['payer', 'provider'])
  expect(channels[0]).toMatchObject({ state: 'open', receipts: 1 })
}, 60_000)

test('more files make the next revision, whose model is served instead of the one before', () => {
  const [{ model: before } = { model: {} }] = json('model', 'list')
  write({ 'ink.md': '# Oak gall ink\n\nOak gall ink darkens on the paper within a day.\n' })
  const handed = datanet('contribute', './notes', '--no-publish')
  expect(handed.out).toMatch(/took 1 of 4; they wait for/)
  const [live] = json('contribute', './notes').filter((line) => 'live' in line)
  const { model } = before as { model: string }
  expect(live).toMatchObject({
    live: { approved: 1, revision: { ordinal: 2, rows: 4 }, retired: [model] }
  })
  const offered = json('model', 'list').filter(({ offers }) => (offers as unknown[]).length > 0)
  expect(offered).toHaveLength(1)
  // And once more, with nothing new, it is as it was.
  const [again] = json('contribute', './notes').filter((line) => 'live' in line)
  expect(again).toMatchObject({ live: { approved: 0, revision: { ordinal: 2 }, retired: [] } })
}, 60_000)

test('a peer that is set up is not set up again, and stopping it leaves no process', () => {
  const [running] = json('init')
  expect(running).toMatchObject({ error: { code: 'ALREADY_SET_UP' } })
  const { pid } = JSON.parse(readFileSync(join(home, '.datanet', 'api.json'), 'utf8'))
  expect(isAlive(pid)).toBe(true)
  expect(datanet('peer', 'stop')).toMatchObject({ code: 0 })
  expect(isAlive(pid)).toBe(false)
  const lost = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  expect(lost).not.toContain(home)

  const stopped = datanet('ask', 'What does oak gall ink do on paper?')
  expect(stopped.code).toBe(3)
  expect(stopped.err).toMatch(/npx datanet peer start --background\n/)
  expect(datanet('peer', 'start', '--background')).toMatchObject({ code: 0 })
  expect(datanet('ask', 'What does oak gall ink do on paper?').out).toContain('darkens')
  expect(datanet('peer', 'stop').code).toBe(0)
  expect(readFileSync(join(home, '.datanet', 'peer.log'), 'utf8')).not.toMatch(/oak gall/i)
}, 60_000)

test('a set-up that fails leaves nothing of itself running, and can be tried again', () => {
  const dataDir = join(home, 'broken')
  const missing = join(home, 'nowhere.json')
  const refused = datanet('init', '--data-dir', dataDir, '--network', missing)
  expect(refused.err).toMatch(/^CONFIG_INVALID: .*nowhere\.json/)
  // Joins nobody: the network it is given has ended.
  const contracts = Object.fromEntries(
    ['registry', 'escrow', 'pool', 'bond', 'token'].map((name) => [name, `0x${'a1'.repeat(20)}`])
  )
  const network = { bootstrap: ['/ip4/127.0.0.1/tcp/9'], rpcUrl: 'http://127.0.0.1:9' }
  writeFileSync(missing, JSON.stringify({ ...network, contracts: { chainId: 1, ...contracts } }))
  const ended = datanet('init', '--data-dir', dataDir, '--network', missing)
  expect(ended).toMatchObject({ code: 3 })
  expect(ended.err).toMatch(/^CHAIN_UNREACHABLE/)
  expect(existsSync(join(dataDir, 'config.json'))).toBe(false)
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(dataDir)
}, 60_000)

test('a set-up that was killed half-way is begun again, and not while it goes on', () => {
  const dataDir = join(home, 'killed')
  const unfinished = join(dataDir, 'init.unfinished')
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'config.json'), '{"chain":"embedded","autoPublish":true}')
  writeFileSync(unfinished, `${process.pid}`)
  const other = datanet('init', '--data-dir', dataDir)
  expect(other.err).toMatch(/^CONFIG_INVALID: .*sets .* up/)
  // The pid of a process that is gone.
  writeFileSync(unfinished, `${spawnSync('true').pid}`)
  const again = datanet('init', '--data-dir', dataDir, '--name', 'Second try')
  expect(again).toMatchObject({ code: 0, err: '' })
  expect(existsSync(unfinished)).toBe(false)
  expect(json('datanet', 'list', '--data-dir', dataDir)).toMatchObject([{ name: 'Second try' }])
  expect(datanet('init', '--data-dir', dataDir).err).toMatch(
    /^ALREADY_SET_UP: .*set up here already/
  )
  expect(datanet('peer', 'stop', '--data-dir', dataDir).code).toBe(0)
}, 60_000)
