import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectPeer } from '../../../peer/api/client.ts'
import type { PeerApi } from '../../../peer/api/peer-api.ts'
import { type PeerApiServer, servePeerApi } from '../../../peer/api/server.ts'
import type { Peer } from '../../../peer/peer.ts'
import { ask, createTestWorld, LICENCE, type TestWorld } from '../../fixtures/world.ts'

// Every step of this loop goes over HTTP: founding, contributing, serving, asking, being paid.
const TOKEN = 'an-admin-token'
const CONTENT = 'When is a sourdough starter ripe for baking?'

let world: TestWorld
const servers: PeerApiServer[] = []
let host: Remote
let provider: Remote
let agent: Remote
let datanet: string
let model: string
let offer: string
let people: string[]

/** A peer whose `api` goes over HTTP, beside the one in this process. */
interface Remote extends Peer {
  readonly here: PeerApi
}

async function remote(name: string): Promise<Remote> {
  const peer = await world.peer(name)
  const tokens = [{ token: TOKEN, admin: true }]
  const server = await servePeerApi({ api: peer.api, tokens, maxCallWei: 1_000_000n })
  servers.push(server)
  return { ...peer, here: peer.api, api: connectPeer({ url: server.url, token: TOKEN }) }
}

beforeAll(async () => {
  world = await createTestWorld({ dropDelayS: 1 })
  host = await remote('host')
  provider = await remote('provider')
  agent = await remote('agent')
  const founded = await world.datanet(host)
  datanet = founded.id
  people = founded.people
  const served = await world.serve(provider, datanet)
  model = served.model.model
  offer = served.offer.offer
  await agent.api.models.search(world.topic)
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await world?.stop()
})

const outcome = async (run: () => Promise<unknown>) => {
  try {
    return { result: await run() }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code, message }
  }
}

/** Both ways of one call: the same result, or the same refusal. */
async function same(peer: Remote, call: (api: PeerApi) => Promise<unknown>) {
  const [there, here] = [await outcome(() => call(peer.api)), await outcome(() => call(peer.here))]
  expect(there).toEqual(here)
  return there
}

test('a question that is paid streams the same events and leaves the same books', async () => {
  const { events, text, done } = await ask(agent, { model, content: CONTENT })
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['started', 'chunk', 'done'])
  )
  expect(text).toMatch(/starter/i)
  expect(done.receipt.priceWei).toBeGreaterThan(0n)
  expect(done.citations.length).toBeGreaterThan(0)
  const again = await ask({ ...agent, api: agent.here }, { model, content: CONTENT })
  expect(again.text).toBe(text)
  expect(again.done.citations).toEqual(done.citations)
  expect(again.done.receipt.credits).toEqual(done.receipt.credits)

  const { callId } = done.receipt
  expect(await same(agent, (api) => api.receipts.show(callId))).toEqual({ result: done.receipt })
  expect(await same(agent, (api) => api.receipts.verify(callId))).toMatchObject({
    result: done.receipt
  })
  await same(agent, (api) => api.receipts.list())
  await same(agent, (api) => api.channels.list())
  await same(provider, (api) => api.channels.list())
})

test('everything that can be read is the same on both sides', async () => {
  for (const call of [
    (api: PeerApi) => api.status(),
    (api: PeerApi) => api.accounts.list(),
    (api: PeerApi) => api.accounts.balance(provider.account),
    (api: PeerApi) => api.datanets.list(),
    (api: PeerApi) => api.datanets.show(datanet),
    (api: PeerApi) => api.datanets.head(datanet),
    (api: PeerApi) => api.datanets.find(world.topic),
    (api: PeerApi) => api.datanets.fetch(datanet),
    (api: PeerApi) => api.models.built(),
    (api: PeerApi) => api.models.list()
  ]) {
    expect(await same(provider, call)).toHaveProperty('result')
  }
  // A search for what nobody else serves would wait for the end of the walk.
  expect(await same(agent, (api) => api.models.search(world.topic))).toHaveProperty('result')
  expect(await same(host, (api) => api.datanets.pending({ datanet }))).toEqual({ result: [] })
})

