// node test/bench/load.ts [--json] [--write]: paid asks against one provider through the HTTP API, one
// after another and many at once, and what the peers hold before and after. --write keeps
// test/bench/results/load.json
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectPeer } from '../../peer/api/client.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import type { Held } from './load-world.ts'

const WARM_UP = 200
const SEQUENTIAL = 1_000
const CONCURRENT = 200
/** Rounds of concurrent asks: what one round leaves behind, a second would double. */
const ROUNDS = 3

const child = fork(join(import.meta.dirname, 'load-world.ts'), {
  execArgv: ['--expose-gc'],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc']
})
const [{ url, token, model, questions }] = await once(child, 'message')
const api: PeerApi = connectPeer({ url, token })

async function held(): Promise<Held> {
  child.send('held')
  const [message] = await once(child, 'message')
  return message
}

async function askOnce(index: number): Promise<void> {
  const content = questions[index % questions.length]
  for await (const event of api.models.ask({ model, messages: [{ role: 'user', content }] })) {
    if (event.type === 'done') return
  }
  throw new Error(`ask ${index} ended without a receipt`)
}

async function sequential(count: number): Promise<number> {
  const from = performance.now()
  for (let index = 0; index < count; index++) await askOnce(index)
  return performance.now() - from
}

async function concurrent(count: number): Promise<number> {
  const from = performance.now()
  await Promise.all(Array.from({ length: count }, (_, index) => askOnce(index)))
  return performance.now() - from
}

const rows: Record<string, Record<string, string | number>> = {}
function say(phase: string, state: Held, ms?: number): void {
  rows[phase] = {
    'heap MB': (state.heapBytes / 1e6).toFixed(1),
    'resident MB': (state.rssBytes / 1e6).toFixed(0),
    resources: state.resources,
    descriptors: state.descriptors ?? '-',
    streams: state.streams,
    'ms in all': ms === undefined ? '' : Math.round(ms)
  }
}

await sequential(WARM_UP)
await concurrent(CONCURRENT)
const before = await held()
say(`after ${WARM_UP} + ${CONCURRENT} to warm up`, before)
const sequentialMs = await sequential(SEQUENTIAL)
const afterSequential = await held()
say(`after ${SEQUENTIAL} one after another`, afterSequential, sequentialMs)
let concurrentMs = 0
for (let round = 0; round < ROUNDS; round++) concurrentMs += await concurrent(CONCURRENT)
const after = await held()
say(`after ${ROUNDS} times ${CONCURRENT} at once`, after, concurrentMs)
const receipts = await api.receipts.list()
child.send('stop')
await once(child, 'exit')

console.table(rows)
const asked = WARM_UP + CONCURRENT + SEQUENTIAL + ROUNDS * CONCURRENT
if (receipts.length !== asked) throw new Error(`${receipts.length} receipts of ${asked} asks`)
const figures = {
  sequentialPerS: Math.round(SEQUENTIAL / (sequentialMs / 1_000)),
  concurrentPerS: Math.round((ROUNDS * CONCURRENT) / (concurrentMs / 1_000)),
  heapMb: [before, afterSequential, after].map(({ heapBytes }) => Math.round(heapBytes / 1e6)),
  resources: [before, afterSequential, after].map(({ resources }) => resources),
  descriptors: [before, afterSequential, after].map(({ descriptors }) => descriptors ?? null),
  streams: [before, afterSequential, after].map(({ streams }) => streams)
}
if (process.argv.includes('--write')) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const file = join(import.meta.dirname, 'results', 'load.json')
  writeFileSync(file, `${JSON.stringify({ commit, node: process.version, figures }, null, 2)}\n`)
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ figures }))
