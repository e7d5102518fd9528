import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createChannelStore, type StoredChannel } from '../../peer/store/channels.ts'
import { type Database, openDatabase } from '../../peer/store/database.ts'
import { createDocumentStore } from '../../peer/store/documents.ts'
import { parseCid } from '../../protocol/base/codec.ts'
import { toWire } from '../../protocol/base/schema.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { encodeRequest, invokeAskSchema } from '../../protocol/net/invoke.ts'
import { decodeDrop, encodeDrop } from '../../protocol/reward/drop.ts'
import { UNASSIGNED } from '../../protocol/reward/split.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** What strangers and liars try against a provider, a payer and those who are owed. */
const UNKNOWN = 'Who won the football cup in the year of the comet?'

let paid: PaidWorld
let agent: Peer
let model: string
let offer: string
const opened: Database[] = []

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ model } = paid)
  agent = await paid.agent('agent')
  offer = (await agent.api.models.list())[0]?.offers[0]?.offer ?? ''
})
afterAll(async () => {
  for (const database of opened) database.close()
  await paid?.stop()
})

function databaseOf(name: string): Database {
  const database = openDatabase(join(paid.world.dirOf(name), 'peer.db'))
  opened.push(database)
  return database
}

const callWith = (channel: StoredChannel, content: string) =>
  toWire(invokeAskSchema, {
    request: encodeRequest({
      version: 1,
      callId: new Uint8Array(randomBytes(16)),
      attempt: 0,
      model: parseCid(model),
      offer: parseCid(offer),
      messages: [{ role: 'user', content }],
      maxWei: 5_000n,
      requestSalt: new Uint8Array(16),
      answerSalt: new Uint8Array(16)
    }),
    terms: channel.terms,
    voucher: channel.voucher as Uint8Array
  })

/** What the provider says to a stranger who asks with the payer's newest voucher. */
async function strangerAsks(content: string) {
  const [channel] = createChannelStore(databaseOf('provider')).channels('provider')
  const { pool, node } = await paid.world.node()
  await node.dial(paid.provider.addresses.map((address) => multiaddr(address)))
  const ask = callWith(channel as StoredChannel, content)
  try {
    return await refusal(() => pool.request(paid.provider.peerId, PROTOCOLS.invoke, ask))
  } finally {
    pool.close()
  }
}

// CALL-R6
test('a voucher that became public buys a stranger nothing of what its payer prepaid', async () => {
  await Promise.all(Array.from({ length: 16 }, () => ask(agent, { model, content: UNKNOWN })))
  const { authorisedWei, spentWei } = await paid.agreement(agent)
  // More than one opening of prepaid surplus, or there would be nothing to steal.
  expect(authorisedWei - spentWei).toBeGreaterThan(1_640n)
  expect(await strangerAsks(QUESTION)).toBe('VOUCHER_STALE')
  expect((await ask(agent, { model, content: QUESTION })).done.receipt.outcome).toBe('answered')
})

// USAGE-W1, USAGE-R2
test('text that would stall the tokenizer is refused, by the caller and by the provider', async () => {
  const endless = 'a'.repeat(40_000)
  expect(await refusal(() => ask(agent, { model, content: endless }))).toBe('REQUEST_TOO_LARGE')
  expect(await strangerAsks(endless)).toBe('REQUEST_TOO_LARGE')
})

// CALL-W1
test('an offer that wants more in advance than the caller prepays is not called', async () => {
  const careful = await paid.agent('careful', {
    limits: { maxCallWei: 1_000_000n, prepayWei: 1_639n, depositWei: 1_000_000n }
  })
  expect(await refusal(() => ask(careful, { model, content: QUESTION }))).toBe('PRICE_TOO_HIGH')
  expect(await careful.api.channels.list()).toEqual([])
})

// CALL-R8
test('a payer that falls silent between chunks is not waited for, and owes what it got', async () => {
  const impatient = await paid.world.peer('impatient', { voucherMs: 150 })
  await impatient.api.datanets.find(paid.world.topic)
  await impatient.api.models.search(paid.world.topic)
  const datanet = (await impatient.api.datanets.list())[0]?.id ?? ''
  await impatient.api.datanets.fetch(datanet)
  await impatient.api.models.adopt(model)
  const prices = { callWei: 1n, inputTokenWei: 0n, outputTokenWei: 1n }
  await impatient.api.models.serve({ model, account: impatient.account, ...prices })
  const silent = await paid.world.peer('silent')
  await expect
    .poll(async () => (await silent.api.models.search(paid.world.topic))[0]?.offers.length, {
      timeout: 15_000
    })
    .toBe(2)
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const events = silent.api.models.ask({ model, messages, retry: false })[Symbol.asyncIterator]()
  let deliveredWei = 0n
  for (let type = ''; type !== 'chunk'; ) {
    const { value } = await events.next()
    type = value.type
    if (value.type === 'chunk') deliveredWei = value.costWei
  }
  // It holds the first chunk and pays for no more: the provider ends the call by itself.
  await expect
    .poll(async () => (await impatient.api.receipts.list()).map(({ outcome }) => outcome))
    .toEqual(['interrupted'])
  const rest = async () => {
    for (let step = await events.next(); step.done !== true; step = await events.next());
  }
  expect(await refusal(rest)).toBe('VOUCHER_TIMEOUT')
  const [receipt] = await silent.api.receipts.list()
  expect(receipt?.priceWei).toBeGreaterThanOrEqual(deliveredWei)
  expect(receipt?.provider).toBe(impatient.peerId)
})

test('a made-up drop hides nobody’s reward', async () => {
  await paid.provider.api.channels.claim()
  const [posted] = await paid.provider.api.rewards.post()
  const honest = createDocumentStore(databaseOf('provider')).ofKind('drop')[0]
  const { drop } = decodeDrop(honest?.bytes ?? new Uint8Array())
  const first = drop.leaves.find(({ account }) => account !== UNASSIGNED)
  const datanet = (await paid.provider.api.datanets.list())[0]?.id ?? ''
  const liar = await paid.world.peer('liar')
  await liar.api.datanets.find(paid.world.topic)
  createDocumentStore(databaseOf('liar')).put({
    issuer: honest?.issuer ?? '',
    kind: 'drop',
    id: posted?.pool ?? '',
    seq: Number.MAX_SAFE_INTEGER,
    bytes: encodeDrop({ ...drop, createdAtMs: Number.MAX_SAFE_INTEGER }).bytes,
    labels: [datanet]
  })
  // Announced by fetching: whoever keeps a revision says so.
  await liar.api.datanets.fetch(datanet)
  const account = first?.account ?? ''
  const claimer = await paid.agent('claimer')
  await claimer.api.datanets.find(paid.world.topic)
  await expect
    .poll(() => refusal(() => claimer.api.rewards.claim(account)).catch(() => 'paid'), {
      timeout: 15_000,
      interval: 250
    })
    .toBe('paid')
  expect(await claimer.api.accounts.balance(account)).toBe(first?.cumulativeWei)
})
