import { afterEach, expect, test, vi } from 'vitest'
import { connectPeer } from '../../../peer/api/client.ts'
import type { ModelsApi } from '../../../peer/api/models-api.ts'
import type { PeerApi, ProgressOptions } from '../../../peer/api/peer-api.ts'
import {
  type ApiToken,
  type PeerApiServer,
  type PeerApiServerInit,
  servePeerApi
} from '../../../peer/api/server.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { answering, listing, receipt, scriptedApi } from '../faces/gateway/scripted-api.ts'

const ADMIN = 'an-admin-token'
const QUESTION = { model: 'weaknesses', messages: [{ role: 'user' as const, content: 'why?' }] }
const ANN = `0x${'a1'.repeat(20)}`
const BEN = `0x${'b2'.repeat(20)}`

const open: PeerApiServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()))
})

async function serve(
  api: object,
  tokens: readonly ApiToken[] = [{ token: ADMIN, admin: true }],
  init: Partial<PeerApiServerInit> = {}
) {
  const server = await servePeerApi({ api: api as PeerApi, tokens, ...init })
  open.push(server)
  return {
    server,
    as: (token: string) => connectPeer({ url: server.url, token }),
    admin: connectPeer({ url: server.url, token: ADMIN })
  }
}

const thrown = (run: () => unknown) =>
  Promise.resolve()
    .then(run)
    .then(
      () => undefined,
      (error) => error
    )

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

/** An api whose `method` waits until it is cancelled, and says so. */
function waiting() {
  const started = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<unknown>()
  const wait = (options: ProgressOptions = {}) =>
    new Promise<never>((_, reject) => {
      started.resolve()
      options.signal?.addEventListener('abort', () => {
        cancelled.resolve(options.signal?.reason)
        reject(options.signal?.reason)
      })
    })
  return { wait, started: started.promise, cancelled: cancelled.promise }
}

test('a streamed answer is the same over the wire, amounts and citations included', async () => {
  const texts = ['one ', 'two', ' — “三”\n\nevent: error\ndata: {}']
  const { admin } = await serve(scriptedApi(answering(texts)))
  const here = await collect(scriptedApi(answering(texts)).models.ask(QUESTION))
  expect(await collect(admin.models.ask(QUESTION))).toEqual(here)
})

test('lists, amounts and optional fields come as they were given', async () => {
  const wei = 2n ** 127n
  const balance = vi.fn(async () => wei)
  const { admin } = await serve({ ...scriptedApi(answering([])), accounts: { balance } })
  expect(await admin.accounts.balance(ANN)).toBe(wei)
  expect(balance).toHaveBeenCalledWith(ANN, { signal: expect.any(AbortSignal) })
  expect(await admin.models.list()).toEqual([listing()])
})

test('what an interface does not promise does not leave the process', async () => {
  const list = async () => [{ address: ANN, label: 'ann', secretKey: 'k' }]
  const { server, admin } = await serve({ accounts: { list } })
  expect(await admin.accounts.list()).toEqual([{ address: ANN, label: 'ann' }])
  const raw = await fetch(`${server.url}/api/v1/accounts/list`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
    body: '{}'
  })
  expect(await raw.text()).toBe(`{"result":[{"address":"${ANN}","label":"ann"}]}`)
})

test('long work tells its progress in order, then its result', async () => {
  const revision = { datanet: 'd', revision: 'r', ordinal: 1, rows: 2, withdrawn: 0, content: 'c' }
  const publish = async (_: string, { onProgress }: ProgressOptions) => {
    for (const done of [1, 2, 3]) onProgress?.({ text: 'rows', done, total: 3 })
    return revision
  }
  const { server, admin } = await serve({ datanets: { publish } })
  const seen: number[] = []
  const result = await admin.datanets.publish('d', { onProgress: ({ done }) => seen.push(done) })
  expect(result).toEqual(revision)
  expect(seen).toEqual([1, 2, 3])
  // Who asks for no events gets the plain result.
  const plain = await fetch(`${server.url}/api/v1/datanets/publish`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
    body: '{"id":"d"}'
  })
  expect(await plain.json()).toEqual({ result: revision })
})

