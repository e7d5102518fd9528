import type { ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import type { TextRequest } from '../../../../peer/engines/text-model.ts'
import { createUpstreamModel } from '../../../../peer/engines/upstream/upstream-model.ts'
import { DatanetError, isAbort } from '../../../../protocol/base/errors.ts'
import { encodeToolCalls } from '../../../../protocol/model/tool-calls.ts'
import {
  type Asked,
  createModelServer,
  type ModelServer,
  type ModelServerInit
} from '../../../fixtures/model-server.ts'

const open: ModelServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()))
})

const HELLO: TextRequest = { messages: [{ role: 'user', content: 'Hello' }] }
const { signal } = new AbortController()

async function modelOf(init: Partial<ModelServerInit> = {}, waits: object = {}) {
  const server = await createModelServer({ base: 'tiny', ...init })
  open.push(server)
  const { apiKey } = init
  const key = apiKey === undefined ? {} : { apiKey }
  const upstream = { name: 'here', kind: 'openai' as const, base: 'some/tiny', model: 'tiny' }
  return { server, model: createUpstreamModel({ ...upstream, url: server.url, ...key, ...waits }) }
}

async function say(model: ReturnType<typeof createUpstreamModel>, request = HELLO, until = signal) {
  const generation = model.generate(request, { signal: until })
  let text = ''
  for (;;) {
    const step = await generation.next()
    if (step.done === true) return { text, end: step.value }
    text += step.value
  }
}

/** The refusal of one answer by a server that does `misbehave`. */
async function refusedBy(misbehave: (response: ServerResponse) => void, waits: object = {}) {
  const init = {
    misbehave: (_: Asked, response: ServerResponse) => {
      misbehave(response)
      return true
    }
  }
  const { model } = await modelOf(init, waits)
  return say(model).then(
    () => expect.unreachable(),
    (error) => ({ code: error.code, ...error.details })
  )
}

const status = (code: number, body = '{}', headers = {}) =>
  refusedBy((response) => response.writeHead(code, headers).end(body))
const events = (text: string, waits = {}) =>
  refusedBy((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text)
    if (waits === undefined || Object.keys(waits).length === 0) response.end()
  }, waits)
const part = (content: string) =>
  `data: ${JSON.stringify({ model: 'tiny', choices: [{ delta: { content } }] })}\n\n`

test('an answer streams, and its end says why it ended and what the server counted', async () => {
  const { model, server } = await modelOf({ say: () => ({ text: 'Good day – and näïve 🙂 too.' }) })
  const { text, end } = await say(model, { ...HELLO, maxTokens: 9, temperature: 0 })
  expect(text).toBe('Good day – and näïve 🙂 too.')
  expect(end).toEqual({
    finish: 'stop',
    toolCalls: [],
    usage: { inputTokens: 10, outputTokens: expect.any(Number) }
  })
  expect(server.asked[0]).toMatchObject({
    model: 'tiny',
    stream: true,
    max_tokens: 9,
    temperature: 0,
    stream_options: { include_usage: true }
  })
})

test('a server that does not stream is heard as well', async () => {
  const { model } = await modelOf({
    misbehave(_, response) {
      const choices = [{ message: { content: 'All at once.' }, finish_reason: 'length' }]
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ model: 'tiny', choices }))
      return true
    }
  })
  expect(await say(model)).toEqual({
    text: 'All at once.',
    end: { finish: 'length', toolCalls: [] }
  })
})

test('tools, their results and schemas go to the server as the API has them', async () => {
  const calls = [
    { name: 'tide', arguments: '{"at":"noon"}' },
    { name: 'wind', arguments: '{}' }
  ]
  const { model, server } = await modelOf({ say: () => ({ calls }) })
  const earlier = { id: 'x', name: 'tide', arguments: '{}' }
  const { end } = await say(model, {
    messages: [
      { role: 'user', content: 'And now?' },
      { role: 'assistant', content: `Well.${encodeToolCalls([earlier])}` },
      { role: 'tool', content: 'out', toolCallId: 'x' }
    ],
    form: {
      tools: [{ name: 'tide', parameters: { type: 'object' } }],
      toolChoice: { name: 'tide' },
      json: { schema: { type: 'object' }, strict: true }
    }
  })
  expect(end.finish).toBe('tools')
  expect(end.toolCalls).toEqual(calls.map((call, index) => ({ id: `call-${index}`, ...call })))
  expect(server.asked[0]).toMatchObject({
    messages: [
      { role: 'user' },
      {
        role: 'assistant',
        content: 'Well.',
        tool_calls: [{ id: 'x', type: 'function', function: { name: 'tide', arguments: '{}' } }]
      },
      { role: 'tool', content: 'out', tool_call_id: 'x' }
    ],
    tools: [{ type: 'function', function: { name: 'tide', parameters: { type: 'object' } } }],
    tool_choice: { type: 'function', function: { name: 'tide' } },
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { type: 'object' }, strict: true }
    }
  })
})

