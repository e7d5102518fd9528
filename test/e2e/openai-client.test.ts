import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway, type Gateway } from '../../peer/faces/gateway/gateway.ts'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'

let paid: PaidWorld
let agent: Peer
const gateways: Gateway[] = []
const messages = [{ role: 'user' as const, content: QUESTION }]
const MODEL = 'crafts-answers'

beforeAll(async () => {
  paid = await createPaidWorld()
  agent = await paid.agent('agent')
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop()
  await paid?.stop()
})

async function clientOf(capWei: bigint, maxCallWei: bigint) {
  const gateway = await createGateway({ api: agent.api, capWei, maxCallWei })
  gateways.push(gateway)
  return {
    gateway,
    client: new OpenAI({ baseURL: gateway.url, apiKey: gateway.token, maxRetries: 0 })
  }
}

interface Extension {
  x_datanet: { receipt: string; costWei: string; royaltyWei: string; citations: unknown[] }
}

test('an unmodified client lists the model that the peer has found', async () => {
  const { client } = await clientOf(100_000n, 10_000n)
  const models = await client.models.list()
  expect(models.data.map(({ id }) => id)).toEqual([MODEL])
})

test('it streams a chat: the answer, the call’s id in a header, the costs in the usage', async () => {
  const { client, gateway } = await clientOf(100_000n, 10_000n)
  const { data, response } = await client.chat.completions
    .create({ model: MODEL, messages, stream: true, stream_options: { include_usage: true } })
    .withResponse()
  let text = ''
  let usage: (OpenAI.CompletionUsage & Partial<Extension>) | null | undefined
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  const callId = response.headers.get('x-datanet-call-id') ?? ''
  const receipt = await paid.provider.api.receipts.show(callId)
  expect(await agent.api.receipts.verify(callId)).toMatchObject({ ...receipt })
  expect(text).toBe((await ask(agent, { model: paid.model, content: QUESTION })).text)
  expect(usage?.completion_tokens).toBe(receipt.outputTokens)
  expect(usage?.x_datanet).toMatchObject({
    receipt: callId,
    costWei: `${receipt.priceWei}`,
    royaltyWei: `${receipt.royaltyWei}`,
    citations: [{ mark: 1, title: 'Sourdough starter' }]
  })
  expect(gateway.spentWei).toBe(receipt.priceWei)
})

test('it asks without streaming, and the receipt is the peer’s own', async () => {
  const { client } = await clientOf(100_000n, 10_000n)
  const { data, response } = await client.chat.completions
    .create({ model: paid.model, messages })
    .withResponse()
  expect(data.choices[0]?.message.content).toContain('sourdough starter')
  const callId = response.headers.get('x-datanet-call-id') ?? ''
  expect((data.usage as unknown as Extension).x_datanet.receipt).toBe(callId)
  expect((await agent.api.receipts.verify(callId)).outcome).toBe('answered')
})

test('the spending cap holds: what does not fit is refused and not paid', async () => {
  const { client, gateway } = await clientOf(3_000n, 3_000n)
  await client.chat.completions.create({ model: MODEL, messages })
  const before = await agent.api.channels.list()
  const refused = client.chat.completions.create({ model: MODEL, messages })
  await expect(refused).rejects.toMatchObject({ status: 402, code: 'SPENDING_LIMIT' })
  expect(await agent.api.channels.list()).toEqual(before)
  expect(gateway.spentWei).toBeLessThanOrEqual(3_000n)
})

test('a client that leaves mid-answer pays for what it got, and the next one is served', async () => {
  const { client } = await clientOf(100_000n, 10_000n)
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true })
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
  await paid.agreement(agent)
  const { done } = await ask(agent, { model: paid.model, content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
  await paid.agreement(agent)
  const seqs = await paid.places(agent)
  expect(seqs).toEqual(seqs.map((_, i) => i))
})