test.each(['plain', 'progress', 'stream'] as const)(
  'a refusal keeps its code, hint and details (%s)',
  async (kind) => {
    const failing = async () => {
      throw new DatanetError(
        'DEPOSIT_INSUFFICIENT',
        { requiredWei: 12n, prompt: 'p' },
        { hint: 'h' }
      )
    }
    const ask: ModelsApi['ask'] = async function* () {
      yield { type: 'started', callId: 'c', provider: 'p' }
      await failing()
    }
    const { admin } = await serve({
      models: { list: failing, build: failing, ask },
      datanets: { publish: failing }
    })
    const error = await thrown(() =>
      kind === 'plain'
        ? admin.models.list()
        : kind === 'progress'
          ? admin.datanets.publish('d')
          : collect(admin.models.ask(QUESTION))
    )
    expect(error).toMatchObject({
      name: 'DatanetError',
      code: 'DEPOSIT_INSUFFICIENT',
      message: new DatanetError('DEPOSIT_INSUFFICIENT', {}, { hint: 'h' }).message
    })
    expect(error.details).toEqual({ requiredWei: '12', server: expect.stringMatching(/^http/) })
  }
)

test('an error outside the vocabulary says nothing of itself', async () => {
  const status = async () => {
    throw new Error('key 0xabc')
  }
  const { admin } = await serve({ status })
  const error = await thrown(() => admin.status())
  expect(error).toMatchObject({ code: 'INTERNAL' })
  expect(JSON.stringify([error.message, error.details])).not.toContain('0xabc')
})

test.each(['plain', 'progress', 'stream'] as const)(
  'a client that leaves ends its call at the peer (%s)',
  async (kind) => {
    const { wait, started, cancelled } = waiting()
    const ask: ModelsApi['ask'] = async function* (_, options) {
      yield { type: 'started', callId: 'c', provider: 'p' }
      await wait(options)
    }
    const find = (_: string, options: ProgressOptions) => wait(options)
    const reports: string[] = []
    const { server, admin } = await serve(
      { models: { ask }, datanets: { find, publish: find } },
      undefined,
      {
        onCall: ({ code }) => reports.push(code)
      }
    )
    const leaving = new AbortController()
    const { signal } = leaving
    const call = thrown(() =>
      kind === 'plain'
        ? admin.datanets.find('t', { signal })
        : kind === 'progress'
          ? admin.datanets.publish('d', { signal })
          : collect(admin.models.ask(QUESTION, { signal }))
    )
    await started
    expect(server.calls).toBe(1)
    leaving.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
    await cancelled
    await expect.poll(() => server.calls).toBe(0)
    expect(reports).toEqual(['ABORTED'])
  }
)

// API-R7
test('a reader that breaks off a stream ends its call at the peer', async () => {
  const { wait, cancelled } = waiting()
  const ask: ModelsApi['ask'] = async function* (_, options) {
    yield { type: 'started', callId: 'c', provider: 'p' }
    await wait(options)
  }
  const { server, admin } = await serve({ models: { ask } })
  for await (const event of admin.models.ask(QUESTION)) {
    expect(event.type).toBe('started')
    break
  }
  await cancelled
  await expect.poll(() => server.calls).toBe(0)
})

test('a server that stops cancels what runs; its clients learn that it went away', async () => {
  const { wait, started, cancelled } = waiting()
  const { server, admin } = await serve({
    datanets: { publish: (_: string, o: object) => wait(o) }
  })
  const call = thrown(() => admin.datanets.publish('d'))
  await started
  const startedMs = performance.now()
  await server.stop()
  // Told to end, it ends; waiting for what does not takes two seconds.
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  await cancelled
  expect(await call).toMatchObject({ code: 'PEER_GONE' })
  expect(await thrown(() => admin.status())).toMatchObject({ code: 'PEER_UNREACHABLE' })
})

test('a call that is aborted before it starts reaches nobody', async () => {
  const status = vi.fn()
  const { admin } = await serve({ status })
  const signal = AbortSignal.abort()
  expect(await thrown(() => admin.status({ signal }))).toMatchObject({ name: 'AbortError' })
  expect(status).not.toHaveBeenCalled()
})

