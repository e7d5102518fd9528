import { request } from 'node:http'
import OpenAI from 'openai'
import { afterEach, expect, test, vi } from 'vitest'
import type { AskEvent } from '../../../../peer/api/models-api.ts'
import {
  createGateway,
  type Gateway,
  type GatewayInit
} from '../../../../peer/faces/gateway/gateway.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { answering, listing, receipt, type ScriptedApi, scriptedApi } from './scripted-api.ts'

const open: Gateway[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()))
})

const MESSAGES = [{ role: 'user' as const, content: 'What is path traversal?' }]
const CHAT = { model: 'weaknesses', messages: MESSAGES }
const CALL = '1'.padStart(32, '0')

async function gatewayTo(api: ScriptedApi, init: Partial<GatewayInit> = {}) {
  const gateway = await createGateway({ api, capWei: 10_000n, maxCallWei: 2_000n, ...init })
  open.push(gateway)
  const client = new OpenAI({ baseURL: gateway.url, apiKey: gateway.token, maxRetries: 0 })
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.token}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body)
    })
  return { gateway, client, post }
}

/** A raw request, since fetch does not let a caller choose its Host. */
function statusFor(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const failing = (error: unknown, before: AskEvent[] = []) =>
  scriptedApi(async function* () {
    yield { type: 'started', callId: CALL, provider: 'p' }
    yield* before
    throw error
  })

test('an unmodified client lists the models, under their names', async () => {
  const { client } = await gatewayTo(scriptedApi(answering(['x'])))
  const [model] = (await client.models.list()).data
  expect(model).toMatchObject({ id: 'weaknesses', object: 'model', owned_by: '12D3KooWissuer' })
  expect(model?.created).toBe(1_700_000_000)
  expect(model).toMatchObject({ x_datanet: { offers: [{ callWei: '1000' }] } })
  expect((await client.models.retrieve('weaknesses')).id).toBe('weaknesses')
  await expect(client.models.retrieve('nobody')).rejects.toMatchObject({
    status: 404,
    code: 'MODEL_UNKNOWN'
  })
})

test('models that share a name are listed by CID and refused by name', async () => {
  const api = scriptedApi(answering(['x']), [
    listing({ model: 'bafya' }),
    listing({ model: 'bafyb' })
  ])
  const { client } = await gatewayTo(api)
  const ids = (await client.models.list()).data.map(({ id }) => id)
  expect(ids).toEqual(['bafya', 'bafyb'])
  await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({
    status: 400,
    param: 'model'
  })
  await client.chat.completions.create({ ...CHAT, model: 'bafyb' })
  expect(api.questions[0]?.model).toBe('bafyb')
})

test('an unmodified client gets a whole answer with its call id and costs', async () => {
  const api = scriptedApi(answering(['Path ', 'traversal [1]']))
  const { client, gateway } = await gatewayTo(api)
  const { data, response } = await client.chat.completions
    .create({ ...CHAT, max_completion_tokens: 64 })
    .withResponse()
  expect(response.headers.get('x-datanet-call-id')).toBe(CALL)
  expect(data.id).toBe(`chatcmpl-${CALL}`)
  expect(data.choices[0]?.message.content).toBe('Path traversal [1]')
  expect(data.choices[0]?.finish_reason).toBe('stop')
  expect(data.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 })
  expect(data.usage).toMatchObject({
    x_datanet: {
      receipt: CALL,
      costWei: '200',
      royaltyWei: '100',
      outcome: 'answered',
      citations: [{ mark: 1, contribution: 'bafyreirow' }]
    }
  })
  expect(api.questions[0]).toMatchObject({ maxWei: 2_000n, maxOutputTokens: 64, retry: true })
  expect(gateway.spentWei).toBe(200n)
})

