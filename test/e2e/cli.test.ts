import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeNetwork } from '../../peer/devnet/network.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

const LAUNCH = join(import.meta.dirname, '..', '..', 'peer', 'faces', 'cli', 'launch.js')
const ROUND_MS = 120_000
const TOPIC = 'old crafts'

const folder = mkdtempSync(join(tmpdir(), 'cli-test-'))
const running = new Set<ChildProcess>()
let world: TestWorld

/** A home of their own: what a person has at home must not matter, nor be touched. */
function spawned(words: readonly string[], home = folder): ChildProcess {
  const child = spawn(process.execPath, [LAUNCH, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: home }
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Runs `datanet` to its end; refuses another exit code than the one expected. */
async function datanet(
  words: readonly string[],
  { code = 0, home = folder }: { code?: number; home?: string } = {}
): Promise<{ out: string; err: string }> {
  const child = spawned(words, home)
  const exit = once(child, 'exit')
  const [out, err] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream)
  ])
  const [found] = await exit
  if (found !== code) throw new Error(`${words.join(' ')} ended with ${found}: ${out}${err}`)
  return { out, err }
}

/** The lines of JSON that a command of the peer called `name` says. */
async function as(
  name: string,
  words: readonly string[],
  code = 0
): Promise<Array<Record<string, unknown>>> {
  const { out } = await datanet([...words, '--json', '--data-dir', join(folder, name)], { code })
  const lines = out.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}

interface Started {
  readonly child: ChildProcess
  readonly peerId: string
  readonly account: string
}

async function start(name: string): Promise<Started> {
  const network = join(folder, 'network.json')
  const dataDir = join(folder, name)
  const words = ['--network', network, '--data-dir', dataDir, '--json', '--log-level', 'error']
  const child = spawned(['peer', 'start', ...words])
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}`)
    })
  ])
  return { child, ...JSON.parse(String(line)) }
}

async function stop({ child }: Started): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGINT')
  expect(await exit).toEqual([0, null])
}

beforeAll(async () => {
  world = await createTestWorld()
  writeNetwork(join(folder, 'network.json'), { ...world.network, topic: TOPIC })
  for (const [index, { title, text: body }] of TEXTS.entries()) {
    const person = join(folder, index % 2 === 0 ? 'ann' : 'own')
    mkdirSync(person, { recursive: true })
    writeFileSync(join(person, `${index}.md`), `# ${title}\n\n${body}\n`)
  }
})

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await world?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('the command line', () => {
  test(
    'walks the whole loop over peers of three people, across a restart of each of them',
    async () => {
      let peers = await Promise.all(['host', 'agent'].map(start))
      const [host] = peers as [Started]

      const founding = ['datanet', 'create', '--name', 'Crafts', '--topic', TOPIC]
      const [crafts] = await as('host', founding)
      expect(crafts).toMatchObject({ intakeHost: host.peerId, licences: ['CC0-1.0'] })

      await as('agent', ['search', TOPIC, '--wait', '20'])
      await as('agent', ['account', 'create', 'ann'])
      for (const person of ['ann', 'own']) {
        const words = ['contribute', join(folder, person), '--datanet', 'crafts']
        const handed = await as('agent', [...words, '--account', person])
        expect(handed.map(({ status }) => status)).toEqual(handed.map(() => 'pending'))
      }
      const reviewed = await as('host', ['review', '--approve-all'])
      expect(reviewed).toHaveLength(TEXTS.length)
      const [revision] = await as('host', ['datanet', 'publish'])
      expect(revision).toMatchObject({ ordinal: 1, rows: TEXTS.length })

      await Promise.all(peers.map(stop))
      expect(existsSync(join(folder, 'agent', 'api.json'))).toBe(false)
      peers = await Promise.all(['host', 'provider', 'agent'].map(start))
      expect(peers[0]).toMatchObject({ peerId: host.peerId, account: host.account })

      await as('provider', ['search', TOPIC, '--wait', '20'])
      await as('provider', ['model', 'build', '--name', 'crafts'])
      const [offer] = await as('provider', ['model', 'serve', 'crafts', '--call', '0.02'])
      expect(offer).toMatchObject({ callWei: '20000000000000000' })

      const found = await as('agent', ['search', ...TOPIC.split(' '), '--wait', '20'])
      expect(found).toMatchObject([{ datanet: { name: 'Crafts' } }, { model: { name: 'crafts' } }])
      const question = 'How do I know that a sourdough starter is ripe for baking?'
      const { out } = await datanet(['ask', question, '--data-dir', join(folder, 'agent')])
      expect(out).toMatch(/doubles within six hours[\s\S]*\[1\] Sourdough starter\n/)
      const callId = /^receipt ([0-9a-f]{32})$/m.exec(out)?.[1] ?? ''
      const [receipt] = await as('agent', ['receipt', 'verify', callId])
      expect(receipt).toMatchObject({ isValid: true, outcome: 'answered' })
      expect(out).toContain(
        `0.${String(receipt?.priceWei).padStart(18, '0').replace(/0+$/, '')} DNC`
      )

      // The provider serves again what it served, and claims what it was promised before.
      const [, provider] = peers as [Started, Started]
      await stop(provider)
      peers[1] = await start('provider')
      expect(peers[1]).toMatchObject({ peerId: provider.peerId, account: provider.account })
      await as('agent', ['search', TOPIC, '--wait', '20'])
      const [again] = await as('agent', ['ask', question])
      expect(again).toMatchObject({ receipt: { seq: 1, channelId: receipt?.channelId } })
      const [posted] = await as('provider', ['reward', 'post'])
      // Nobody's are the royalties of what was paid ahead and not used, and of nothing else.
      const [channel] = await as('agent', ['channel', 'list'])
      const aheadWei = BigInt(`${channel?.authorisedWei}`) - BigInt(`${channel?.spentWei}`)
      expect(posted).toMatchObject({
        claim: { channels: 1 },
        drops: [{ unassignedWei: `${(aheadWei * 3n) / 10n}` }]
      })
      let claim: Record<string, unknown> | undefined
      await expect
        .poll(
          async () => {
            claim = (await as('agent', ['reward', 'claim', 'ann']))[0]
            return claim
          },
          { interval: 500, timeout: 20_000 }
        )
        .toMatchObject({ claimedWei: expect.stringMatching(/^[1-9]\d+$/) })
      const [balance] = await as('agent', ['account', 'balance', 'ann'])
      expect(balance?.balanceWei).toBe(claim?.claimedWei)

      const [agent, ...others] = [...peers].reverse() as [Started, ...Started[]]
      const gone = once(agent.child, 'exit')
      const [told] = await as('agent', ['peer', 'stop'])
      expect(told).toMatchObject({ pid: agent.child.pid })
      expect(await gone).toEqual([0, null])
      await as('agent', ['peer', 'stop'], 3)
      await Promise.all(others.map(stop))
    },
    ROUND_MS
  )

  test('without a peer it says in one line how to start one, and nothing else', async () => {
    const home = join(folder, 'nobody')
    mkdirSync(home)
    const { out, err } = await datanet(['peer', 'status'], { code: 3, home })
    expect(out).toBe('')
    expect(err).toMatch(/^PEER_UNREACHABLE: .*datanet peer start/)
    const stopped = await datanet(['peer', 'stop'], { code: 3, home })
    expect(stopped.err).toMatch(/^PEER_UNREACHABLE: .*datanet peer start/)
    const { out: help } = await datanet(['--help'], { home })
    expect(help.trimEnd().split('\n').length).toBeLessThanOrEqual(24)
  })
})
