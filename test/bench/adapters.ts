import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdapterStore } from '../../peer/engines/adapters/adapter-store.ts'
import type { TextModel } from '../../peer/engines/text-model.ts'
import { createUpstreamModel } from '../../peer/engines/upstream/upstream-model.ts'
import { makeAdapter } from '../fixtures/make-adapter.ts'
import { createModelServer } from '../fixtures/model-server.ts'

/**
 * 50 adapters on one server with vLLM's routes, eight of them in its memory, asked by 16 callers at a
 * time, a few often and most rarely. What is measured is what this peer adds: hashing and reading the
 * files, the calls that load one and look whether it is at work, and the wait for room; the server's
 * own loading takes `--load-ms`. `--json` ends with the figures, `--write` keeps them in results/.
 */
const flag = (name: string, standard: number) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? standard : Number(process.argv[at + 1])
}
const ADAPTERS = flag('adapters', 50)
const CALLS = flag('calls', 1_000)
const CALLERS = flag('callers', 16)
const LOAD_MS = flag('load-ms', 100)
const WARM = 8
const RANK = 16
/** 2 × 16 × 16 384 floats: 2 MB, as a small adapter has. */
const SIDES = 16_384

const { signal } = new AbortController()
const dir = mkdtempSync(join(tmpdir(), 'bench-adapters-'))
const server = await createModelServer({ base: 'base', loadMs: LOAD_MS })
const store = createAdapterStore({ root: join(dir, 'store') })
const upstream = createUpstreamModel(
  { name: 'gpu', kind: 'vllm', base: 'base', url: server.url, warm: WARM },
  store
)
const pool = upstream.adapters
if (pool === undefined) throw new Error('no pool')

const models: TextModel[] = []
for (let number = 0; number < ADAPTERS; number++) {
  const voice = `adapter ${number}: `
  const folder = makeAdapter(join(dir, `${number}`), {
    base: 'base',
    rank: RANK,
    sides: SIDES,
    voice
  })
  const { cid, rank } = await store.take(folder, { signal })
  models.push(pool.model({ cid: cid.toString(), rank, base: 'base' }))
  rmSync(folder, { recursive: true })
}

/** Whole answers, in milliseconds. */
const cold: number[] = []
const warm: number[] = []
let wrong = 0
let failed = 0

async function call(number: number, question: number): Promise<void> {
  const loads = server.moves.length
  const startedMs = performance.now()
  let text = ''
  try {
    const messages = [{ role: 'user' as const, content: `question ${question}` }]
    const model = models[number] as TextModel
    for await (const piece of model.generate({ messages }, { signal })) text += piece
  } catch {
    failed += 1
    return
  }
  const ms = performance.now() - startedMs
  if (text !== `adapter ${number}: You said: question ${question}`) wrong += 1
  ;(server.moves.length > loads || ms > LOAD_MS ? cold : warm).push(ms)
}

/** The same draws in every run: half of the calls go to a sixth of the adapters. */
let seed = 7
function draw(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor(ADAPTERS * (seed / 2 ** 32) ** 2.6)
}

// Alone first: nobody's loading is in the way of what a call costs.
for (let question = 0; question < 20; question++) await call(question % WARM, question)
const alone = { cold: cold.splice(0), warm: warm.splice(0) }
for (let question = 0; question < 200; question++) await call(question % WARM, question)
const warmAlone = [...warm.splice(0), ...alone.warm]
const cpu = process.cpuUsage()
const startedMs = performance.now()
let asked = 0
await Promise.all(
  Array.from({ length: CALLERS }, async () => {
    while (asked < CALLS) {
      const question = asked++
      await call(draw(), question)
    }
  })
)
const seconds = (performance.now() - startedMs) / 1_000
const used = process.cpuUsage(cpu)
await server.stop()
rmSync(dir, { recursive: true })

const at = (times: readonly number[], share: number) => {
  const sorted = [...times].sort((a, b) => a - b)
  return Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10
}
const figures = {
  adapters: ADAPTERS,
  warmSet: WARM,
  callers: CALLERS,
  calls: CALLS,
  wrong,
  failed,
  serverLoadMs: LOAD_MS,
  loads: server.moves.filter((move) => move.startsWith('+')).length,
  aloneColdP50Ms: at(alone.cold, 0.5),
  aloneWarmP50Ms: at(warmAlone, 0.5),
  aloneWarmP95Ms: at(warmAlone, 0.95),
  mixedP50Ms: at([...cold, ...warm], 0.5),
  mixedP95Ms: at([...cold, ...warm], 0.95),
  callsPerSecond: Math.round(CALLS / seconds),
  cpuMsPerCall: Math.round((used.user + used.system) / 1_000 / CALLS)
}
if (process.argv.includes('--write')) {
  const file = join(import.meta.dirname, 'results', 'adapters.json')
  writeFileSync(file, `${JSON.stringify({ figures }, null, 2)}\n`)
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ figures }))
else {
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(18)}${value}`)
}
process.exitCode = wrong + failed === 0 ? 0 : 1
