import { unixfs } from '@helia/unixfs'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Content, createContent } from '../../../peer/content/content.ts'
import { createHelia } from '../../../peer/content/helia.ts'
import type { PeerNode } from '../../../peer/net/node.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { serveExchange } from '../../../protocol/net/exchange.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { testNode } from '../../fixtures/network.ts'

interface Peer {
  readonly node: PeerNode
  readonly content: Content
  readonly blocks: SqliteBlockstore
}

async function peer(name: string, init: { bulk?: boolean; dht?: boolean } = {}): Promise<Peer> {
  const node = await testNode(name, { dht: init.dht ?? false })
  const database = openDatabase(':memory:')
  const blocks = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore: blocks, pool, bulk: init.bulk ?? true })
  onTestFinished(async () => {
    pool.close()
    await content.stop()
    await node.stop()
    database.close()
  })
  return { node, content, blocks }
}

async function connected(...peers: Peer[]): Promise<void> {
  const [first, ...others] = peers
  for (const { node } of others) await first?.node.dial(node.getMultiaddrs())
}

function rows(count: number, start = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    new TextEncoder().encode(`${JSON.stringify({ row: start + i, text: 'fact '.repeat(20) })}\n`)
  )
}

const README = { path: 'README.md', content: new TextEncoder().encode('# A Datanet\n') }

function publish(content: Content, count: number): Promise<CID> {
  return content.publishDirectory([README, { path: 'data/rows.jsonl', rows: rows(count) }])
}

async function readAll(content: Content, root: CID): Promise<Uint8Array[]> {
  const out: Uint8Array[] = []
  for await (const { bytes } of content.readRows(root, 'data/rows.jsonl')) out.push(bytes)
  return out
}

describe('a published directory', () => {
  test('has one leaf per row, named by the hash of the row', async () => {
    const { content, blocks } = await peer('host')
    const root = await publish(content, 500)
    const leaves: CID[] = []
    for await (const { cid, bytes } of content.readRows(root, 'data/rows.jsonl')) {
      expect(cid.equals(cidOf(bytes, RAW))).toBe(true)
      expect(blocks.has(cid)).toBe(true)
      leaves.push(cid)
    }
    expect(leaves.map(String)).toEqual(rows(500).map((row) => cidOf(row, RAW).toString()))
    expect(await content.readFile(root, 'README.md')).toEqual(Buffer.from(README.content))
    expect(await content.readFile(root, 'data/rows.jsonl')).toEqual(Buffer.concat(rows(500)))
  })

  test('has the same root wherever the same files are published', async () => {
    const [one, two] = await Promise.all([peer('one'), peer('two')])
    const roots = await Promise.all([publish(one.content, 50), publish(two.content, 50)])
    expect(roots[0].equals(roots[1])).toBe(true)
    expect((await publish(two.content, 51)).equals(roots[0])).toBe(false)
  })

  test('is read by a plain UnixFS reader that knows nothing of ours', async () => {
    const { content, node } = await peer('host')
    const root = await publish(content, 300)
    const reader = await testNode('reader')
    const helia = await createHelia(reader, new MemoryBlockstore())
    onTestFinished(async () => {
      await helia.stop()
    })
    await reader.dial(node.getMultiaddrs())
    const signal = AbortSignal.timeout(10_000)
    const parts: Uint8Array[] = []
    for await (const part of unixfs(helia).cat(root, { path: 'data/rows.jsonl', signal })) {
      parts.push(part)
    }
    expect(Buffer.concat(parts)).toEqual(Buffer.concat(rows(300)))
  })

  test('refuses rows that cannot be a block, and paths that are not there', async () => {
    const { content } = await peer('host')
    const bad = content.publishDirectory([{ path: 'a', rows: [new Uint8Array()] }])
    await expect(bad).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    const root = await publish(content, 1)
    const none = content.readFile(root, 'data/none')
    await expect(none).rejects.toMatchObject({ code: 'CONTENT_UNAVAILABLE' })
    const large = content.readFile(root, 'data/rows.jsonl', { maxBytes: 10 })
    await expect(large).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  })

  test('can be read without its withdrawn rows, and not by accident', async () => {
    const { content, blocks } = await peer('host')
    const root = await publish(content, 5)
    blocks.delete(cidOf(rows(5)[2] as Uint8Array, RAW))
    await expect(readAll(content, root)).rejects.toMatchObject({ code: 'CONTENT_UNAVAILABLE' })
    const left: unknown[] = []
    for await (const { bytes } of content.readRows(root, 'data/rows.jsonl', {
      skipMissing: true
    })) {
      left.push(JSON.parse(Buffer.from(bytes).toString()).row)
    }
    expect(left).toEqual([0, 1, 3, 4])
  })
})

