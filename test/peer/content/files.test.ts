import { unixfs } from '@helia/unixfs'
import { MemoryBlockstore } from 'blockstore-core'
import type { CID } from 'multiformats/cid'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Content, createContent } from '../../../peer/content/content.ts'
import { createHelia } from '../../../peer/content/helia.ts'
import type { PeerNode } from '../../../peer/net/node.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { testNode } from '../../fixtures/network.ts'
import { type Vectors, vectors } from '../../vector-cases.ts'

interface Peer {
  readonly node: PeerNode
  readonly content: Content
  readonly blocks: SqliteBlockstore
}

async function peer(name: string): Promise<Peer> {
  const node = await testNode(name)
  const database = openDatabase(':memory:')
  const blocks = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore: blocks, pool })
  onTestFinished(async () => {
    pool.close()
    await content.stop()
    await node.stop()
    database.close()
  })
  return { node, content, blocks }
}

const README = { path: 'README.md', content: new TextEncoder().encode('# Pictures\n') }
const ROWS = { path: 'data/rows.jsonl', rows: [new TextEncoder().encode('{"a":"row"}\n')] }

/** The files `file 0`, `file 1` and so on as raw blocks, of which the store has those in `kept`. */
function numbered(count: number): Array<{ cid: CID; bytes: number; text: Uint8Array }> {
  return Array.from({ length: count }, (_, n) => {
    const text = new TextEncoder().encode(`file ${n}`)
    return { cid: cidOf(text, RAW), bytes: text.byteLength, text }
  })
}

/** Any IPFS node: nothing of ours but its bitswap's name. */
async function reader(of: Peer) {
  const node = await testNode('reader')
  const helia = await createHelia(node, new MemoryBlockstore())
  onTestFinished(async () => {
    await helia.stop()
    await node.stop()
  })
  await node.dial(of.node.getMultiaddrs())
  return unixfs(helia)
}

describe('04-files', () => {
  test.each<[string, Vectors]>(vectors('04-files').cases.map((one: Vectors) => [one.name, one]))(
    '%s: the directory has the bytes of the specification',
    async (_, { count, directory }) => {
      const { content, blocks } = await peer('host')
      const files = numbered(count)
      const root = await content.publishDirectory([README, { path: 'files', links: files }])
      const top = blocks.find(root) as Uint8Array
      expect(Buffer.from(top).toString('latin1')).toContain('files')
      const names = [...content.list(root, 'files').keys()]
      expect(names.sort()).toEqual(files.map(({ cid }) => `${cid}`).sort())
      const stored = [...blocks.cids()].map(String)
      expect(stored).toContain(directory)
    }
  )
})

test('files in another order, and some twice, are the same directory', async () => {
  const { content } = await peer('host')
  const files = numbered(5)
  const root = await content.publishDirectory([README, { path: 'files', links: files }])
  const again = await content.publishDirectory([
    { path: 'files', links: [...files.toReversed(), ...files.slice(0, 2)] },
    README
  ])
  expect(again.equals(root)).toBe(true)
})

describe.each([
  ['flat', 3],
  ['sharded', 3_000]
])('a %s directory of files', (_, count) => {
  const files = numbered(count)
  const some = [0, 1, count - 1].map((n) => files[n] as (typeof files)[number])
  let host: Peer
  let root: CID

  async function published(): Promise<void> {
    host = await peer('host')
    host.blocks.putBatch(some.map(({ cid, text }) => ({ cid, bytes: text })))
    root = await host.content.publishDirectory([README, ROWS, { path: 'files', links: files }])
  }

  test('is read by a plain UnixFS reader', async () => {
    await published()
    const fs = await reader(host)
    const signal = AbortSignal.timeout(20_000)
    // Each block that it lists is a round trip of bitswap.
    if (count < 100) {
      const names: string[] = []
      for await (const { name } of fs.ls(root, { path: 'files', signal })) names.push(name)
      expect(names.sort()).toEqual(files.map(({ cid }) => `${cid}`).sort())
    }
    for (const { cid, text } of some) {
      const parts: Uint8Array[] = []
      for await (const part of fs.cat(root, { path: `files/${cid}`, signal })) parts.push(part)
      expect(Buffer.concat(parts)).toEqual(Buffer.from(text))
    }
  })

  test('comes as a list, and no file with it, to who asks so', async () => {
    await published()
    const friend = await peer('friend')
    await friend.node.dial(host.node.getMultiaddrs())
    const from = [host.node.peerId.toString()]
    const how = { without: ['files'] }
    const report = await friend.content.fetchDirectory(root, from, how)
    expect(report).toMatchObject({ bitswap: 0, refusals: [] })
    expect(friend.content.list(root, 'files').size).toBe(count)
    expect(some.filter(({ cid }) => friend.blocks.has(cid))).toEqual([])
    expect(await friend.content.readFile(root, 'README.md')).toEqual(Buffer.from(README.content))
    expect(await friend.content.fetchDirectory(root, from, how)).toMatchObject({ bulk: 0 })
  })
})
