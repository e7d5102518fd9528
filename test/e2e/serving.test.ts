import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AskEvent } from '../../peer/api/models-api.ts'
import type { Peer } from '../../peer/peer.ts'
import { createModelServer, type ModelServer, sayFirst } from '../fixtures/model-server.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const PRICES = { callWei: 1_000n, inputTokenWei: 0n, outputTokenWei: 10n }
const WAIT_MS = 2_000

let world: TestWorld
let server: ModelServer
let host: Peer
let provider: Peer
let agent: Peer
let account: string
let datanet: string
let model: string
/** Answers that the server holds back until they are let go. */
let isHolding = false
const held: Array<() => void> = []

const offersSeen = async () =>
  (await agent.api.models.search(world.topic).catch(() => [])).flatMap(({ offers }) => offers)
    .length
const answering = () => ask(agent, { model, content: QUESTION })

async function build(name: string): Promise<string> {
  const recipe = { datanet, name, description: 'Answers.', account, upstream: 'gpu' }
  return (await provider.api.models.build(recipe)).model
}

beforeAll(async () => {
  world = await createTestWorld()
  server = await createModelServer({
    base: 'tiny',
    misbehave(asked, response) {
      if (!isHolding) return false
      held.push(() => {
        const choices = [{ message: { content: sayFirst(asked).text }, finish_reason: 'stop' }]
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ model: 'tiny', choices }))
      })
      return true
    }
  })
  const upstream = { name: 'gpu', kind: 'openai' as const, base: 'tiny', url: server.url }
  const upstreams = [{ ...upstream, parallel: 1, queue: 1, waitMs: WAIT_MS }]
  host = await world.peer('host')
  datanet = (await world.datanet(host)).id
  provider = await world.peer('provider', {
    upstreams,
    withdrawals: { syncMs: 300, staleMs: 60_000 }
  })
  await provider.api.datanets.find(world.topic)
  await provider.api.datanets.fetch(datanet)
  account = (await provider.api.accounts.create('builder')).address
  model = await build('crafts')
  await provider.api.models.serve({ model, account, ...PRICES })
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
})
afterAll(async () => {
  await server?.stop()
  await world?.stop()
})

const letGo = () => {
  isHolding = false
  for (const one of held.splice(0)) one()
}

test('a call waits for its place, one more is refused, and who falls behind is not found until it has caught up', async () => {
  await answering()
  isHolding = true
  const first = answering()
  await expect.poll(() => held.length).toBe(1)
  const second = answering()
  // Known to wait: a third finds no place to wait at.
  const third = async () => refusal(answering)
  await expect.poll(third).toBe('PROVIDER_BUSY')
  await expect.poll(offersSeen).toBe(0)
  letGo()
  expect((await first).done.receipt.outcome).toBe('answered')
  await second.catch(() => {})
  await expect.poll(offersSeen).toBe(1)
  expect((await answering()).done.receipt.outcome).toBe('answered')
})

// SERVE-R2
test('an answer that takes longer than its model is given ends, and its place is free again', async () => {
  const slow = await build('slow')
  await provider.api.models.serve({ model: slow, account, ...PRICES, timeoutMs: 300 })
  await agent.api.models.search(world.topic)
  isHolding = true
  expect(await refusal(() => ask(agent, { model: slow, content: QUESTION }))).toBe('ENGINE_TIMEOUT')
  letGo()
  const { done } = await ask(agent, { model: slow, content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
})

// SERVE-W1
test('a newer model takes the place of an older one without a call lost', async () => {
  isHolding = true
  const under = answering()
  await expect.poll(() => held.length).toBe(1)
  const newer = await build('crafts')
  await provider.api.models.serve({ model: newer, account, ...PRICES })
  await provider.api.models.retire(model)
  letGo()
  expect((await under).done.receipt).toMatchObject({ model, outcome: 'answered' })
  // By an offer that the agent still holds.
  expect((await answering()).done.receipt).toMatchObject({ model, outcome: 'answered' })
  const found = async () =>
    (await agent.api.models.search(world.topic)).map((one) => one.model.model)
  await expect.poll(found).toContain(newer)
  const { done } = await ask(agent, { model: newer, content: QUESTION })
  expect(done.receipt).toMatchObject({ model: newer, outcome: 'answered' })
  expect((await provider.api.models.list()).map((one) => one.model.model)).not.toContain(model)
})

test('what is withdrawn is in no answer of the running model any more', async () => {
  const { model: newest } = (await provider.api.models.list())[0]?.model ?? { model: '' }
  const before = await ask(agent, { model: newest, content: QUESTION })
  expect(before.text).toContain('sourdough starter is a')
  const taken = before.done.citations[0]?.contribution ?? ''
  const [owner] = before.done.receipt.credits
  const draft = { datanet, contribution: taken, account: owner?.account ?? '' }
  await host.api.datanets.withdraw(draft as Parameters<typeof host.api.datanets.withdraw>[0])
  const told = async () => {
    let text = ''
    const messages = [{ role: 'user' as const, content: QUESTION }]
    for await (const event of agent.api.models.ask({ model: newest, messages })) {
      text += (event as Extract<AskEvent, { type: 'chunk' }>).text ?? ''
    }
    return text
  }
  await expect
    .poll(told, { timeout: 30_000, interval: 500 })
    .not.toContain('sourdough starter is a')
})