test('arguments of another form are refused on this side already', async () => {
  const { admin } = await serve({})
  const wrong = { offer: 'o', depositWei: 5 as unknown as bigint }
  expect(await thrown(() => admin.channels.open(wrong))).toMatchObject({
    code: 'INPUT_INVALID',
    details: { param: 'target.depositWei' }
  })
})

// API-W1
test('only a safe URL is given a token', () => {
  for (const url of ['http://example.com', 'ftp://127.0.0.1', 'nonsense']) {
    expect(() => connectPeer({ url, token: ADMIN })).toThrow(/http on this machine/)
  }
})

// API-R3
test('a token acts for its own accounts alone', async () => {
  const taken = { contribution: 'c', status: 'pending', order: 1, takenAtMs: 1, findings: [] }
  const contribute = vi.fn(async () => taken)
  const accounts = async () => [ANN, BEN].map((address) => ({ address, label: address }))
  const api = {
    accounts: {
      list: accounts,
      create: vi.fn(),
      find: async (address: string) => ({ address, label: address })
    },
    rewards: { show: async () => [], claim: vi.fn() },
    channels: { list: vi.fn() },
    datanets: {
      contribute,
      show: async () => ({ curators: [BEN] }),
      pending: vi.fn()
    }
  }
  const { as } = await serve(api, [{ token: 'anns-token', accounts: [ANN] }])
  const ann = as('anns-token')
  const content = { title: 't', text: 'x' }
  const of = { datanet: 'd', schema: 'text/1', content }
  const draft = { ...of, language: 'en', licence: 'CC0-1.0' }
  await ann.datanets.contribute({ ...draft, account: ANN.toUpperCase().replace('0X', '0x') })
  for (const forbidden of [
    () => ann.datanets.contribute({ ...draft, account: BEN }),
    () => ann.rewards.claim(BEN),
    () => ann.rewards.show(BEN),
    () => ann.channels.list(),
    () => ann.accounts.create('more'),
    () => ann.datanets.pending({ datanet: 'd' })
  ]) {
    expect(await thrown(forbidden)).toMatchObject({ code: 'FORBIDDEN' })
  }
  expect(contribute).toHaveBeenCalledTimes(1)
  for (const fn of [
    api.rewards.claim,
    api.channels.list,
    api.accounts.create,
    api.datanets.pending
  ]) {
    expect(fn).not.toHaveBeenCalled()
  }
  expect(await ann.rewards.show(ANN)).toEqual([])
  expect(await ann.accounts.list()).toEqual([{ address: ANN, label: ANN }])
})

// API-R4
test('questions of a token cost no more than its limit together', async () => {
  const tokens = [
    { token: 'limited-token', spendWei: 500n },
    { token: 'pennyless-token' },
    { token: ADMIN, admin: true }
  ]
  const script = scriptedApi(async function* (question) {
    yield { type: 'started', callId: 'c', provider: 'p' }
    if ((question.maxWei ?? 300n) < 300n) throw new DatanetError('PRICE_TOO_HIGH')
    yield { type: 'chunk', text: 'x', costWei: 300n }
    yield { type: 'done', receipt: receipt('c', 300n), citations: [] }
  })
  const { as } = await serve(script, tokens, { maxCallWei: 400n })
  const ask = (token: string) => thrown(() => collect(as(token).models.ask(QUESTION)))
  expect(await ask('limited-token')).toBeUndefined()
  expect(await ask('limited-token')).toMatchObject({ code: 'SPENDING_LIMIT' })
  expect(await ask('pennyless-token')).toMatchObject({ code: 'SPENDING_LIMIT' })
  expect(script.questions.map(({ maxWei }) => maxWei)).toEqual([400n, 200n, 0n])
  expect(await ask(ADMIN)).toBeUndefined()
})

test('a spending limit without a bound for one call is a fault of the configuration', async () => {
  const tokens = [{ token: 'limited-token', spendWei: 500n }]
  expect(await thrown(() => serve({}, tokens))).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(await thrown(() => serve({}, [{ token: 'short' }]))).toMatchObject({
    code: 'CONFIG_INVALID'
  })
  expect(await thrown(() => serve({}, undefined, { host: '0.0.0.0' }))).toMatchObject({
    code: 'CONFIG_INVALID'
  })
})
