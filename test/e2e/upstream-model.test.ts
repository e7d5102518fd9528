import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway, type Gateway } from '../../peer/faces/gateway/gateway.ts'
import type { Peer } from '../../peer/peer.ts'
import { makeAdapter } from '../fixtures/make-adapter.ts'
import {
  type Asked,
  createModelServer,
  type ModelServer,
  type Said,
  sayFirst
} from '../fixtures/model-server.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const KEY = 'sk-of-the-server'
const PRICES = { callWei: 1_000n, inputTokenWei: 1n, outputTokenWei: 10n }
const messages = [{ role: 'user' as const, content: QUESTION }]

let world: TestWorld
let server: ModelServer
let provider: Peer
let agent: Peer
let gateway: Gateway
let client: OpenAI
let model: string
let datanet: { id: string; people: string[] }
let says: (asked: Asked) => Said = sayFirst
let misbehaves: ((response: import('node:http').ServerResponse) => void) | undefined

beforeAll(async () => {
  world = await createTestWorld()
  server = await createModelServer({
    base: 'tiny',
    apiKey: KEY,
    say: (asked) => says(asked),
    misbehave(_, response) {
      misbehaves?.(response)
      return misbehaves !== undefined
    }
  })
  const upstream = { name: 'gpu', kind: 'vllm' as const, base: 'some/tiny', model: 'tiny' }
  const upstreams = [{ ...upstream, url: server.url, apiKey: KEY, firstMs: 1_000 }]
  const host = await world.peer('host')
  datanet = await world.datanet(host)
  provider = await world.peer('provider', { upstreams })
  await provider.api.datanets.find(world.topic)
  await provider.api.datanets.fetch(datanet.id)
  const { address: account } = await provider.api.accounts.create('builder')
  const recipe = { datanet: datanet.id, name: 'crafts-words', description: 'Answers.', account }
  const built = await provider.api.models.build({ ...recipe, upstream: 'gpu' })
  expect(built).toMatchObject({ engine: 'openai', name: 'crafts-words' })
  model = built.model
  await provider.api.models.serve({ model, account, ...PRICES })
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
  gateway = await createGateway({ api: agent.api, capWei: 10_000_000n, maxCallWei: 200_000n })
  client = new OpenAI({ baseURL: gateway.url, apiKey: gateway.token, maxRetries: 0 })
})
afterAll(async () => {
  await gateway?.stop()
  await server?.stop()
  await world?.stop()
})

test('a language model’s answer is paid for, cited and credited as any other', async () => {
  const { text, done } = await ask(agent, { model, content: QUESTION })
  expect(text).toMatch(/^A sourdough starter is a culture of wild yeast .* from a packet\. \[1\]$/)
  expect(done.citations).toMatchObject([{ mark: 1, title: 'Sourdough starter' }])
  expect(done.receipt).toMatchObject({ outcome: 'answered', model })
  expect(done.receipt.credits).toMatchObject([{ account: datanet.people[0], basis: 'span' }])
  expect(await agent.api.receipts.verify(done.receipt.callId)).toMatchObject(done.receipt)
})

test('an unmodified client has its tools called, streamed and whole, and goes on with the result', async () => {
  says = ({ messages: told }) =>
    told.at(-1)?.role === 'tool'
      ? { text: `The shop has ${told.at(-1)?.content} of flour.` }
      : { text: 'I look.', calls: [{ name: 'stock', arguments: '{"of":"flour"}' }] }
  const tools = [
    {
      type: 'function' as const,
      function: { name: 'stock', parameters: { type: 'object', properties: {} } }
    }
  ]
  const whole = await client.chat.completions.create({ model: 'crafts-words', messages, tools })
  const [choice] = whole.choices
  expect(choice).toMatchObject({
    finish_reason: 'tool_calls',
    message: { content: 'I look.', tool_calls: [{ type: 'function', function: { name: 'stock' } }] }
  })
  const stream = client.chat.completions.stream({ model: 'crafts-words', messages, tools })
  const streamed = await stream.finalChatCompletion()
  expect(streamed.choices[0]?.message.tool_calls).toEqual(
    choice?.message.tool_calls?.map((call) => expect.objectContaining(call))
  )
  expect(streamed.choices[0]?.message.content).toBe('I look.')
  const [call] = choice?.message.tool_calls ?? []
  const answer = await client.chat.completions.create({
    model: 'crafts-words',
    tools,
    messages: [
      ...messages,
      choice?.message as OpenAI.ChatCompletionMessageParam,
      { role: 'tool', tool_call_id: call?.id ?? '', content: '3 kg' }
    ]
  })
  expect(answer.choices[0]?.message.content).toBe('The shop has 3 kg of flour.')
  expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({ role: 'tool', content: '3 kg' })
  says = sayFirst
})

test('a schema goes through to the server, and what it costs is counted on both sides', async () => {
  says = () => ({ text: '{"needs":["flour","water"]}' })
  const schema = { type: 'object', properties: { needs: { type: 'array' } } }
  const { data, response } = await client.chat.completions
    .create({
      model: 'crafts-words',
      messages,
      response_format: { type: 'json_schema', json_schema: { name: 'needs', schema, strict: true } }
    })
    .withResponse()
  says = sayFirst
  expect(JSON.parse(data.choices[0]?.message.content ?? '')).toEqual({ needs: ['flour', 'water'] })
  expect(server.asked.at(-1)?.response_format).toMatchObject({ type: 'json_schema' })
  const receipt = await agent.api.receipts.verify(response.headers.get('x-datanet-call-id') ?? '')
  const plain = await ask(agent, { model, content: QUESTION })
  expect(receipt.inputTokens).toBeGreaterThan(plain.done.receipt.inputTokens)
  expect(receipt.inputTokens).toBe(data.usage?.prompt_tokens)
})