test('a busy server says how long, a slow one is late, and its words stay here', async () => {
  expect(await status(429, 'secret path', { 'retry-after': '7' })).toEqual({
    code: 'PROVIDER_BUSY',
    retryAfterS: 7
  })
  const inAnHour = new Date(Date.now() + 7_200_000).toUTCString()
  expect(await status(503, '', { 'retry-after': inAnHour })).toEqual({
    code: 'PROVIDER_BUSY',
    retryAfterS: 3_600
  })
  expect(await status(529)).toEqual({ code: 'PROVIDER_BUSY' })
  expect(await status(429, '', { 'retry-after': 'soon' })).toEqual({ code: 'PROVIDER_BUSY' })
  expect(await status(504)).toMatchObject({ code: 'ENGINE_TIMEOUT' })
  const silent = () => {}
  expect(await refusedBy(silent, { firstMs: 100 })).toEqual({ code: 'ENGINE_TIMEOUT' })
  expect(await events(part('One'), { idleMs: 100 })).toEqual({ code: 'ENGINE_TIMEOUT' })
  expect(await events(part('One'), { wholeMs: 150 })).toEqual({ code: 'ENGINE_TIMEOUT' })
})

test('what a server refuses is told apart: its operator’s fault, the caller’s, its own', async () => {
  const tooLong = JSON.stringify({ error: { message: 'maximum context length is 2048 tokens' } })
  expect(await status(400, tooLong)).toMatchObject({ code: 'REQUEST_TOO_LARGE' })
  expect(await status(400, '{"error":"bad grammar"}')).toMatchObject({ code: 'INPUT_INVALID' })
  expect(await status(422)).toMatchObject({ code: 'INPUT_INVALID' })
  expect(await status(401)).toEqual({ code: 'ENGINE_FAILED', reason: 'key refused', status: 401 })
  expect(await status(404)).toMatchObject({ code: 'ENGINE_FAILED', reason: 'model missing' })
  expect(await status(500)).toMatchObject({ code: 'ENGINE_FAILED', reason: 'refused' })
  expect(await status(302, '', { location: 'http://127.0.0.1:1/' })).toMatchObject({
    code: 'ENGINE_FAILED',
    reason: 'unreachable'
  })
})

test.each([
  ['not JSON', 'data: {"choices"\n\n'],
  ['not an answer', 'data: {"choices":"none"}\n\n'],
  ['cut off', part('One')],
  ['cut off', ''],
  ['withheld by the model', 'data: {"choices":[{"finish_reason":"content_filter"}]}\n\n'],
  [
    'a tool call without a name',
    'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":"tool_calls"}]}\n\n'
  ],
  ['refused', 'data: {"error":{"message":"CUDA out of memory","code":500}}\n\n'],
  ['endless answer', `data: ${'x'.repeat(1_100_000)}`]
])('a stream that is %s fails the model', async (reason, text) => {
  expect(await events(text)).toMatchObject({ code: 'ENGINE_FAILED', reason })
})

test('an error in the midst of a stream has the code of its status', async () => {
  const busy = `${part('One')}data: {"error":{"message":"overloaded","code":503}}\n\n`
  expect(await events(busy)).toEqual({ code: 'PROVIDER_BUSY' })
})

test('a connection that breaks, and a server that is not there, fail the model', async () => {
  const broken = refusedBy((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(part('One'), () => response.destroy())
  })
  expect(await broken).toMatchObject({ code: 'ENGINE_FAILED', reason: 'cut off' })
  const { model, server } = await modelOf()
  await server.stop()
  const failure = await say(model).catch((error) => error)
  expect(failure).toBeInstanceOf(DatanetError)
  expect(failure).toMatchObject({ code: 'ENGINE_FAILED', details: { reason: 'unreachable' } })
})

test('an abort passes as it is, and ends the request at the server', async () => {
  const closed = Promise.withResolvers<void>()
  const { model } = await modelOf({
    misbehave(_, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(part('One'))
      response.on('close', () => closed.resolve())
      return true
    }
  })
  const leaving = new AbortController()
  const generation = model.generate(HELLO, { signal: leaving.signal })
  expect((await generation.next()).value).toBe('One')
  leaving.abort()
  expect(isAbort(await generation.next().catch((error) => error))).toBe(true)
  await closed.promise
})

test('the key goes to the server, and into no error', async () => {
  const { model } = await modelOf({ apiKey: 'sk-very-secret', say: () => ({ text: 'Yes.' }) })
  expect((await say(model)).text).toBe('Yes.')
  const other = await modelOf({ apiKey: 'sk-very-secret' }, { apiKey: 'sk-wrong' })
  const refused = await say(other.model).catch((error) => error)
  expect(refused.details).toEqual({ reason: 'key refused', status: 401 })
  expect(`${refused.message} ${JSON.stringify(refused)} ${refused.cause}`).not.toContain('sk-')
})
