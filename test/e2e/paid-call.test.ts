import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChannelSummary } from '../../peer/api/money-api.ts'
import type { Peer } from '../../peer/peer.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION, TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let world: TestWorld
let provider: Peer
let agent: Peer
let model: string

beforeAll(async () => {
  world = await createTestWorld()
  const datanet = await world.datanet(await world.peer('host'))
  provider = await world.peer('provider')
  ;({
    model: { model }
  } = await world.serve(provider, datanet.id))
  agent = await agentCalled('agent')
})
afterAll(() => world?.stop())

async function agentCalled(name: string, init: Parameters<TestWorld['peer']>[1] = {}) {
  const peer = await world.peer(name, init)
  await peer.api.models.search(world.network.topic)
  return peer
}

/** The channels between `payer` and the provider, as each side keeps them. */
async function books(payer: Peer): Promise<Array<[ChannelSummary, ChannelSummary | undefined]>> {
  const theirs = await provider.api.channels.list()
  return (await payer.api.channels.list()).map((own) => [
    own,
    theirs.find(({ channelId }) => channelId === own.channelId)
  ])
}

/** Waits until both sides keep the same totals and every receipt is committed. */
async function expectAgreement(payer: Peer): Promise<ChannelSummary> {
  await expect
    .poll(async () => {
      const [[own, their] = []] = await books(payer)
      return [their?.authorisedWei, their?.royaltyWei, their?.receipts, their?.spentWei].join() ===
        [own?.authorisedWei, own?.royaltyWei, own?.receipts, own?.spentWei].join()
        ? 'agreed'
        : [own, their]
    })
    .toBe('agreed')
  const [[own] = []] = await books(payer)
  return own as ChannelSummary
}

/** Receipts of one payer by their place: 0, 1, 2… when there is no hole. */
async function places(payer: Peer): Promise<number[]> {
  return (await payer.api.receipts.list()).map(({ seq }) => seq).sort((a, b) => a - b)
}

test('an answer streams, is paid for to the wei, and its receipt is the same on both sides', async () => {
  const { text, events, done } = await ask(agent, { model, content: QUESTION })
  expect(text).toContain(TEXTS[0]?.text.slice(0, 80))
  expect(events[0]).toMatchObject({ type: 'started', callId: done.receipt.callId })
  const costs = events.flatMap((event) => (event.type === 'chunk' ? [event.costWei] : []))
  expect(costs.length).toBeGreaterThan(2)
  expect(costs).toEqual([...costs].sort((a, b) => Number(a - b)))
  expect(done.receipt.priceWei).toBe(costs.at(-1))
  expect(done.receipt.priceWei).toBe(1_000n + 10n * BigInt(done.receipt.outputTokens))
  expect(done.receipt.royaltyWei).toBe((done.receipt.priceWei * 3n) / 10n)
  expect(done.citations).toMatchObject([{ mark: 1, title: 'Sourdough starter' }])
  expect(done.receipt.credits[0]).toMatchObject({ contribution: done.citations[0]?.contribution })
  const { callId } = done.receipt
  expect(await provider.api.receipts.verify(callId)).toEqual(
    await agent.api.receipts.verify(callId)
  )
  const channel = await expectAgreement(agent)
  expect(channel.spentWei).toBe(done.receipt.priceWei)
})

test('eight calls at once on one channel are all answered, and the ledgers agree', async () => {
  const before = (await places(agent)).length
  const answers = await Promise.all(
    TEXTS.slice(0, 8).map(({ title }) => ask(agent, { model, content: `What is a ${title}?` }))
  )
  expect(new Set(answers.map(({ done }) => done.receipt.callId)).size).toBe(8)
  expect(answers.flatMap(({ events }) => events.filter(({ type }) => type === 'retrying'))).toEqual(
    []
  )
  expect(await agent.api.channels.list()).toHaveLength(1)
  const channel = await expectAgreement(agent)
  expect(channel.receipts).toBe(before + 8)
  expect(await places(agent)).toEqual(Array.from({ length: before + 8 }, (_, i) => i))
})

test('calls go on past the receipts that may be uncommitted, with calls always under way', async () => {
  const busy = await agentCalled('busy')
  const asks = Array.from({ length: 100 }, () => () => ask(busy, { model, content: QUESTION }))
  const lane = async () => {
    for (let next = asks.shift(); next !== undefined; next = asks.shift()) await next()
  }
  await Promise.all(Array.from({ length: 6 }, lane))
  expect((await expectAgreement(busy)).receipts).toBe(100)
})

