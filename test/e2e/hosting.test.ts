import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unixfs } from '@helia/unixfs'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createHelia } from '../../peer/content/helia.ts'
import type { Peer } from '../../peer/peer.ts'
import { SqliteBlockstore } from '../../peer/store/blocks.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { cidOf, RAW } from '../../protocol/base/codec.ts'
import { serveExchange } from '../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { verifyIpns } from '../../protocol/net/ipns.ts'
import { ask, createTestWorld, LICENCE, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let world: TestWorld
let host: Peer
let keeper: Peer
let volunteer: Peer
let liar: string
let datanet: { id: string; people: string[]; curators: readonly string[] }

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  keeper = await world.peer('keeper')
  const { node } = await world.node()
  liar = node.peerId.toString()
  // It says that it has everything, and proves what it makes up.
  await serveExchange(node, PROTOCOLS.host, async function* () {
    yield* []
    return { ordinal: 1, proof: new Uint8Array(randomBytes(32)) }
  })
  await node.dial(host.addresses.map((address) => multiaddr(address)))
  datanet = await world.datanet(host, TEXTS.slice(0, 3), { hosts: [keeper.peerId, liar] })
})
afterAll(() => world?.stop())

const replicaOf = async (peer: string) =>
  (await host.api.datanets.replicas(datanet.id)).find((one) => one.peer === peer)

async function give(text: (typeof TEXTS)[number]): Promise<void> {
  const account = datanet.people[0] as string
  const draft = { datanet: datanet.id, account, schema: 'text/1', content: { ...text } }
  const { contribution } = await host.api.datanets.contribute({
    ...{ ...draft, language: 'en', licence: LICENCE }
  })
  const verdict = { verdict: 'approve' as const, account: datanet.curators[0] as string }
  await host.api.datanets.review({ datanet: datanet.id, contribution, ...verdict })
  await host.api.datanets.publish(datanet.id)
}

/** Reads a file at a peer as any IPFS node would: by bitswap alone. */
async function plainReader(of: Peer) {
  const { node } = await world.node()
  const helia = await createHelia(node, new MemoryBlockstore())
  const stop = async (): Promise<void> => void (await helia.stop())
  onTestFinished(stop)
  await node.dial(of.addresses.map((address) => multiaddr(address)))
  const fs = unixfs(helia)
  const read = async (root: CID, path: string) => {
    const parts: Uint8Array[] = []
    const signal = AbortSignal.timeout(3_000)
    for await (const part of fs.cat(root, { path, signal })) parts.push(part)
    return Buffer.concat(parts).toString()
  }
  return Object.assign(read, { fs, stop })
}

// HOSTING-W1, HOSTING-R2
test('a host that the manifest names is told of a revision, keeps it and proves it', async () => {
  await expect.poll(() => replicaOf(keeper.peerId)).toMatchObject({ ordinal: 1, isVerified: true })
  expect(await replicaOf(liar)).toMatchObject({ ordinal: 1, isVerified: false })
  expect(await keeper.api.datanets.head(datanet.id)).toMatchObject({ ordinal: 1, rows: 3 })
})

// HOSTING-W2
test('who decides to host keeps up with new revisions by itself, and gives them on', async () => {
  volunteer = await world.peer('volunteer', { hosting: { everyMs: 200 } })
  const draft = { datanet: datanet.id, isOn: true }
  expect(await refusal(() => volunteer.api.datanets.host(draft))).toBe('DATANET_UNKNOWN')
  await volunteer.api.datanets.find(world.topic)
  const seen: number[] = []
  const hosted = await volunteer.api.datanets.host(draft, {
    onProgress: ({ done }) => seen.push(done)
  })
  expect(hosted).toMatchObject({ isHost: true, ordinal: 1 })
  expect(Math.max(...seen)).toBeGreaterThanOrEqual(3)
  const first = await host.api.datanets.name(datanet.id)
  await give(TEXTS[3] as (typeof TEXTS)[number])
  const { content } = await host.api.datanets.head(datanet.id)
  const named = await host.api.datanets.name(datanet.id)
  expect([named.name, named.sequence]).toEqual([first.name, first.sequence + 1])
  const record = Uint8Array.from(Buffer.from(named.record, 'base64'))
  const said = await verifyIpns(record, named.name, Date.now())
  expect(said.value).toBe(`/ipfs/${content}`)
  const ordinalAt = async (peer: Peer) => (await peer.api.datanets.head(datanet.id)).ordinal
  await expect.poll(() => ordinalAt(volunteer)).toBe(2)
  await expect.poll(() => ordinalAt(keeper)).toBe(2)
  expect(await volunteer.api.datanets.host({ ...draft, isOn: false })).toMatchObject({
    ...{ isHost: false, ordinal: 2 }
  })
})