describe('a fetched directory', () => {
  test('comes in bulk when the peer offers it, and is then served onwards', async () => {
    const [host, reader, third] = await Promise.all([peer('host'), peer('reader'), peer('third')])
    await connected(reader, host)
    const root = await publish(host.content, 1_000)
    const report = await reader.content.fetchDirectory(root, [host.node.peerId])
    expect(report).toMatchObject({ bitswap: 0, refusals: [] })
    expect(report.bulk).toBeGreaterThan(1_000)
    expect(await readAll(reader.content, root)).toEqual(rows(1_000))
    const again = await reader.content.fetchDirectory(root, [host.node.peerId])
    expect(again).toMatchObject({ bulk: 0, bitswap: 0 })
    await connected(third, reader)
    await third.content.fetchDirectory(root, [reader.node.peerId])
    expect(await readAll(third.content, root)).toEqual(rows(1_000))
  })

  test('comes by bitswap from a peer that does not offer the bulk exchange', async () => {
    const [host, reader] = await Promise.all([peer('host', { bulk: false }), peer('reader')])
    await connected(reader, host)
    const root = await publish(host.content, 60)
    const report = await reader.content.fetchDirectory(root, [host.node.peerId])
    expect(report.bulk).toBe(0)
    expect(report.bitswap).toBeGreaterThan(60)
    expect(report.refusals).toMatchObject([{ error: { code: 'PROTOCOL_REFUSED' } }])
    expect(await readAll(reader.content, root)).toEqual(rows(60))
  })

  test('takes in bulk what a peer has and by bitswap from another what it lacks', async () => {
    const [part, whole, reader] = await Promise.all([
      peer('part'),
      peer('whole', { bulk: false }),
      peer('reader')
    ])
    await connected(reader, part, whole)
    const root = await publish(part.content, 100)
    await publish(whole.content, 100)
    for (const row of rows(100).slice(40, 50)) part.blocks.delete(cidOf(row, RAW))
    const report = await reader.content.fetchDirectory(root, [part.node.peerId])
    expect(report.bitswap).toBe(10)
    expect(report.bulk).toBeGreaterThan(90)
    expect(await readAll(reader.content, root)).toEqual(rows(100))
  })

  test('leaves out of the next revision what is here already', async () => {
    const [host, reader] = await Promise.all([peer('host'), peer('reader')])
    await connected(reader, host)
    const first = await host.content.publishDirectory([
      { path: 'data/0.jsonl', rows: rows(400) },
      { path: 'data/1.jsonl', rows: rows(3, 1_000) }
    ])
    await reader.content.fetchDirectory(first, [host.node.peerId])
    const second = await host.content.publishDirectory([
      { path: 'data/0.jsonl', rows: rows(400) },
      { path: 'data/1.jsonl', rows: rows(5, 1_000) }
    ])
    const options = { known: [first] }
    const report = await reader.content.fetchDirectory(second, [host.node.peerId], options)
    // The two new rows and the nodes above them.
    expect(report.bulk).toBeLessThan(10)
    expect(report.refusals).toEqual([])
    expect(await reader.content.readFile(second, 'data/1.jsonl')).toEqual(
      Buffer.concat(rows(5, 1_000))
    )
  })

  test('goes on where it was cut', async () => {
    const [host, reader] = await Promise.all([peer('host'), peer('reader')])
    await connected(reader, host)
    const root = await publish(host.content, 300)
    await reader.content.fetchDirectory(root, [host.node.peerId])
    for (const row of rows(300).slice(0, 20)) reader.blocks.delete(cidOf(row, RAW))
    const { bulk } = await reader.content.fetchDirectory(root, [host.node.peerId])
    expect(bulk).toBeLessThan(30)
    expect(await readAll(reader.content, root)).toEqual(rows(300))
  })

  test('is asked for again of a peer that held a row back at first', async () => {
    const [host, reader] = await Promise.all([peer('host'), peer('reader')])
    await connected(reader, host)
    const root = await publish(host.content, 100)
    const [row] = rows(1) as [Uint8Array]
    const held = cidOf(row, RAW)
    const read = host.blocks.read.bind(host.blocks)
    let refused = 0
    // Once for the bulk exchange, once for bitswap, which does not ask a second time.
    host.blocks.read = (cid) => {
      if (!cid.equals(held) || refused >= 2) return read(cid)
      refused += 1
      return undefined
    }
    const { refusals } = await reader.content.fetchDirectory(root, [host.node.peerId])
    expect({ refusals, refused }).toEqual({ refusals: [], refused: 2 })
    expect(await readAll(reader.content, root)).toEqual(rows(100))
  })

  test('is CONTENT_UNAVAILABLE in time when nobody has it, and abort passes through', async () => {
    const [host, reader] = await Promise.all([peer('host'), peer('reader')])
    await connected(reader, host)
    const nowhere = cidOf(new Uint8Array([1]), 0x70)
    const options = { deadlineMs: 300 }
    const fetching = reader.content.fetchDirectory(nowhere, [host.node.peerId], options)
    await expect(fetching).rejects.toMatchObject({ code: 'CONTENT_UNAVAILABLE' })
    const abort = new AbortController()
    const aborted = reader.content.fetchDirectory(nowhere, [], { signal: abort.signal })
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a dishonest peer', () => {
  async function liar(answer: (root: CID, honest: Peer) => unknown) {
    const [honest, reader] = await Promise.all([peer('honest', { bulk: false }), peer('reader')])
    const bad = await testNode('liar')
    const root = await publish(honest.content, 3)
    await serveExchange(bad, PROTOCOLS.blocks, async function* () {
      yield answer(root, honest)
      return { blocks: 1 }
    })
    await reader.node.dial(bad.getMultiaddrs())
    await reader.node.dial(honest.node.getMultiaddrs())
    const report = await reader.content.fetchDirectory(root, [bad.peerId])
    expect(await readAll(reader.content, root)).toEqual(rows(3))
    return { report, reader }
  }

  // BLOCKS-R1
  test('gains nothing by other bytes under the right CID', async () => {
    const { report } = await liar((root) => ({ blocks: [{ cid: root, bytes: new Uint8Array(9) }] }))
    expect(report.refusals).toMatchObject([{ error: { code: 'CID_MISMATCH' } }])
    expect(report.bulk).toBe(0)
  })

  // BLOCKS-R1
  test('cannot make a reader keep blocks that it did not ask for', async () => {
    const extra = new TextEncoder().encode('advertisement')
    const cid = cidOf(extra, RAW)
    const { report, reader } = await liar(() => ({ blocks: [{ cid, bytes: extra }] }))
    expect(report.refusals).toMatchObject([{ error: { code: 'CID_MISMATCH' } }])
    expect(reader.blocks.has(cid)).toBe(false)
  })

  test('is refused for a root that is not what its codec says', async () => {
    const reader = await peer('reader')
    const bad = await testNode('liar')
    const bytes = new Uint8Array([0xff, 0xff, 0xff])
    const root = CID.createV1(0x70, cidOf(bytes).multihash)
    await serveExchange(bad, PROTOCOLS.blocks, async function* () {
      yield { blocks: [{ cid: root, bytes }] }
      return { blocks: 1 }
    })
    await reader.node.dial(bad.getMultiaddrs())
    const options = { deadlineMs: 300 }
    const fetching = reader.content.fetchDirectory(root, [bad.peerId], options)
    await expect(fetching).rejects.toMatchObject({ code: 'CONTENT_UNAVAILABLE' })
    expect(reader.blocks.has(root)).toBe(false)
  })
})
