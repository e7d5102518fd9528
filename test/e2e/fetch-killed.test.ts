import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Content, createContent } from '../../peer/content/content.ts'
import { createNode, type PeerNode } from '../../peer/net/node.ts'
import { SqliteBlockstore } from '../../peer/store/blocks.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { cidOf } from '../../protocol/base/codec.ts'
import { createExchangePool } from '../../protocol/net/exchange-pool.ts'
import { FETCHED_PATH, type FetchingSays } from '../fixtures/fetching.ts'
import { testFolder } from '../fixtures/network.ts'

const ROWS = 12_000
const text = new TextEncoder()
let node: PeerNode
let content: Content
const database = openDatabase(':memory:')

beforeAll(async () => {
  const privateKey = await generateKeyPair('Ed25519')
  node = await createNode({ privateKey, bootstrap: [], dht: false })
  const blockstore = new SqliteBlockstore(database)
  content = await createContent(node, { blockstore, pool: createExchangePool(node) })
})
afterAll(async () => {
  await content?.stop()
  await node?.stop()
  database.close()
})

/** Rows as revisions have them: each lies under a key of its own where it is kept. */
function* rows(): Generator<Uint8Array> {
  for (let n = 0; n < ROWS; n += 1) {
    const id = cidOf(text.encode(`contribution ${n}`)).toString()
    yield text.encode(`${JSON.stringify({ id, text: `what number ${n} means `.repeat(20) })}\n`)
  }
}

test('a fetch whose process is killed half-way goes on where it was', async () => {
  const root = await content.publishDirectory([{ path: FETCHED_PATH, rows: rows() }])
  const dir = join(testFolder(), 'reader')
  const file = join(import.meta.dirname, '../fixtures/fetching.ts')
  const addresses = node.getMultiaddrs().map(String)
  const start = () => fork(file, [dir, `${root}`, ...addresses])
  const says = (child: ChildProcess, what: (said: FetchingSays) => void) => {
    child.on('message', (message) => what(message as FetchingSays))
    return once(child, 'exit')
  }

  let before = 0
  const killed = start()
  await says(killed, (said) => {
    if (!('rows' in said) || before > 0 || said.rows < ROWS / 2) return
    before = said.rows
    killed.kill('SIGKILL')
  })
  expect(before).toBeGreaterThanOrEqual(ROWS / 2)
  expect(before).toBeLessThan(ROWS)

  const again = start()
  let end: Extract<FetchingSays, { held: number }> | undefined
  const told: number[] = []
  await says(again, (said) => {
    if ('rows' in said) told.push(said.rows)
    else {
      end = said
      again.kill()
    }
  })
  const { held = 0, bulk = 0, bitswap } = end ?? {}
  // What it said it had it has, and hardly any of that is sent again.
  expect(held).toBeGreaterThanOrEqual(before)
  expect(bitswap).toBe(0)
  expect(bulk).toBeGreaterThanOrEqual(ROWS - held)
  expect(bulk).toBeLessThanOrEqual(ROWS - held + 64)
  expect(told[0]).toBeGreaterThanOrEqual(held)
  expect(told.at(-1)).toBe(ROWS)
})
