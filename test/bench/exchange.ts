// node test/bench/exchange.ts [--json]: kept-stream exchanges against a second process, and a directory
// of 1 000 small rows in bulk and by bitswap between two nodes of this one.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createContent } from '../../peer/content/content.ts'
import { createNode } from '../../peer/net/node.ts'
import { SqliteBlockstore } from '../../peer/store/blocks.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createExchangePool } from '../../protocol/net/exchange-pool.ts'
import { PROTOCOL } from '../fixtures/exchange-peer.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean' } } })
const figures: Record<string, number> = {}

function say(name: string, value: number, unit: string, more = ''): void {
  figures[name] = Math.round(value * 100) / 100
  process.stdout.write(`${name.padEnd(34)}${value.toFixed(1).padStart(10)} ${unit} ${more}\n`)
}

async function newNode() {
  const privateKey = await generateKeyPair('Ed25519')
  return createNode({ privateKey, bootstrap: [], dht: false })
}

/** Runs `one` `total` times, `parallel` at once; the rate and the middle and 99th percentile time. */
async function rate(name: string, parallel: number, total: number, one: () => Promise<unknown>) {
  const times: number[] = []
  let left = total
  const started = performance.now()
  const worker = async () => {
    while (left-- > 0) {
      const from = performance.now()
      await one()
      times.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  const seconds = (performance.now() - started) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  say(name, total / seconds, '/s', `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

const peer = fileURLToPath(new URL('../fixtures/exchange-peer.ts', import.meta.url))
const child = spawn(process.execPath, [peer, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] })
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const address = String((await lines.next()).value)

const caller = await newNode()
for (const streams of [1, 16]) {
  const pool = createExchangePool(caller, { streams })
  const once = (parts: number, bytes: number) => () =>
    pool.request(address, PROTOCOL, { parts, bytes, pad: new Uint8Array(200) })
  await rate(`warm-up, ${streams}`, streams, 1_000, once(1, 200))
  if (streams === 1) await rate('one stream, one at a time', 1, 2_000, once(1, 200))
  else {
    await rate('16 streams, 32 at once', 32, 5_000, once(1, 200))
    await rate('answers of 200 parts, 8 at once', 8, 100, once(200, 64))
    await rate('10 MB answers of 256 KiB parts', 1, 10, once(40, 262_144))
  }
  pool.close()
}
await caller.stop()
child.kill()

const rows = Array.from({ length: 1_000 }, (_, i) =>
  Buffer.from(`{"row":${i},"text":"${'x'.repeat(200)}"}\n`)
)
const host = await newNode()
const hostPool = createExchangePool(host)
const hostContent = await createContent(host, {
  blockstore: new SqliteBlockstore(openDatabase(':memory:')),
  pool: hostPool
})
const root = await hostContent.publishDirectory([{ path: 'data/rows.jsonl', rows }])
for (const way of ['bulk', 'bitswap'] as const) {
  const node = await newNode()
  const pool = createExchangePool(node)
  const content = await createContent(node, {
    blockstore: new SqliteBlockstore(openDatabase(':memory:')),
    pool
  })
  await node.dial(host.getMultiaddrs())
  const from = performance.now()
  const report = await content.fetchDirectory(root, way === 'bulk' ? [host.peerId] : [])
  say(`1 000 rows, ${way}`, performance.now() - from, 'ms', `${report[way]} blocks`)
  pool.close()
  await content.stop()
  await node.stop()
}
hostPool.close()
await hostContent.stop()
await host.stop()
if (values.json) process.stdout.write(`${JSON.stringify({ figures })}\n`)