test('what nothing refers to is cleaned away, and what models and readers need stays', async () => {
  const { model } = await world.serve(keeper, datanet.id)
  await give(TEXTS[4] as (typeof TEXTS)[number])
  await give(TEXTS[5] as (typeof TEXTS)[number])
  const { blocks, bytes } = await host.api.datanets.clean()
  expect(blocks).toBeGreaterThan(0)
  expect(bytes).toBeGreaterThan(0)
  expect(await host.api.datanets.clean()).toEqual({ blocks: 0, bytes: 0 })
  await expect.poll(() => replicaOf(keeper.peerId)).toMatchObject({ ordinal: 4, isVerified: true })
  await keeper.api.datanets.clean()
  const late = await world.peer('late')
  await late.api.datanets.find(world.topic)
  expect(await late.api.datanets.fetch(datanet.id)).toMatchObject({ rows: 6 })
  await late.api.models.search(world.topic)
  const content = `What is a ${TEXTS[0]?.title}?`
  expect((await ask(late, { model: model.model, content })).text).not.toBe('')
})

// FILES-W1
test('files are kept by hosts as well, stay when they clean, and go with their contribution', async () => {
  const media = await world.datanet(host, [], {
    ...{ name: 'Leaflets', schemas: ['file/1'], hosts: [keeper.peerId] },
    files: { mimes: ['text/csv'], maxBytes: 1_000_000 }
  })
  const words = 'needle,thread\nno. 7,waxed linen of Marrowby\n'
  const account = media.people[0] as string
  const { contribution } = await host.api.datanets.contribute({
    ...{ datanet: media.id, account, schema: 'file/1', language: 'en', licence: LICENCE },
    content: { name: 'nets.csv', data: Buffer.from(words).toString('base64'), caption: 'Needles.' }
  })
  const verdict = { verdict: 'approve' as const, account: media.curators[0] as string }
  await host.api.datanets.review({ datanet: media.id, contribution, ...verdict })
  await host.api.datanets.publish(media.id)
  const root = cidOf(new TextEncoder().encode(words), RAW)
  const isAt = (name: string) => {
    const db = openDatabase(join(world.dirOf(name), 'peer.db'))
    const block = new SqliteBlockstore(db).read(root)
    db.close()
    return block?.isWithdrawable ?? false
  }
  await expect.poll(() => isAt('keeper')).toBe(true)
  const plain = await plainReader(keeper)
  const first = CID.parse((await keeper.api.datanets.head(media.id)).content)
  expect(await plain(first, `files/${root}`)).toBe(words)
  // Its copy is outside: nobody could take it back.
  await plain.stop()
  // Who only reads the rows has the list of the files, and none of them.
  await volunteer.api.datanets.find(world.topic)
  await volunteer.api.datanets.fetch(media.id)
  expect(isAt('volunteer')).toBe(false)
  for (const peer of [host, keeper]) await peer.api.datanets.clean()
  expect(['host', 'keeper'].map(isAt)).toEqual([true, true])
  await host.api.datanets.withdraw({ datanet: media.id, contribution, account })
  expect(['host', 'keeper'].map(isAt)).toEqual([false, false])
  for (const name of ['host', 'keeper']) {
    const disk = ['peer.db', 'peer.db-wal'].map((file) =>
      readFileSync(join(world.dirOf(name), file))
    )
    expect(Buffer.concat(disk).includes('waxed linen')).toBe(false)
  }
  const later = await plainReader(keeper)
  await expect(later(first, `files/${root}`)).rejects.toThrow()
  // The next revision does not name it any more.
  const other = await host.api.datanets.contribute({
    ...{ datanet: media.id, account, schema: 'file/1', language: 'en', licence: LICENCE },
    content: { name: 'pins.csv', data: Buffer.from('pin,steel\n').toString('base64') }
  })
  await host.api.datanets.review({ datanet: media.id, ...other, ...verdict })
  const second = CID.parse((await host.api.datanets.publish(media.id)).content)
  await expect.poll(async () => (await keeper.api.datanets.head(media.id)).ordinal).toBe(2)
  const names: string[] = []
  const signal = AbortSignal.timeout(10_000)
  for await (const { name } of later.fs.ls(second, { path: 'files', signal })) names.push(name)
  expect(names).toEqual([cidOf(Buffer.from('pin,steel\n'), RAW).toString()])
})