// GATEWAY-W1
test('an unmodified client streams an answer; the header is there before the first chunk', async () => {
  const { client } = await gatewayTo(scriptedApi(answering(['Path ', 'traversal'])))
  const { data, response } = await client.chat.completions
    .create({ ...CHAT, stream: true, stream_options: { include_usage: true } })
    .withResponse()
  expect(response.headers.get('x-datanet-call-id')).toBe(CALL)
  const chunks = await Array.fromAsync(data)
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
  expect(text).toBe('Path traversal')
  expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  expect(chunks.at(-1)?.choices).toEqual([])
  expect(chunks.at(-1)?.usage).toMatchObject({ total_tokens: 12, x_datanet: { costWei: '200' } })
})

test('without include_usage the last chunk still says what it cost, and [DONE] ends it', async () => {
  const { post } = await gatewayTo(scriptedApi(answering(['one'])))
  const body = await (await post({ ...CHAT, stream: true })).text()
  const events = body.trimEnd().split('\n\n')
  expect(events.at(-1)).toBe('data: [DONE]')
  expect(JSON.parse(events.at(-2)?.slice(6) ?? '')).toMatchObject({
    choices: [{ finish_reason: 'stop' }],
    usage: { x_datanet: { costWei: '100', receipt: CALL } }
  })
})

test('a piece leaves the gateway before the next one exists', async () => {
  const next = Promise.withResolvers<void>()
  const api = scriptedApi(async function* () {
    yield { type: 'started', callId: CALL, provider: 'p' }
    yield { type: 'chunk', text: 'first', costWei: 100n }
    await next.promise
    yield { type: 'done', receipt: receipt(CALL, 100n), citations: [] }
  })
  const { client } = await gatewayTo(api)
  for await (const chunk of await client.chat.completions.create({ ...CHAT, stream: true })) {
    if (chunk.choices[0]?.delta.content === 'first') next.resolve()
  }
})

test('text of an attempt that failed is not part of a whole answer', async () => {
  const api = scriptedApi(async function* () {
    yield { type: 'started', callId: CALL, provider: 'a' }
    yield { type: 'chunk', text: 'half an', costWei: 30n }
    yield { type: 'retrying', provider: 'b', code: 'PEER_GONE' }
    yield { type: 'chunk', text: 'whole', costWei: 40n }
    yield { type: 'done', receipt: receipt(CALL, 50n), citations: [] }
  })
  const { client, gateway } = await gatewayTo(api)
  const answer = await client.chat.completions.create(CHAT)
  expect(answer.choices[0]?.message.content).toBe('whole')
  // What the first provider was paid for its half counts as well.
  expect(gateway.spentWei).toBe(80n)
})

test('a failure before any text has its own status; a streamed call asks for no later retry', async () => {
  const api = failing(new DatanetError('DEPOSIT_INSUFFICIENT', { depositWei: 5n }))
  const { client } = await gatewayTo(api)
  await expect(client.chat.completions.create({ ...CHAT, stream: true })).rejects.toMatchObject({
    status: 402,
    code: 'DEPOSIT_INSUFFICIENT',
    type: 'insufficient_quota',
    error: { x_datanet: { actor: 'payer', retryable: true, details: { depositWei: '5' } } }
  })
  expect(api.questions[0]?.retry).toBe(false)
})

test('a failure under way becomes an error event and no [DONE]; its cost counts', async () => {
  const api = failing(new DatanetError('PEER_GONE'), [{ type: 'chunk', text: 'so', costWei: 70n }])
  const { client, gateway, post } = await gatewayTo(api)
  const stream = await client.chat.completions.create({ ...CHAT, stream: true })
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toMatchObject({ code: 'PEER_GONE' })
  expect(gateway.spentWei).toBe(70n)
  const body = await (await post({ ...CHAT, stream: true })).text()
  expect(body).toContain('"code":"PEER_GONE"')
  expect(body).not.toContain('[DONE]')
})

test('an error outside the vocabulary tells the client nothing of itself', async () => {
  const onError = vi.fn()
  const { post } = await gatewayTo(failing(new Error('key 0xdeadbeef')), { onError })
  const response = await post(CHAT)
  expect(response.status).toBe(500)
  expect(response.headers.get('x-should-retry')).toBe('false')
  const body = await response.text()
  expect(body).toContain('INTERNAL')
  expect(body).not.toContain('deadbeef')
  expect(onError).toHaveBeenCalledOnce()
})

