import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let world: TestWorld
let peer: Peer
let model: string

beforeAll(async () => {
  world = await createTestWorld()
  // The first of its network and the only one of it: nobody could tell it of itself.
  peer = await world.peer('alone', { bootstrap: [] })
  const { id } = await world.datanet(peer)
  model = (await world.serve(peer, id)).model.model
})
afterAll(() => world?.stop())

test('a peer finds what it hosts and serves itself, without waiting for anyone', async () => {
  const startedAtMs = performance.now()
  expect(await peer.api.models.list()).toMatchObject([{ model: { model }, offers: [{ model }] }])
  expect(await peer.api.models.search(world.network.topic)).toMatchObject([{ model: { model } }])
  expect(await peer.api.datanets.find(world.network.topic)).toMatchObject([{ name: 'Crafts' }])
  expect(await refusal(() => peer.api.models.search('nothing'))).toBe('DISCOVERY_EMPTY')
  // Whoever waited for a first peer would wait five seconds for it each time.
  expect(performance.now() - startedAtMs).toBeLessThan(4_500)
})

test('a peer asks its own priced model and pays for it by a channel like everyone', async () => {
  const { text, done } = await ask(peer, { model, content: QUESTION })
  expect(text).not.toBe('')
  expect(done.receipt).toMatchObject({ outcome: 'answered', provider: peer.peerId, seq: 0 })
  expect(done.receipt.priceWei).toBeGreaterThan(1_000n)
  expect(await peer.api.receipts.verify(done.receipt.callId)).toMatchObject(done.receipt)
  expect(await peer.api.receipts.list()).toHaveLength(1)

  const channels = await peer.api.channels.list()
  expect(channels.map(({ side }) => side).sort()).toEqual(['payer', 'provider'])
  for (const channel of channels) {
    expect(channel).toMatchObject({ spentWei: done.receipt.priceWei, receipts: 1 })
    expect(channel.authorisedWei).toBeGreaterThanOrEqual(done.receipt.priceWei)
  }
  const before = await peer.api.accounts.balance(peer.account)
  const claim = await peer.api.channels.claim()
  expect(claim.claimedWei).toBe(channels[0]?.authorisedWei)
  expect(await peer.api.accounts.balance(peer.account)).toBe(before + claim.operatorWei)
})

test('a call of its own that is broken off leaves the channel in order', async () => {
  const leave = new AbortController()
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const broken = (async () => {
    for await (const event of peer.api.models.ask({ model, messages }, { signal: leave.signal })) {
      if (event.type === 'chunk') leave.abort()
    }
  })()
  await expect(broken).rejects.toMatchObject({ name: 'AbortError' })
  const { done } = await ask(peer, { model, content: QUESTION })
  expect(done.receipt.seq).toBe(2)
})

test('its own refusals reach it by their code', async () => {
  const content = 'x '.repeat(40_000)
  expect(await refusal(() => ask(peer, { model, content }))).toBe('REQUEST_TOO_LARGE')
  expect(await refusal(() => ask(peer, { model, content: QUESTION, maxWei: 2n }))).toBe(
    'PRICE_TOO_HIGH'
  )
})

test('without the DHT it still finds its own', async () => {
  await peer.stop()
  peer = await world.peer('alone', { bootstrap: [], dht: false })
  expect(await peer.api.models.search(world.network.topic)).toMatchObject([{ model: { model } }])
  const { done } = await ask(peer, { model, content: QUESTION })
  expect(done.receipt.seq).toBe(3)
})

test('a model that is retired is offered no more, also after a restart', async () => {
  const { id } = (await peer.api.datanets.list())[0] ?? { id: '' }
  const { model: newer } = await world.serve(peer, id)
  expect(await peer.api.models.retire(model)).toEqual({ model })
  expect(await peer.api.models.search(world.network.topic)).toMatchObject([{ model: newer }])
  expect(await refusal(() => ask(peer, { model, content: QUESTION }))).toBe('MODEL_UNKNOWN')
  expect(await refusal(() => peer.api.models.retire(model))).toBe('MODEL_UNKNOWN')
  await peer.stop()
  peer = await world.peer('alone', { bootstrap: [] })
  expect(await peer.api.models.list()).toMatchObject([{ model: newer }])
})
