import { join } from 'node:path'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPeer, type Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { signOffer, verifyOffer } from '../../protocol/model/offer.ts'
import { testKey } from '../fixtures/network.ts'
import { ask, createTestWorld, LICENCE, type TestWorld } from '../fixtures/world.ts'

const QUESTION = 'How do I know that a sourdough starter is ripe for baking?'
const FREE = { callWei: 0n, inputTokenWei: 0n, outputTokenWei: 0n }
const LIMITS = { maxCallWei: 1_000_000n, depositWei: 5_000_000n }

let world: TestWorld
let host: Peer
let provider: Peer
let peer: Peer
let datanet: string
let model: string
let offer: string

/** A peer that knows whom to join by and of no chain. */
function chainless(name: string): Promise<Peer> {
  const { bootstrap } = world.network
  return createPeer({ dataDir: world.dirOf(name), bootstrap, limits: LIMITS })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'OK',
    ({ code }) => code
  )
}

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  const made = await world.datanet(host)
  datanet = made.id
  provider = await world.peer('provider')
  const served = await world.serve(provider, datanet, FREE)
  model = served.model.model
  offer = served.offer.offer
  peer = await chainless('free')
})
afterAll(async () => {
  await peer?.stop()
  await world?.stop()
})

test('a peer without a chain says so, and finds Datanets and models', async () => {
  const status = await peer.api.status()
  expect(status).not.toHaveProperty('chainId')
  expect(status).not.toHaveProperty('token')
  expect(status).toMatchObject({
    roles: ['host', 'provider', 'consumer'],
    version: expect.stringMatching(/^\d+\.\d+\.\d+/)
  })
  expect(await host.api.status()).toMatchObject({
    chainId: 31_337,
    token: { symbol: 'DNC', decimals: 18 }
  })
  const { topic } = world.network
  expect(await peer.api.datanets.find({ topic, waitMs: 15_000 })).toMatchObject([{ id: datanet }])
  const found = await peer.api.models.search({ topic, waitMs: 15_000 })
  expect(found).toMatchObject([{ model: { model } }])
})

test('it contributes to the Datanet of another host', async () => {
  const { address } = await peer.api.accounts.create('cat')
  const draft = { datanet, account: address, language: 'en', licence: LICENCE }
  const text = 'A kiln is cooled slowly, since hot clay that meets cold air cracks from its rim.'
  const { contribution, status } = await peer.api.datanets.contribute({
    ...draft,
    ...{ schema: 'text/1', content: { title: 'Kilns', text } }
  })
  expect(status).toBe('pending')
  expect(await host.api.datanets.pending({ datanet })).toMatchObject([{ contribution }])
})

test('it asks a free model, and its receipt holds, also after a restart', async () => {
  const { text, done } = await ask(peer, { model, content: QUESTION })
  expect(text).toContain('doubles within six hours')
  const { callId } = done.receipt
  expect(done.receipt).toMatchObject({ priceWei: 0n, outcome: 'answered' })
  expect(await peer.api.receipts.verify(callId)).toMatchObject(done.receipt)
  await peer.stop()
  peer = await chainless('free')
  await peer.api.models.search({ topic: world.network.topic, waitMs: 15_000 })
  expect(await peer.api.receipts.verify(callId)).toMatchObject(done.receipt)
})

test('a receipt that the receipt signer of its offer did not sign does not hold', async () => {
  const { done } = await ask(peer, { model, content: QUESTION })
  const { callId } = done.receipt
  const database = openDatabase(join(world.dirOf('free'), 'peer.db'))
  try {
    const { bytes } = database.get('SELECT bytes FROM receipt WHERE call_id = ?', callId) ?? {}
    const broken = Uint8Array.from(bytes as Uint8Array)
    const last = broken.byteLength - 1
    broken[last] = (broken[last] ?? 0) ^ 1
    database.run('UPDATE receipt SET bytes = ? WHERE call_id = ?', broken, callId)
    expect(await codeOf(peer.api.receipts.verify(callId))).not.toBe('OK')
    database.run('UPDATE receipt SET bytes = ? WHERE call_id = ?', bytes as Uint8Array, callId)
    expect(await codeOf(peer.api.receipts.verify(callId))).toBe('OK')
    const taken = database.get('SELECT bytes FROM taken_offer')?.bytes as Uint8Array
    const key = await testKey('a stranger')
    const provider = peerIdFromPrivateKey(key).toString()
    const other = await signOffer({ ...(await verifyOffer(taken)).offer, provider }, key)
    database.run('UPDATE taken_offer SET bytes = ?', other.bytes)
    expect(await codeOf(peer.api.receipts.verify(callId))).toBe('CID_MISMATCH')
    database.run('UPDATE taken_offer SET bytes = ?', taken)
  } finally {
    database.close()
  }
})

test('a free call is checked in the domain that the offer names, whatever chain the caller has', async () => {
  const contracts = { ...world.network.contracts, escrow: `0x${'e5'.repeat(20)}` }
  const elsewhere = await world.peer('elsewhere', { contracts })
  await elsewhere.api.models.search({ topic: world.network.topic, waitMs: 15_000 })
  const { done } = await ask(elsewhere, { model, content: QUESTION })
  expect(await elsewhere.api.receipts.verify(done.receipt.callId)).toMatchObject(done.receipt)
})

test('what needs a chain refuses CHAIN_MISSING and says how to get one', async () => {
  const { api, account } = peer
  const draft = {
    ...{ name: 'N', purpose: 'P', topics: ['t'], licences: [LICENCE], consent: 'C' },
    ...{ curators: [account], threshold: 1, reviewApprovals: 1, treasury: account },
    royalty: (await api.datanets.show(datanet)).royalty
  }
  const terms = { model, account, ...FREE }
  for (const [what, work] of Object.entries({
    found: () => api.datanets.create(draft),
    publish: () => api.datanets.publish(datanet),
    fetch: () => api.datanets.fetch(datanet),
    serve: () => api.models.serve(terms),
    open: () => api.channels.open({ offer, depositWei: 1n }),
    post: () => api.rewards.post(),
    owed: () => api.rewards.show(account),
    claim: () => api.rewards.claim(account),
    balance: () => api.accounts.balance(account)
  })) {
    expect(`${what} ${await codeOf(work())}`).toBe(`${what} CHAIN_MISSING`)
  }
  await expect(api.accounts.balance(account)).rejects.toThrow(
    /--network[\s\S]*rpcUrl and contracts[\s\S]*--chain embedded/
  )
})

test('a model that costs something is not asked without a chain', async () => {
  const { account } = provider
  await provider.api.models.serve({ model, account, ...FREE, callWei: 1_000n })
  await peer.api.models.search(world.network.topic)
  const asked = ask(peer, { model, content: QUESTION, retry: false })
  expect(await codeOf(asked)).toBe('CHAIN_MISSING')
})

test('an endpoint without contracts, or contracts without one, is refused', async () => {
  const { bootstrap, contracts, rpcUrl } = world.network
  const init = { dataDir: world.dirOf('half'), bootstrap, limits: LIMITS }
  for (const half of [{ contracts }, { rpcUrl }]) {
    await expect(createPeer({ ...init, ...half })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { key: half.rpcUrl === undefined ? 'rpcUrl' : 'contracts' }
    })
  }
})
