import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../peer/api/peer-api.ts'
import { createPeer, type Peer } from '../../peer/peer.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { testNode } from '../fixtures/network.ts'
import { ask, createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../fixtures/world.ts'

const LIMITS = { maxCallWei: 1_000_000n, depositWei: 5_000_000n }

let world: TestWorld
const peers = new Map<string, Peer>()

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'OK',
    ({ code }) => code
  )
}

/** Roles that a call was refused for. */
async function missing(work: Promise<unknown>): Promise<Role | undefined> {
  return work.then(
    () => undefined,
    ({ code, details }) => (code === 'ROLE_OFF' ? details.role : undefined)
  )
}

beforeAll(async () => {
  world = await createTestWorld()
  for (const [name, roles] of [
    ['host', ['host']],
    ['provider', ['provider']],
    ['consumer', ['consumer']]
  ] as const) {
    peers.set(name, await world.peer(name, { roles }))
  }
})
afterAll(() => world?.stop())

test.each([
  ['host', ['host']],
  ['provider', ['provider']],
  ['consumer', ['consumer']]
] as const)('a peer that is only %s refuses what the other roles do', async (name, roles) => {
  const { api, account } = peers.get(name) as Peer
  expect((await api.status()).roles).toEqual(roles)
  const of = { name: 'n', description: 'd', account }
  const terms = { model: 'm', account, callWei: 0n, inputTokenWei: 0n, outputTokenWei: 0n }
  const founding = {
    ...{ name: 'Crafts', purpose: 'P', topics: ['x'], licences: [LICENCE], consent: 'C' },
    ...{ curators: [account], threshold: 1, reviewApprovals: 1, treasury: account },
    royalty: ROYALTY
  }
  const refused = await Promise.all([
    missing(api.datanets.create(founding)),
    missing(api.datanets.publish('d')),
    missing(api.models.build({ datanet: 'd', ...of })),
    missing(api.models.adopt('m')),
    missing(api.models.serve(terms)),
    missing(ask(peers.get(name) as Peer, { model: 'm', content: 'q' })),
    missing(api.channels.open({ offer: 'o', depositWei: 1n }))
  ])
  const needed = ['host', 'host', 'provider', 'provider', 'provider', 'consumer', 'consumer']
  expect(refused).toEqual(needed.map((role) => (role === name ? undefined : role)))
})

test('only hosts answer contributions, and only providers answer calls', async () => {
  const { pool } = await world.node()
  for (const [name, peer] of peers) {
    for (const [protocol, role] of [
      [PROTOCOLS.contribute, 'host'],
      [PROTOCOLS.invoke, 'provider']
    ] as const) {
      const code = await codeOf(pool.request(peer.peerId, protocol, {}))
      const isServed = code !== 'PROTOCOL_REFUSED'
      expect(`${name} ${protocol} ${isServed}`).toBe(`${name} ${protocol} ${role === name}`)
    }
  }
})

test('a host of before that is none any more is not announced as one', async () => {
  const first = await world.peer('former')
  const { id } = await world.datanet(first)
  await first.stop()
  // Where nobody remembers what it announced before.
  const other = await testNode('elsewhere', { dht: true })
  const bootstrap = other.getMultiaddrs().map(String)
  const join = (name: string, roles: readonly Role[]) =>
    createPeer({ dataDir: world.dirOf(name), bootstrap, roles, limits: LIMITS })
  const seeker = await join('seeker', ['consumer'])
  const { topic } = world.network
  const former = await join('former', ['consumer'])
  try {
    expect(await former.api.datanets.list()).toMatchObject([{ id }])
    expect(await codeOf(seeker.api.datanets.find({ topic, waitMs: 1_500 }))).toBe('DISCOVERY_EMPTY')
  } finally {
    await former.stop()
  }
  const host = await join('former', ['host'])
  try {
    const found = await seeker.api.datanets.find({ topic, waitMs: 10_000 })
    expect(found).toMatchObject([{ id }])
  } finally {
    await host.stop()
    await seeker.stop()
  }
})