test('what the server fails at has its own code and costs nothing before the first word', async () => {
  const spent = gateway.spentWei
  misbehaves = (response) => response.writeHead(429, { 'retry-after': '3' }).end('{}')
  const create = () => client.chat.completions.create({ model: 'crafts-words', messages })
  await expect(create()).rejects.toMatchObject({ status: 503, code: 'PROVIDER_BUSY' })
  misbehaves = (response) => response.writeHead(500).end('/home/secret')
  await expect(create()).rejects.toMatchObject({ status: 502, code: 'ENGINE_FAILED' })
  misbehaves = () => {}
  await expect(create()).rejects.toMatchObject({ status: 504, code: 'ENGINE_TIMEOUT' })
  misbehaves = undefined
  expect(gateway.spentWei).toBe(spent)
  expect((await create()).choices[0]?.finish_reason).toBe('stop')
})

test('an answer that breaks off is paid as far as it came', async () => {
  const part = { choices: [{ delta: { content: 'Feed it every day. Then wait for it to' } }] }
  misbehaves = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${JSON.stringify(part)}\n\n`, () => response.destroy())
  }
  let text = ''
  const failing = async () => {
    for await (const event of agent.api.models.ask({ model, messages })) {
      if (event.type === 'chunk') text += event.text
    }
  }
  expect(await refusal(failing)).toBe('ENGINE_FAILED')
  misbehaves = undefined
  expect(text).toBe('Feed it every day. ')
  const [receipt] = (await agent.api.receipts.list()).filter(
    ({ outcome }) => outcome === 'interrupted'
  )
  expect(receipt?.outputTokens).toBeGreaterThan(0)
})

test('adapters on one base are models of their own, loaded when they are asked', async () => {
  const { address: account } = await provider.api.accounts.ensure('builder')
  const built = []
  for (const voice of ['Baker: ', 'Sailor: ']) {
    const name = voice.slice(0, -2).toLowerCase()
    const adapter = makeAdapter(join(world.dirOf('adapters'), name), { voice, base: 'some/tiny' })
    const recipe = { datanet: datanet.id, name, description: voice, account, upstream: 'gpu' }
    const one = await provider.api.models.build({ ...recipe, adapter })
    await provider.api.models.serve({ model: one.model, account, ...PRICES })
    built.push({ ...one, voice })
  }
  await agent.api.models.search(world.topic)
  for (const { model: id, voice, adapter } of built) {
    const { text, done } = await ask(agent, { model: id, content: QUESTION })
    expect(text).toMatch(new RegExp(`^${voice}A sourdough starter`))
    expect(done.receipt.model).toBe(id)
    expect(server.loaded).toContain(adapter)
  }
  const listed = (await agent.api.models.list()).find((one) => one.model.name === 'sailor')
  expect(listed).toMatchObject({
    model: { base: 'some/tiny', adapter: built[1]?.adapter },
    offers: [{ isWarm: true }]
  })
  const { address } = await provider.api.accounts.ensure('builder')
  const recipe = { datanet: datanet.id, name: 'x', description: 'x', account: address }
  const adapter = makeAdapter(join(world.dirOf('adapters'), 'foreign'), { base: 'other/base' })
  const building = () => provider.api.models.build({ ...recipe, upstream: 'gpu', adapter })
  expect(await refusal(building)).toBe('ADAPTER_REFUSED')
  expect(await refusal(() => provider.api.models.build({ ...recipe, adapter }))).toBe(
    'INPUT_INVALID'
  )
})

test('no face has a way to the routes by which adapters are managed', async () => {
  const moves = server.moves.length
  for (const path of ['load_lora_adapter', 'unload_lora_adapter', '../lora-adapters']) {
    const response = await fetch(`${gateway.url}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.token}` },
      body: JSON.stringify({ lora_name: 'x', lora_path: '/etc' })
    })
    expect(response.status).toBe(404)
  }
  const raw = { model: '../v1/load_lora_adapter', messages }
  await expect(client.chat.completions.create(raw)).rejects.toMatchObject({ status: 404 })
  expect(server.moves).toHaveLength(moves)
})

test('a peer without the base refuses to build on it, and to take the model on', async () => {
  const other = await world.peer('other')
  await other.api.datanets.find(world.topic)
  await other.api.models.search(world.topic)
  expect(await refusal(() => other.api.models.adopt(model))).toBe('UPSTREAM_MISSING')
  await other.api.datanets.fetch(datanet.id)
  const recipe = { datanet: datanet.id, name: 'x', description: 'x', account: other.account }
  const building = () => other.api.models.build({ ...recipe, upstream: 'gpu' })
  expect(await refusal(building)).toBe('UPSTREAM_MISSING')
})

test('a peer with the same base takes the model on, and serves it for its builder', async () => {
  const upstream = { name: 'mine', kind: 'openai' as const, base: 'some/tiny', model: 'tiny' }
  const upstreams = [{ ...upstream, url: server.url, apiKey: KEY }]
  const second = await world.peer('second', { upstreams })
  await second.api.datanets.find(world.topic)
  await second.api.models.search(world.topic)
  expect(await second.api.models.adopt(model)).toMatchObject({ model, engine: 'openai' })
})
