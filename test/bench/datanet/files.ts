// What a directory of many contributed files costs to write, and how large its nodes are.
// npx node test/bench/datanet/files.ts [--files 100000] [--json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createContent } from '../../../peer/content/content.ts'
import { createNode } from '../../../peer/net/node.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false }
  }
})
const count = Number(values.files)
const dir = mkdtempSync(join(tmpdir(), 'datanet-files-'))
const database = openDatabase(join(dir, 'peer.db'))
const blockstore = new SqliteBlockstore(database)
const privateKey = await generateKeyPair('Ed25519')
const node = await createNode({ privateKey, bootstrap: [], dht: false })
const pool = createExchangePool(node)
const content = await createContent(node, { blockstore, pool })

const links = Array.from({ length: count }, (_, n) => {
  const text = new TextEncoder().encode(`file ${n}`)
  return { cid: cidOf(text, RAW), bytes: text.byteLength }
})

async function write(some: typeof links): Promise<{ root: string; cpuMs: number }> {
  const before = process.cpuUsage()
  const root = await content.publishDirectory([{ path: 'files', links: some }])
  const { user, system } = process.cpuUsage(before)
  return { root: root.toString(), cpuMs: Math.round((user + system) / 1_000) }
}

const whole = await write(links)
const again = await write(links.toReversed())
const nodes = [...blockstore.cids()].map((cid) => blockstore.find(cid)?.byteLength ?? 0)
const figures = {
  files: count,
  cpuMs: whole.cpuMs,
  nodes: nodes.length,
  largestNodeBytes: Math.max(...nodes),
  isSame: whole.root === again.root,
  peakRssMb: Math.round(process.resourceUsage().maxRSS / 1_024)
}
if (values.json) process.stdout.write(`${JSON.stringify({ figures })}\n`)
else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name} ${value}\n`)

pool.close()
await content.stop()
await node.stop()
database.close()
rmSync(dir, { recursive: true })