test('everything that is refused is refused with the same code and words', async () => {
  const [account] = people
  const content = { title: 't', text: 'x' }
  const of = { datanet, account: account as string, schema: 'text/1', content }
  const draft = { ...of, language: 'en' }
  for (const [code, call] of [
    ['DATANET_UNKNOWN', (api: PeerApi) => api.datanets.show('nothing')],
    ['NOTHING_TO_PUBLISH', (api: PeerApi) => api.datanets.publish(datanet)],
    [
      'SIGNER_UNEXPECTED',
      (api: PeerApi) =>
        api.datanets.contribute({ ...draft, account: agent.account, licence: LICENCE })
    ],
    [
      'LICENCE_REFUSED',
      (api: PeerApi) => api.datanets.contribute({ ...draft, licence: 'all rights reserved' })
    ],
    ['RECEIPT_UNKNOWN', (api: PeerApi) => api.receipts.show('0'.repeat(32))],
    ['INPUT_INVALID', (api: PeerApi) => api.accounts.create('own')],
    ['MODEL_UNKNOWN', (api: PeerApi) => ask({ ...host, api }, { model: 'nothing', content: 'x' })],
    [
      'SPENDING_LIMIT',
      (api: PeerApi) => ask({ ...agent, api }, { model, content: 'x', maxWei: 10n ** 30n })
    ]
  ] as const) {
    const peer = code === 'SPENDING_LIMIT' ? agent : host
    expect(await same(peer, call)).toMatchObject({ code })
  }
})

test('a revision is published with its progress, and contributions wait in between', async () => {
  const account = await host.api.accounts.create('cleo')
  const curator = (await host.api.accounts.list()).find(({ label }) => label === 'curator')
  const text = 'A hammer handle of ash is soaked in linseed oil before it is wedged into the head.'
  const of = { schema: 'text/1', content: { title: 'Handles', text } }
  const draft = { ...of, language: 'en', licence: LICENCE, datanet }
  const { contribution, status } = await host.api.datanets.contribute({
    ...draft,
    account: account.address
  })
  expect(status).toBe('pending')
  const waiting = await same(host, (api) => api.datanets.pending({ datanet }))
  expect(waiting).toMatchObject({ result: [{ contribution, contributor: account.address, text }] })
  const verdict = {
    datanet,
    contribution,
    verdict: 'approve',
    account: curator?.address ?? ''
  } as const
  expect(await host.api.datanets.review(verdict)).toEqual({ status: 'accepted' })
  const revision = await host.api.datanets.publish(datanet, { onProgress: () => {} })
  expect(revision.ordinal).toBe(2)
  expect(await host.here.datanets.head(datanet)).toEqual(revision)
  const told: string[] = []
  await provider.api.datanets.fetch(datanet, { onProgress: ({ text }) => told.push(text) })
  await provider.api.models.build(
    { datanet, name: 'crafts-again', description: 'More.', account: provider.account },
    { onProgress: ({ text }) => told.push(text) }
  )
  expect(told).toContain('reading the passages')
})

test('a channel is opened, its vouchers are claimed, and contributors are paid', async () => {
  const opened = await agent.api.channels.open({ offer, depositWei: 70_000n })
  expect(opened).toMatchObject({ side: 'payer', depositWei: 70_000n, peer: provider.peerId })
  expect(await agent.here.channels.list()).toContainEqual(opened)

  const claimed = await provider.api.channels.claim()
  expect(claimed.claimedWei).toBeGreaterThan(0n)
  expect(claimed.claimedWei).toBe(claimed.operatorWei + claimed.royaltyWei)
  const [drop] = await provider.api.rewards.post()
  expect(drop?.totalWei).toBeGreaterThan(0n)
  await expect
    .poll(() => world.chain.nowMs(), { timeout: 15_000, interval: 100 })
    .toBeGreaterThan(drop?.claimableAtMs ?? Number.POSITIVE_INFINITY)
  let paidWei = 0n
  for (const account of people) {
    await same(provider, (api) => api.rewards.show(account))
    const [reward] = await provider.api.rewards.show(account)
    if (reward === undefined || reward.claimableWei === 0n) continue
    const before = await provider.api.accounts.balance(account)
    const { claimedWei } = await provider.api.rewards.claim(account)
    expect(claimedWei).toBe(reward.claimableWei)
    expect(await provider.here.accounts.balance(account)).toBe(before + claimedWei)
    paidWei += claimedWei
  }
  expect(paidWei).toBeGreaterThan(0n)
})

test('an answer that is broken off is cancelled at the provider, and nothing runs on', async () => {
  const leaving = new AbortController()
  const { signal } = leaving
  const messages = [{ role: 'user' as const, content: CONTENT }]
  const reading = (async () => {
    for await (const event of agent.api.models.ask({ model, messages }, { signal })) {
      if (event.type === 'chunk') leaving.abort()
    }
  })()
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(() => servers.map(({ calls }) => calls)).toEqual([0, 0, 0])
  // The channel is not hurt by it.
  const { done } = await ask(agent, { model, content: CONTENT })
  expect(done.receipt.outcome).toBe('answered')
})