test('a cancelled answer has a receipt of what was delivered, and the channel stays usable', async () => {
  const before = (await places(agent)).length
  for (const way of ['abort', 'break'] as const) {
    const leave = new AbortController()
    let callId = ''
    let costWei = 0n
    const messages = [{ role: 'user' as const, content: QUESTION }]
    const listen = async () => {
      for await (const event of agent.api.models.ask({ model, messages }, leave)) {
        if (event.type === 'started') callId = event.callId
        if (event.type !== 'chunk') continue
        costWei = event.costWei
        if (way === 'break') break
        leave.abort()
      }
    }
    if (way === 'abort') await expect(listen()).rejects.toMatchObject({ name: 'AbortError' })
    else await listen()
    const receipt = await agent.api.receipts.verify(callId)
    expect(receipt.outcome).toBe('cancelled')
    expect(receipt.priceWei).toBeGreaterThanOrEqual(costWei)
    expect(receipt.outputTokens).toBeLessThan(100)
  }
  const { done } = await ask(agent, { model, content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
  await expectAgreement(agent)
  expect(await places(agent)).toEqual(Array.from({ length: before + 3 }, (_, i) => i))
})

test('calls cancelled at any moment leave no hole and hold no money back', async () => {
  const hasty = await agentCalled('hasty')
  await ask(hasty, { model, content: QUESTION })
  const messages = [{ role: 'user' as const, content: QUESTION }]
  for (let turns = 0; turns < 40; turns++) {
    const leave = new AbortController()
    const call = (async () => {
      for await (const _ of hasty.api.models.ask({ model, messages }, leave));
    })()
    const wait = async () => {
      for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next))
      leave.abort()
    }
    await Promise.all([call.catch((error) => expect(error.name).toBe('AbortError')), wait()])
  }
  await ask(hasty, { model, content: QUESTION })
  const channel = await expectAgreement(hasty)
  const seqs = await places(hasty)
  expect(seqs).toEqual(seqs.map((_, i) => i))
  expect(channel.authorisedWei - channel.spentWei).toBeLessThan(2_000n)
})

test('a limit below what a call takes up front, or above the peer’s own, is refused unpaid', async () => {
  const before = await books(agent)
  const low = { model, content: QUESTION, maxWei: 1_000n }
  expect(await refusal(() => ask(agent, low))).toBe('PRICE_TOO_HIGH')
  const high = { model, content: QUESTION, maxWei: 1_000_001n }
  expect(await refusal(() => ask(agent, high))).toBe('SPENDING_LIMIT')
  const unknown = { model: 'nobody-has-this', content: QUESTION }
  expect(await refusal(() => ask(agent, unknown))).toBe('MODEL_UNKNOWN')
  const large = { model, content: 'x'.repeat(70_000) }
  expect(await refusal(() => ask(agent, large))).toBe('REQUEST_TOO_LARGE')
  expect(await books(agent)).toEqual(before)
})

test('an answer that passes the caller’s limit ends there, and is charged as delivered', async () => {
  const { done, text } = await ask(agent, { model, content: QUESTION, maxWei: 1_650n })
  expect(done.receipt.outcome).toBe('interrupted')
  expect(done.receipt.priceWei).toBeLessThanOrEqual(1_650n)
  expect(text.length).toBeGreaterThan(0)
  await expectAgreement(agent)
})

test('a deposit that runs out is topped up, also under parallel calls', async () => {
  const limits = { maxCallWei: 3_000n, depositWei: 4_000n }
  const frugal = await agentCalled('frugal', { limits })
  await Promise.all(
    Array.from({ length: 8 }, () => ask(frugal, { model, content: QUESTION, retry: false }))
  )
  const channel = await expectAgreement(frugal)
  expect(channel.depositWei).toBeGreaterThan(limits.depositWei)
  expect(channel.depositWei).toBeGreaterThanOrEqual(channel.authorisedWei)
  const { depositWei } = await world.chain.escrow.channel(channel.channelId)
  expect(depositWei).toBe(channel.depositWei)
})

test('an account that cannot pay the deposit is told so, and opens nothing', async () => {
  const poor = await agentCalled('poor', { unfunded: true })
  expect(await refusal(() => ask(poor, { model, content: QUESTION }))).toBe('FUNDS_INSUFFICIENT')
  expect(
    (await poor.api.channels.list()).filter(({ authorisedWei }) => authorisedWei > 0n)
  ).toEqual([])
})

test('both sides restart, and calls go on under the same channel and totals', async () => {
  const before = await expectAgreement(agent)
  await agent.stop()
  await provider.stop()
  provider = await world.peer('provider')
  agent = await agentCalled('agent')
  expect((await books(agent))[0]?.[0]).toEqual(before)
  for (let i = 0; i < 3; i++) await ask(agent, { model, content: QUESTION })
  const after = await expectAgreement(agent)
  expect(after.channelId).toBe(before.channelId)
  expect(after.receipts).toBe(before.receipts + 3)
  expect(after.authorisedWei).toBeGreaterThan(before.authorisedWei)
  expect(after.royaltyWei).toBeGreaterThan(before.royaltyWei)
  expect(await agent.api.channels.list()).toHaveLength(1)
})
