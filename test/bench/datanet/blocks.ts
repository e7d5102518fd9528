// How fast a revision's blocks come from another process, every one checked: in bulk, and by bitswap.
// npx node test/bench/datanet/blocks.ts [--rows 50000] [--json]
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import { createContent } from '../../../peer/content/content.ts'
import { createNode } from '../../../peer/net/node.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, parseCid } from '../../../protocol/base/codec.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'

const PATH = 'data/contributions.jsonl'
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    bitswap: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false }
  }
})
const text = new TextEncoder()

/** Rows of the length and form that revisions have: the contribution's id, readable words, a record. */
function* rows(count: number): Generator<Uint8Array> {
  for (let n = 0; n < count; n += 1) {
    const id = cidOf(text.encode(`contribution ${n}`)).toString()
    const columns = {
      ...{ id, schema: 'text/1', title: `Gloss ${n}`, text: `what number ${n} means `.repeat(6) },
      ...{ language: 'en', licence: 'CC0-1.0', order: n + 1 },
      signed: Buffer.from(`${n} `.repeat(120)).toString('base64').slice(0, 560)
    }
    yield text.encode(`${JSON.stringify(columns)}\n`)
  }
}

async function peer(dir: string, init: { bulk: boolean }) {
  const node = await createNode({
    ...{ privateKey: await generateKeyPair('Ed25519'), bootstrap: [], dht: false }
  })
  const database = openDatabase(join(dir, 'peer.db'))
  const blockstore = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore, pool, ...init })
  const stop = async () => {
    pool.close()
    await content.stop()
    await node.stop()
    database.close()
  }
  return { node, content, stop }
}

async function serve(dir: string): Promise<void> {
  const { node, content } = await peer(dir, { bulk: true })
  const many = await content.publishDirectory([{ path: PATH, rows: rows(Number(values.rows)) }])
  const few = await content.publishDirectory([{ path: PATH, rows: rows(Number(values.bitswap)) }])
  const addresses = node.getMultiaddrs().map(String)
  process.send?.({ addresses, many: many.toString(), few: few.toString() })
}

interface Measured {
  readonly blocks: number
  readonly seconds: number
  /** Of this process: on a machine that others use as well, it says more than the clock. */
  readonly cpuSeconds: number
}

async function fetched(
  dir: string,
  addresses: string[],
  root: CID,
  isBulk: boolean
): Promise<Measured> {
  const own = mkdtempSync(join(dir, 'reader-'))
  const { node, content, stop } = await peer(own, { bulk: false })
  const host = (await node.dial(addresses.map((address) => multiaddr(address)))).remotePeer
  const startedAtMs = performance.now()
  const before = process.cpuUsage()
  const report = await content.fetchDirectory(root, isBulk ? [host] : [], { deadlineMs: 600_000 })
  const seconds = (performance.now() - startedAtMs) / 1_000
  const { user, system } = process.cpuUsage(before)
  const blocks = report.bulk + report.bitswap
  if (report.refusals.length > 0 || (isBulk && report.bitswap > 0)) throw new Error('not in bulk')
  await stop()
  return { blocks, seconds, cpuSeconds: (user + system) / 1_000_000 }
}

if (values.serve) {
  process.once('disconnect', () => process.exit())
  await serve(process.env.BENCH_DIR as string)
} else {
  const dir = mkdtempSync(join(tmpdir(), 'datanet-blocks-'))
  const served = mkdtempSync(join(dir, 'host-'))
  const child = fork(import.meta.filename, ['--serve', ...process.argv.slice(2)], {
    env: { ...process.env, BENCH_DIR: served }
  })
  const { addresses, many, few } = await new Promise<{
    addresses: string[]
    many: string
    few: string
  }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as never))
    child.once('exit', () => reject(new Error('the host ended')))
  })
  const bulk = await fetched(dir, addresses, parseCid(many), true)
  const bitswap = await fetched(dir, addresses, parseCid(few), false)
  child.kill()
  rmSync(dir, { recursive: true, force: true })
  const micros = ({ blocks, cpuSeconds }: Measured) => Math.round((cpuSeconds * 1e6) / blocks)
  const rate = ({ blocks, seconds }: Measured) => Math.round(blocks / seconds)
  const figures = {
    rows: Number(values.rows),
    bulkBlocks: bulk.blocks,
    bulkSeconds: Number(bulk.seconds.toFixed(2)),
    bulkBlocksPerSecond: rate(bulk),
    bulkCpuMicrosPerBlock: micros(bulk),
    bitswapBlocks: bitswap.blocks,
    bitswapBlocksPerSecond: rate(bitswap),
    cores: cpus().length,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1_024)
  }
  console.log(values.json ? JSON.stringify({ figures }) : figures)
}
