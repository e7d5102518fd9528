// A client that was written from the specification alone, against peers of ours.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'

const CLIENT = new URL('outsider/client.mjs', import.meta.url).pathname
const TOPIC = 'kites over the sea'
// It asks, asks what nobody can answer, stops when more is needed, and asks with too little money.
const OUTCOMES = ['answered', 'abstained', 'cancelled', 'interrupted']
const UNANSWERABLE = 'Who won the football cup?'

type Step = { step: string } & Record<string, unknown>

let paid: PaidWorld
let friend: Awaited<ReturnType<PaidWorld['agent']>>
let dir: string
let child: ChildProcess
let told: Step[]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outsider-'))
  const reader = start()
  const [alone, world] = await Promise.all([untilItStays(reader), createPaidWorld()])
  paid = world
  const file = join(dir, 'network.json')
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
  await writeFile(file, JSON.stringify(paid.world.network, plain))
  const keep = join(dir, 'kept')
  child = start(file, '--announce', TOPIC, '--keep', keep, '--stay', '--question', UNANSWERABLE)
  const [visit, peer] = await Promise.all([untilItStays(child), paid.world.peer('friend')])
  friend = peer
  told = [...alone, ...visit]
}, 60_000)

afterAll(async () => {
  if (child?.exitCode === null) child.kill()
  await paid?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Starts the client: without a network it reads the specification, else it goes there. */
function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLIENT, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** What the client tells, one line of JSON a step, until it stays on the network or ends. */
async function untilItStays({ stdout }: ChildProcess): Promise<Step[]> {
  const steps: Step[] = []
  const lines = createInterface({ input: stdout as Readable })
  await new Promise<void>((resolve) => {
    lines.on('close', resolve)
    lines.on('line', (line) => {
      steps.push(JSON.parse(line))
      if (steps.at(-1)?.step === 'staying') resolve()
    })
  })
  return steps
}

test('it imports packages and itself, and nothing of ours', async () => {
  const folder = new URL('outsider/', import.meta.url)
  const imported = /(?:from|import\(?) ?'([^']+)'/g
  for (const name of await readdir(folder)) {
    const source = await readFile(new URL(name, folder), 'utf8')
    for (const [, from] of source.matchAll(imported)) expect(from).toMatch(/^(?:\.\/|[@a-z])/)
  }
})

const all = (step: string) => told.filter((one) => one.step === step)

test('it reads every vector with decoders of its own', () => {
  expect(all('refused')).toEqual([])
  expect(all('vectors')).toEqual([expect.objectContaining({ failed: [] })])
})

test('it refuses offers, receipts and answers that were tampered with', () => {
  expect(all('refusals')).toEqual([expect.objectContaining({ missed: [] })])
})

test('peers refuse what it must not send, by the code that the specification names', () => {
  expect(all('probes')).toEqual([expect.objectContaining({ differs: [] })])
})

test('a host takes its contribution in', () => {
  expect(all('contributed')).toEqual([
    expect.objectContaining({ statuses: ['pending', 'pending', 'pending'] })
  ])
})

test('the receipts that it verified and paid are those that the provider keeps', async () => {
  const receipts = all('receipt')
  expect(receipts.map((receipt) => receipt.outcome)).toEqual(OUTCOMES)
  for (const { receipt, priceWei } of receipts) {
    const kept = await paid.provider.api.receipts.show(String(receipt))
    expect(String(kept.priceWei)).toBe(priceWei)
  }
  expect(all('paid ahead')).not.toEqual([])
  expect(all('committed').at(-1)).toMatchObject({ receipts: OUTCOMES.length })
})

test('it comes to the same evidence and credits from the answer and the rows alone', () => {
  const measured = all('recomputed')
  // Nothing is measured of an abstention; what was cut is measured as far as it went.
  expect(measured.map(({ outcome }) => outcome)).toEqual(OUTCOMES)
  const one = expect.objectContaining({ passages: [expect.anything()] })
  expect(measured.map(({ evidence }) => evidence)).toEqual([one, undefined, one, one])
})

test('another peer finds the Datanet that it announced', async () => {
  const found = await friend.api.datanets.find({ topic: TOPIC, waitMs: 15_000 })
  expect(found.map(({ id }) => id)).toEqual(all('announced').map(({ datanet }) => datanet))
})

test('it leaves with exit code 0', async () => {
  const exited = once(child, 'exit')
  child.stdin?.end()
  expect(await exited).toEqual([0, null])
})
