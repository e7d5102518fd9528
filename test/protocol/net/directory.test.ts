import type { KadDHT } from '@libp2p/kad-dht'
import { afterEach, expect, test } from 'vitest'
import type { PeerNode } from '../../../peer/net/node.ts'
import { isAbort } from '../../../protocol/base/errors.ts'
import {
  createDirectory,
  type Directory,
  type DirectoryInit,
  type Found
} from '../../../protocol/net/directory.ts'
import { rendezvousCid } from '../../../protocol/net/ids.ts'
import { testNode, testSwarm } from '../../fixtures/network.ts'

const open: Directory[] = []
afterEach(() => {
  for (const directory of open.splice(0)) directory.stop()
})

function directoryOf(node: PeerNode, init: DirectoryInit = {}): Directory {
  const directory = createDirectory(node, init)
  open.push(directory)
  return directory
}

async function all(found: AsyncIterable<Found>): Promise<string[]> {
  const out: string[] = []
  for await (const { peer } of found) out.push(peer.toString())
  return out.sort()
}

test('peers find each other by topic across a swarm, each once and never themselves', async () => {
  const [seeker, ...nodes] = (await testSwarm(5)) as [PeerNode, ...PeerNode[]]
  const announcers = nodes.slice(1).map((node) => ({ node, directory: directoryOf(node) }))
  const stored = announcers.map(({ directory }) => directory.announce('topic', 'health'))
  for (const keys of await Promise.all(stored)) expect(keys).toBeGreaterThan(0)
  const all3 = announcers.map(({ node }) => node.peerId.toString()).sort()
  const directory = directoryOf(seeker)
  expect(await all(directory.find('topic', 'health'))).toEqual(all3)
  expect(await all(directory.find('topic', 'health', { limit: 1 }))).toHaveLength(1)
  for (const { node, directory } of announcers) {
    const others = all3.filter((peer) => peer !== node.peerId.toString())
    expect(await all(directory.find('topic', 'health'))).toEqual(others)
  }
  const nothing = all(directory.find('topic', 'law'))
  await expect(nothing).rejects.toMatchObject({ code: 'DISCOVERY_EMPTY' })
})

// NODE-W2
test('what was found can be dialled by a peer that has never met it', async () => {
  const [, announcer, seeker] = (await testSwarm(3)) as [PeerNode, PeerNode, PeerNode]
  await directoryOf(announcer).announce('model', 'm1')
  for await (const { peer } of directoryOf(seeker).find('model', 'm1')) {
    await seeker.hangUp(peer)
    const connection = await seeker.dial(peer)
    expect(connection.remotePeer.equals(announcer.peerId)).toBe(true)
    return
  }
  expect.unreachable()
})

// RENDEZVOUS-W2
test('an announcement made while alone goes out when a first peer comes', async () => {
  const lonely = await testNode('lonely', { dht: true })
  const directory = directoryOf(lonely, { firstPeerMs: 50 })
  expect(await directory.announce('datanet', 'd1')).toBe(0)
  const friend = await testNode('friend', { dht: true, bootstrap: lonely.getMultiaddrs() })
  await directory.settled({ signal: AbortSignal.timeout(10_000) })
  const found = await all(directoryOf(friend).find('datanet', 'd1'))
  expect(found).toEqual([lonely.peerId.toString()])
})

// RENDEZVOUS-R2
test('a search while alone ends as DISCOVERY_EMPTY in bounded time', async () => {
  const lonely = await testNode('lonely', { dht: true })
  const search = all(directoryOf(lonely, { firstPeerMs: 100 }).find('topic', 'health'))
  await expect(search).rejects.toMatchObject({ code: 'DISCOVERY_EMPTY' })
})

// RENDEZVOUS-W1
test('announcements are repeated at half their validity until they are withdrawn', async () => {
  const [first, second] = (await testSwarm(2)) as [PeerNode, PeerNode]
  const dht = first.services.dht as KadDHT
  const provide = dht.provide.bind(dht)
  const provided = { kept: 0, withdrawn: 0 }
  const withdrawn = [0, 1].map((bucket) => rendezvousCid('host', 'withdrawn', bucket).toString())
  dht.provide = (cid, ...rest) => {
    provided[withdrawn.includes(cid.toString()) ? 'withdrawn' : 'kept'] += 1
    return provide(cid, ...rest)
  }
  const directory = directoryOf(first, { validityMs: 200 })
  await directory.announce('host', 'withdrawn')
  await directory.announce('topic', 'kept')
  await expect.poll(() => provided.withdrawn, { timeout: 5_000 }).toBeGreaterThan(4)
  expect(await all(directoryOf(second).find('topic', 'kept'))).toEqual([first.peerId.toString()])
  await directory.withdraw('host', 'withdrawn')
  const before = { ...provided }
  await expect.poll(() => provided.kept, { timeout: 5_000 }).toBeGreaterThan(before.kept + 4)
  expect(provided.withdrawn).toBe(before.withdrawn)
})

test('an aborted search throws the abort reason', async () => {
  const [, node] = (await testSwarm(2)) as [PeerNode, PeerNode]
  const abort = new AbortController()
  const search = all(directoryOf(node).find('topic', 'x', { signal: abort.signal }))
  abort.abort()
  await expect(search).rejects.toSatisfy(isAbort)
})

test('without the DHT everything is DISCOVERY_OFF', async () => {
  const directory = directoryOf(await testNode('off', { dht: false }))
  const off = { code: 'DISCOVERY_OFF' }
  await expect(directory.announce('topic', 'x')).rejects.toMatchObject(off)
  await expect(all(directory.find('topic', 'x'))).rejects.toMatchObject(off)
})

test('refuses a value that is no label', async () => {
  const directory = directoryOf(await testNode('lonely', { dht: true }))
  const invalid = { code: 'INPUT_INVALID' }
  await expect(directory.announce('topic', '')).rejects.toMatchObject(invalid)
  await expect(all(directory.find('topic', ''))).rejects.toMatchObject(invalid)
})
