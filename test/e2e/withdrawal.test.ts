import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHelia } from '../../peer/content/helia.ts'
import type { Peer } from '../../peer/peer.ts'
import { RAW } from '../../protocol/base/codec.ts'
import { fetchBlocks } from '../../protocol/net/blocks.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** The text that its author takes back; no other one speaks of it. */
const TAKEN = {
  title: 'quinsel knot',
  text: 'A quinsel knot is tied with three turns around a wet hawser, as the Marrowby sisters did.'
}
const WORDS = 'three turns around a wet hawser'
const SYNC_MS = 300
const STALE_MS = 1_500

let world: TestWorld
let host: Peer
const keepers: Peer[] = []
let agent: Peer
let datanet: { id: string; people: string[] }
let taken: string
let row: CID

const names = ['host', 'keeper 1', 'keeper 2']

const withdrawals = { syncMs: SYNC_MS, staleMs: STALE_MS }

/** The first contribution that the host took in. */
function contributionOf(name: string): string {
  const db = new DatabaseSync(join(world.dirOf(name), 'peer.db'), { readOnly: true })
  const found = db.prepare('SELECT cid FROM contribution ORDER BY number LIMIT 1').get()
  db.close()
  return String(found?.cid)
}

/** Every byte that a peer has on its disk. */
function diskOf(name: string): Buffer {
  const dir = world.dirOf(name)
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}

/** What a peer keeps under the contribution's key, read beside it. */
function secretsOf(name: string): Secrets & { row: CID } {
  const db = new DatabaseSync(join(world.dirOf(name), 'peer.db'), { readOnly: true })
  const found = db
    .prepare(
      `SELECT content_key.key, block.bytes, block.multihash FROM content_key
       JOIN block ON block.key = content_key.number WHERE contribution = ?`
    )
    .get(taken)
  db.close()
  const row = CID.createV1(RAW, decodeDigest(found?.multihash as Uint8Array))
  return { key: found?.key as Uint8Array, sealed: found?.bytes as Uint8Array, row }
}

interface Secrets {
  readonly key: Uint8Array
  readonly sealed: Uint8Array
}

const traces = new Map<string, Secrets>()

/** Whether anything of the contribution is left in any file of the peer. */
function tracesOn(name: string): string[] {
  const disk = diskOf(name)
  const { key, sealed } = traces.get(name) as Secrets
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + WORDS)
      .toString('base64')
      .slice(4, 32)
  )
  const searched: [string, Uint8Array | string][] = [
    ['text', WORDS],
    ['title', TAKEN.title],
    ['key', key],
    ['ciphertext', sealed.subarray(28)],
    ...base64.map((text) => ['text in base64', text] as [string, string])
  ]
  return searched.filter(([, bytes]) => disk.includes(bytes)).map(([what]) => what)
}

/** How many blocks a node that never had any gets of `cid` from `peer`, asked in both ways. */
async function given(cid: CID, ...peers: Peer[]): Promise<{ bulk: number; bitswap: boolean }> {
  const { node, pool } = await world.node()
  const helia = await createHelia(node, new MemoryBlockstore())
  try {
    let bulk = 0
    const room = { get: () => undefined, has: () => false, put: () => {}, links: () => [] }
    for (const peer of peers) {
      await node.dial(peer.addresses.map((address) => multiaddr(address)))
      bulk += (await fetchBlocks(pool, peer.peerId, cid, room)).blocks
    }
    const signal = AbortSignal.timeout(bulk > 0 ? 5_000 : 700)
    const bytes = (async () => {
      for await (const part of helia.blockstore.get(cid, { signal })) return part.byteLength > 0
      return false
    })()
    return { bulk, bitswap: await bytes.catch(() => false) }
  } finally {
    await helia.stop()
    await node.stop()
  }
}

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host', { withdrawals })
  for (const name of names.slice(1)) keepers.push(await world.peer(name, { withdrawals }))
  datanet = await world.datanet(host, [TAKEN, ...TEXTS.slice(0, 5)], {
    hosts: keepers.map(({ peerId }) => peerId)
  })
  taken = contributionOf('host')
  for (const keeper of keepers) {
    await keeper.api.datanets.find(world.topic)
    await keeper.api.datanets.fetch(datanet.id)
  }
  agent = await world.peer('agent')
  for (const name of names) traces.set(name, secretsOf(name))
  row = secretsOf('host').row
}, 60_000)
afterAll(() => world?.stop())

