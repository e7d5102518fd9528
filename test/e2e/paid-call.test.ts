import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION, TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let paid: PaidWorld
let agent: Peer
let model: string

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ model } = paid)
  agent = await paid.agent('agent')
})
afterAll(() => paid?.stop())

// CALL-W2
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
  expect(await paid.provider.api.receipts.show(callId)).toEqual(
    await agent.api.receipts.show(callId)
  )
  const channel = await paid.agreement(agent)
  expect(channel.spentWei).toBe(done.receipt.priceWei)
})

test('whose an answer is follows from the texts, for whoever fetches them', async () => {
  const { text, done } = await ask(agent, { model, content: QUESTION })
  const { callId, credits } = done.receipt
  const before = await agent.api.receipts.verify(callId)
  expect(before.checks.map(({ what, holds }) => [what, holds])).toEqual([
    ['signature', true],
    ['answer', true],
    ['credits', true],
    ['texts', false]
  ])
  await agent.api.datanets.fetch(before.datanet as string)
  const { checks } = await agent.api.receipts.verify(callId)
  expect(checks.every(({ holds }) => holds)).toBe(true)
  const { question, answer, sentences } = await agent.api.receipts.explain(callId)
  expect([question, answer]).toEqual([QUESTION, text])
  expect(sentences[0]?.parts[0]).toMatchObject({
    contribution: credits[0]?.contribution,
    title: 'Sourdough starter',
    basis: 'span'
  })
  // Of calls that it answered a provider keeps no answers for this.
  expect((await paid.provider.api.receipts.verify(callId)).checks[1]).toMatchObject({
    reason: 'ANSWER_NOT_KEPT'
  })
})

test('eight calls at once on one channel are all answered, and the ledgers agree', async () => {
  const before = (await paid.places(agent)).length
  const answers = await Promise.all(
    TEXTS.slice(0, 8).map(({ title }) => ask(agent, { model, content: `What is a ${title}?` }))
  )
  expect(new Set(answers.map(({ done }) => done.receipt.callId)).size).toBe(8)
  expect(answers.flatMap(({ events }) => events.filter(({ type }) => type === 'retrying'))).toEqual(
    []
  )
  expect(await agent.api.channels.list()).toHaveLength(1)
  const channel = await paid.agreement(agent)
  expect(channel.receipts).toBe(before + 8)
  expect(await paid.places(agent)).toEqual(Array.from({ length: before + 8 }, (_, i) => i))
})

test('a cancelled answer has a receipt of what was delivered, and the channel stays usable', async () => {
  const before = (await paid.places(agent)).length
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
  await paid.agreement(agent)
  expect(await paid.places(agent)).toEqual(Array.from({ length: before + 3 }, (_, i) => i))
})

test('calls cancelled at any moment leave no hole and hold no money back', async () => {
  const hasty = await paid.agent('hasty')
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
  const channel = await paid.agreement(hasty)
  const seqs = await paid.places(hasty)
  expect(seqs).toEqual(seqs.map((_, i) => i))
  expect(channel.authorisedWei - channel.spentWei).toBeLessThan(2_000n)
})

test('a limit below what a call takes up front, or above the peer’s own, is refused unpaid', async () => {
  const before = await agent.api.channels.list()
  const low = { model, content: QUESTION, maxWei: 1_000n }
  expect(await refusal(() => ask(agent, low))).toBe('PRICE_TOO_HIGH')
  const high = { model, content: QUESTION, maxWei: 1_000_001n }
  expect(await refusal(() => ask(agent, high))).toBe('SPENDING_LIMIT')
  const unknown = { model: 'nobody-has-this', content: QUESTION }
  expect(await refusal(() => ask(agent, unknown))).toBe('MODEL_UNKNOWN')
  const large = { model, content: 'x'.repeat(70_000) }
  expect(await refusal(() => ask(agent, large))).toBe('REQUEST_TOO_LARGE')
  expect(await agent.api.channels.list()).toEqual(before)
})

test('an answer that passes the caller’s limit ends there, and is charged as delivered', async () => {
  const { done, text } = await ask(agent, { model, content: QUESTION, maxWei: 1_650n })
  expect(done.receipt.outcome).toBe('interrupted')
  expect(done.receipt.priceWei).toBeLessThanOrEqual(1_650n)
  expect(text.length).toBeGreaterThan(0)
  await paid.agreement(agent)
})