// GATEWAY-R3
test.each([true, false])('a client that leaves cancels its call (stream: %s)', async (stream) => {
  const begun = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  const api = scriptedApi(async function* (_, signal) {
    yield { type: 'started', callId: CALL, provider: 'p' }
    yield { type: 'chunk', text: 'slow', costWei: 60n }
    begun.resolve()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        cancelled.resolve()
        reject(signal.reason)
      })
    })
  })
  api.receiptsOf.set(CALL, receipt(CALL, 65n))
  const onError = vi.fn()
  const { client, gateway } = await gatewayTo(api, { onError })
  const leaving = new AbortController()
  const { signal } = leaving
  const call = client.chat.completions.create({ ...CHAT, stream }, { signal })
  const refused = expect(
    call.then(async (answer) => {
      if (Symbol.asyncIterator in answer) await Array.fromAsync(answer)
      throw signal.reason
    })
  ).rejects.toThrow(/abort/i)
  await begun.promise
  leaving.abort()
  await cancelled.promise
  await refused
  // The receipt that the cancelled call ended with says what it cost.
  await vi.waitFor(() => expect(gateway.spentWei).toBe(65n))
  expect(onError).not.toHaveBeenCalled()
})

test('the token is demanded of everything but the health check', async () => {
  const { gateway, post } = await gatewayTo(scriptedApi(answering(['x'])))
  expect((await fetch(`${gateway.url}/models`)).status).toBe(401)
  expect((await post(CHAT, { authorization: `Bearer ${gateway.token}x` })).status).toBe(401)
  expect((await post(CHAT, { authorization: gateway.token })).status).toBe(401)
  const health = await fetch(gateway.url.replace('/v1', '/healthz'))
  expect(await health.json()).toEqual({ status: 'ok' })
})