/** What an agent is told of the text, and which contributions are credited for it. */
async function told(model: string): Promise<{ text: string; credited: string[] }> {
  const { text, done } = await ask(agent, { model, content: 'How is a quinsel knot tied?' })
  return { text, credited: done.receipt.credits.flatMap(({ contribution }) => contribution ?? []) }
}

let model: string

// TOMBSTONE-W1, TOMBSTONE-W2, TOMBSTONE-W3, TOMBSTONE-W6
test('a withdrawn contribution is gone from three hosts, one of which was away', async () => {
  const [keeper, away] = keepers as [Peer, Peer]
  model = (await world.serve(keeper, datanet.id)).model.model
  await agent.api.models.search(world.topic)
  const before = await told(model)
  expect(before.text).toContain(WORDS)
  expect(before.credited).toContain(taken)
  expect(await given(row, host)).toEqual({ bulk: 1, bitswap: true })
  for (const name of names) expect(tracesOn(name)).toContain('key')
  await away.stop()

  const draft = { datanet: datanet.id, contribution: taken }
  const stranger = { ...draft, account: keeper.account }
  expect(await refusal(() => keeper.api.datanets.withdraw(stranger))).toBe('WITHDRAWAL_REFUSED')
  const state = await host.api.datanets.withdraw({ ...draft, account: datanet.people[0] as string })
  if (state.state !== 'withdrawn') throw new Error(state.state)
  const answers = new Map(state.answers.map((answer) => [answer.peer, answer]))
  expect(answers.get(host.peerId)).toMatchObject({ index: 0 })
  expect(answers.get(keeper.peerId)).toMatchObject({ index: 0 })
  expect(answers.get(away.peerId)).toMatchObject({ code: expect.stringMatching(/^PEER_/) })
  // What a host answered is done there.
  for (const name of names.slice(0, 2)) expect([name, tracesOn(name)]).toEqual([name, []])
  expect(await given(row, host, keeper)).toEqual({ bulk: 0, bitswap: false })

  const back = await world.peer('keeper 2', { withdrawals })
  keepers[1] = back
  expect(await given(row, back)).toEqual({ bulk: 0, bitswap: false })
  await expect.poll(() => tracesOn('keeper 2'), { timeout: 10_000 }).toEqual([])

  const after = await told(model)
  expect(after.text).not.toContain(WORDS)
  expect(after.credited).not.toContain(taken)
  expect((await keeper.api.models.built())[0]?.withdrawn).toEqual([taken])
}, 60_000)

// TOMBSTONE-W5, ROWINDEX-R3
test('the revision verifies without the row, the next one lacks it, and so does what is built on it', async () => {
  const [keeper] = keepers as [Peer]
  const late = await world.peer('late')
  await late.api.datanets.find(world.topic)
  expect(await late.api.datanets.fetch(datanet.id)).toMatchObject({ rows: 6, withdrawn: 1 })
  expect(diskOf('late').includes(WORDS)).toBe(false)

  expect(await host.api.datanets.publish(datanet.id)).toMatchObject({ ordinal: 2, rows: 5 })
  expect(await refusal(() => host.api.datanets.publish(datanet.id))).toBe('NOTHING_TO_PUBLISH')
  expect(await keeper.api.datanets.fetch(datanet.id)).toMatchObject({ rows: 5, withdrawn: 0 })
  const next = await world.serve(keeper, datanet.id)
  await agent.api.models.search(world.topic)
  expect((await told(next.model.model)).text).not.toContain(WORDS)
  for (const name of names) expect([name, tracesOn(name)]).toEqual([name, []])
}, 60_000)

// TOMBSTONE-W4
test('a host that hears of no other one holds its rows back until it does', async () => {
  const [keeper, other] = keepers as [Peer, Peer]
  const db = new DatabaseSync(join(world.dirOf('keeper 1'), 'peer.db'), { readOnly: true })
  const kept = db.prepare('SELECT multihash FROM block WHERE key IS NOT NULL LIMIT 1').get()
  db.close()
  const left = CID.createV1(RAW, decodeDigest(kept?.multihash as Uint8Array))
  expect((await given(left, keeper)).bulk).toBe(1)
  await Promise.all([host.stop(), other.stop()])
  const held = { timeout: 15_000, interval: 300 }
  await expect.poll(async () => (await given(left, keeper)).bulk, held).toBe(0)
  expect(await given(left, keeper)).toEqual({ bulk: 0, bitswap: false })
  host = await world.peer('host', { withdrawals })
  await expect.poll(async () => (await given(left, keeper)).bulk, held).toBe(1)
}, 60_000)
