// A node of IPFS that knows nothing of ours, against a peer: by its address, and by the DHT of IPFS.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createContent } from '../../peer/content/content.ts'
import { createPublicIpfs } from '../../peer/content/public-ipfs.ts'
import { SqliteBlockstore } from '../../peer/store/blocks.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { cidOf, RAW } from '../../protocol/base/codec.ts'
import { createExchangePool } from '../../protocol/net/exchange-pool.ts'
import { ipnsName, signIpns } from '../../protocol/net/ipns.ts'
import { testKey, testNode } from '../fixtures/network.ts'
import { createTestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

const PLAIN = new URL('plain-ipfs.mjs', import.meta.url).pathname
const ROWS = 'data/contributions.jsonl'
const LOCAL = ['/ip4/127.0.0.1/tcp/0']

interface Told {
  readonly addresses?: readonly string[]
  readonly resolved?: string
  readonly names?: readonly string[]
  readonly text?: string
  readonly error?: string
}

/** Runs a plain node, and gives what it said once it is done; `stays` gives its first line. */
async function plain(what: object, stays = false): Promise<Told> {
  const child: ChildProcess = spawn(
    process.execPath,
    [PLAIN, JSON.stringify({ ...what, ...(stays ? { stay: true } : {}) })],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  )
  onTestFinished(() => void child.kill())
  const said: Told[] = []
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    said.push(JSON.parse(line))
    if (stays) break
  }
  return Object.assign({}, ...said)
}

const id = (n: number) => cidOf(Uint8Array.of(n)).toString()
const row = (n: number, origin: string) =>
  new TextEncoder().encode(`${JSON.stringify({ id: id(n), text: `fact ${n}`, origin })}\n`)

async function host() {
  const node = await testNode('host')
  const database = openDatabase(':memory:')
  const blocks = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const shown: ReturnType<typeof cidOf>[] = []
  const content = await createContent(node, { blockstore: blocks, pool, shown: () => shown })
  onTestFinished(async () => {
    pool.close()
    await content.stop()
    database.close()
  })
  const file = new TextEncoder().encode('an image of a boat')
  const hidden = new TextEncoder().encode('an image that nobody linked')
  const [linked, unlinked] = [file, hidden].map((bytes) => ({
    cid: cidOf(bytes, RAW),
    bytes: bytes.byteLength
  })) as [{ cid: ReturnType<typeof cidOf>; bytes: number }, { cid: ReturnType<typeof cidOf> }]
  blocks.putBatch([
    { cid: linked.cid, bytes: file },
    { cid: unlinked.cid, bytes: hidden }
  ])
  blocks.own(id(7), [linked.cid], 'net')
  blocks.own(id(8), [unlinked.cid], 'net')
  const rows = [row(1, 'direct'), row(2, 'interaction')]
  const root = await content.publishDirectory([
    { path: 'README.md', content: new TextEncoder().encode('# Boats\n') },
    { path: ROWS, rows },
    { path: 'data/messages.jsonl', rows: [row(3, 'message')] },
    { path: 'files', links: [linked] }
  ])
  shown.push(root)
  const [dial] = node.getMultiaddrs().map(String)
  return { content, blocks, root, rows, linked, unlinked, dial }
}

// IPFS-W1
test('a plain IPFS node that dials a peer reads its directory by bitswap, without what is private', async () => {
  const { blocks, root, rows, linked, unlinked, dial } = await host()
  const read = (path: string) =>
    plain({ dial, read: [`${root}`, path], patienceMs: path === ROWS ? 20_000 : 6_000 })
  const [whole, file, message, direct] = await Promise.all([
    read(ROWS),
    read(`files/${linked.cid}`),
    read('data/messages.jsonl'),
    plain({ dial, read: [`${unlinked.cid}`, ''], patienceMs: 4_000 })
  ])
  expect(whole.names?.toSorted()).toEqual(['README.md', 'data', 'files'])
  expect(whole.text).toBe(Buffer.concat(rows).toString())
  expect(file.text).toBe('an image of a boat')
  expect(message.error).toBeDefined()
  expect(direct.error).toBeDefined()
  blocks.withdraw(id(2), 'net')
  const thin = await plain({ dial, read: [`${root}`, ROWS], patienceMs: 4_000 })
  expect(thin.text).toBeUndefined()
  expect(thin.error).toBeDefined()
})

// IPFS-W2
test('what is shown is found by the DHT of IPFS, and its name resolves there', async () => {
  const { content, root, rows } = await host()
  const other = await plain({}, true)
  const bootstrap = other.addresses?.[0] as string
  const key = await testKey('name')
  const expiresAtMs = Date.now() + 3_600_000
  const record = await signIpns({ value: `/ipfs/${root}`, sequence: 1, expiresAtMs }, key)
  const name = ipnsName(key)
  const told: string[] = []
  const showing = await createPublicIpfs(
    {
      privateKey: await testKey('public side'),
      blocks: content.publicBlocks,
      shown: () => [{ datanet: 'boats', root, name: async () => ({ name, record }) }],
      now: Date.now,
      log: (_, details) => void told.push(`${details.root ?? ''}`)
    },
    { listen: LOCAL, bootstrap: [bootstrap], everyMs: 200 }
  )
  onTestFinished(() => showing.stop())
  await expect.poll(() => told).toContain(root.toString())
  // It knows the other node alone: who has the directory, only the DHT can tell.
  const found = await plain({ bootstrap, resolve: name, read: ['', ROWS], patienceMs: 30_000 })
  expect(found).toMatchObject({ resolved: root.toString() })
  expect(found.text).toBe(Buffer.concat(rows).toString())
})

test('a peer that shows itself is found by what it published, and by its name', async () => {
  const world = await createTestWorld()
  onTestFinished(() => world.stop())
  const other = await plain({}, true)
  const bootstrap = other.addresses?.[0] as string
  const ipfs = { listen: LOCAL, bootstrap: [bootstrap], everyMs: 200 }
  const log = vi.fn()
  const peer = await world.peer('host', { ipfs, log })
  const { id: datanet } = await world.datanet(peer, TEXTS.slice(0, 1))
  const { content } = await peer.api.datanets.head(datanet)
  const { name } = await peer.api.datanets.name(datanet)
  await expect.poll(() => log.mock.calls.flat()).toContainEqual({ datanet, root: content, name })
  const what = { bootstrap, resolve: name, read: ['', 'README.md'], patienceMs: 30_000 }
  // Who puts a name does not hear when those that keep it have done so.
  await expect
    .poll(() => plain(what), { timeout: 40_000 })
    .toMatchObject({ resolved: content, text: expect.stringContaining(datanet) })
})