test('any other Host than this machine is refused, right token or not', async () => {
  const { gateway } = await gatewayTo(scriptedApi(answering(['x'])))
  const authorization = `Bearer ${gateway.token}`
  const { port } = new URL(gateway.url)
  const models = `${gateway.url}/models`
  const health = gateway.url.replace('/v1', '/healthz')
  expect(await statusFor(models, { authorization, host: `localhost:${port}` })).toBe(200)
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`]) {
    expect(await statusFor(models, { authorization, host })).toBe(403)
    expect(await statusFor(health, { host })).toBe(403)
  }
})

test('no page of another origin is allowed in', async () => {
  const { gateway, post } = await gatewayTo(scriptedApi(answering(['x'])))
  const answered = await post(CHAT, { origin: 'https://evil.example' })
  expect(answered.headers.get('access-control-allow-origin')).toBeNull()
  const preflight = await fetch(`${gateway.url}/chat/completions`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  })
  expect(preflight.ok).toBe(false)
})

test('a body above the bound is refused, and one that is not JSON', async () => {
  const { post } = await gatewayTo(scriptedApi(answering(['x'])), { maxBodyBytes: 1_000 })
  const large = await post({ ...CHAT, messages: [{ role: 'user', content: 'x'.repeat(1_000) }] })
  expect(large.status).toBe(413)
  expect(await large.json()).toMatchObject({ error: { code: 'REQUEST_TOO_LARGE' } })
  const broken = await post('{"model": ')
  expect(broken.status).toBe(400)
  expect(await broken.json()).toMatchObject({ error: { code: 'INPUT_INVALID' } })
})

test('an unknown model and an unknown route are 404 in the form of the API', async () => {
  const { client, gateway } = await gatewayTo(scriptedApi(answering(['x'])))
  await expect(client.chat.completions.create({ ...CHAT, model: 'gpt-4' })).rejects.toMatchObject({
    status: 404,
    code: 'MODEL_UNKNOWN',
    param: 'model'
  })
  const headers = { authorization: `Bearer ${gateway.token}` }
  const response = await fetch(`${gateway.url}/embeddings`, { headers })
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
})

// GATEWAY-R1
test('the cap refuses a call before it is asked', async () => {
  const api = scriptedApi(answering(['x'], 900n), [listing({ offers: [1_000n] })])
  const { client, gateway } = await gatewayTo(api, { capWei: 1_500n, maxCallWei: 1_200n })
  await client.chat.completions.create(CHAT)
  expect(gateway.spentWei).toBe(900n)
  await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({
    status: 402,
    code: 'SPENDING_LIMIT'
  })
  expect(api.questions.map(({ maxWei }) => maxWei)).toEqual([1_200n])
})

test('a peer that finds the rest of the day too little is reported as the limit it is', async () => {
  const { post } = await gatewayTo(failing(new DatanetError('PRICE_TOO_HIGH')), {
    capWei: 1_500n,
    maxCallWei: 2_000n
  })
  expect(await (await post(CHAT)).json()).toMatchObject({ error: { code: 'SPENDING_LIMIT' } })
})

test('calls under way count with all they may cost', async () => {
  const go = Promise.withResolvers<void>()
  const api = scriptedApi(async function* () {
    yield { type: 'started', callId: CALL, provider: 'p' }
    await go.promise
    yield { type: 'done', receipt: receipt(CALL, 10n), citations: [] }
  })
  const { client } = await gatewayTo(api, { capWei: 2_500n })
  const first = client.chat.completions.create(CHAT)
  await vi.waitFor(() => expect(api.questions).toHaveLength(1))
  await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({ status: 402 })
  go.resolve()
  await first
  await client.chat.completions.create(CHAT)
})

test('a free model is answered at an exhausted cap', async () => {
  const api = scriptedApi(answering(['x'], 0n), [listing({ offers: [0n] })])
  const { client } = await gatewayTo(api, { capWei: 0n })
  await client.chat.completions.create(CHAT)
  expect(api.questions[0]?.maxWei).toBe(0n)
})

test('a request may set its own lower limit', async () => {
  const api = scriptedApi(answering(['x']))
  const { post } = await gatewayTo(api)
  expect((await post({ ...CHAT, x_datanet: { maxWei: '1500' } })).status).toBe(200)
  expect(api.questions[0]?.maxWei).toBe(1_500n)
  expect((await post({ ...CHAT, x_datanet: { maxWei: '999' } })).status).toBe(402)
})

test('a question is asked in public only where its request says so, in the peer’s own name', async () => {
  const unanswered = { bounties: ['bafyreibounty'] }
  const api = scriptedApi(async function* (question, signal) {
    for await (const event of answering(['x'])(question, signal)) {
      const isAsked = event.type === 'done' && question.publishAs !== undefined
      yield isAsked ? { ...event, unanswered } : event
    }
  })
  const account = `0x${'a1'.repeat(20)}`
  Object.assign(api, { status: async () => ({ account }) })
  const { post } = await gatewayTo(api)
  await post(CHAT)
  await post({ ...CHAT, x_datanet: { publish: false } })
  expect(api.questions.map(({ publishAs }) => publishAs)).toEqual([undefined, undefined])
  const asked = await post({ ...CHAT, x_datanet: { publish: true } })
  expect(api.questions[2]?.publishAs).toBe(account)
  expect(await asked.json()).toMatchObject({ usage: { x_datanet: { unanswered } } })
})

test('stopping cancels the calls under way and frees the port', async () => {
  const aborted = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const api = scriptedApi(async function* (_, signal) {
    yield { type: 'started', callId: CALL, provider: 'p' }
    signal.addEventListener('abort', () => aborted.resolve())
    begun.resolve()
    await aborted.promise
    throw signal.reason
  })
  const { gateway, post } = await gatewayTo(api)
  const call = expect(post(CHAT)).rejects.toThrow()
  await begun.promise
  await gateway.stop()
  await aborted.promise
  await call
  const port = Number(new URL(gateway.url).port)
  const { gateway: next } = await gatewayTo(api, { port })
  expect(next.url).toBe(gateway.url)
})

test.each([{ host: '0.0.0.0' }, { token: 'short' }, { token: 'has a space' }, { capWei: -1n }])(
  'refuses to start with %o',
  async (init) => {
    const started = gatewayTo(scriptedApi(answering(['x'])), init)
    await expect(started).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  }
)
