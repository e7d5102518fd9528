import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAdapterStore } from '../../../../peer/engines/adapters/adapter-store.ts'
import type { TextModel } from '../../../../peer/engines/text-model.ts'
import type { UpstreamInit } from '../../../../peer/engines/upstream/upstream-init.ts'
import { createUpstreamModel } from '../../../../peer/engines/upstream/upstream-model.ts'
import { makeAdapter } from '../../../fixtures/make-adapter.ts'
import {
  createModelServer,
  type ModelServer,
  type ModelServerInit
} from '../../../fixtures/model-server.ts'

const options = { signal: new AbortController().signal }
let dir: string
const open: ModelServer[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pool-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()))
  rmSync(dir, { recursive: true, force: true })
})

async function setUp(init: Partial<ModelServerInit> = {}, upstream: Partial<UpstreamInit> = {}) {
  const server = await createModelServer({ base: 'tiny', ...init })
  open.push(server)
  const store = createAdapterStore({ root: join(dir, 'store') })
  const given = { name: 'gpu', kind: 'vllm' as const, base: 'tiny', url: server.url, ...upstream }
  const model = createUpstreamModel(given, store)
  const pool = model.adapters
  if (pool === undefined) throw new Error('no pool')
  async function adapter(voice?: string, rank = 4) {
    const folder = join(dir, `made ${voice} ${rank}`)
    makeAdapter(folder, { rank, ...(voice === undefined ? {} : { voice }) })
    const { cid } = await store.take(folder, options)
    return { cid: cid.toString(), rank, base: 'tiny' }
  }
  return { server, store, pool, model, adapter }
}

async function say(model: Pick<TextModel, 'generate'>, content = 'Hello') {
  let text = ''
  const messages = [{ role: 'user' as const, content }]
  for await (const piece of model.generate({ messages }, options)) text += piece
  return text
}
const refused = (reason: string) => ({ code: 'ADAPTER_REFUSED', details: { reason } })

test.each(['vllm', 'sglang'] as const)(
  '%s loads adapters as they are asked for, under their CIDs',
  async (kind) => {
    const { server, pool, model, adapter } = await setUp({}, { kind, warm: 2 })
    const named = [await adapter('A: '), await adapter('B: '), await adapter('C: ')]
    const [a, b, c] = named.map((one) => pool.model(one)) as [TextModel, TextModel, TextModel]
    expect(await say(a)).toBe('A: You said: Hello')
    expect(await say(b)).toBe('B: You said: Hello')
    expect(await say(a)).toBe('A: You said: Hello')
    expect(await say(c)).toBe('C: You said: Hello')
    expect(await say(model)).toBe('You said: Hello')
    const [cidA, cidB, cidC] = named.map(({ cid }) => cid)
    expect(server.moves).toEqual([`+${cidA}`, `+${cidB}`, `-${cidB}`, `+${cidC}`])
    expect(pool.warm).toEqual([cidC, cidA])
    expect([...server.loaded].sort()).toEqual([cidA, cidC].sort())
  }
)

test('callers of one adapter wait for one load, and all are answered by it', async () => {
  const { server, pool, adapter } = await setUp()
  const one = pool.model(await adapter('A: '))
  const said = await Promise.all(Array.from({ length: 8 }, () => say(one)))
  expect(new Set(said)).toEqual(new Set(['A: You said: Hello']))
  expect(server.moves).toHaveLength(1)
})

// ADAPTER-R1
test('a rank above what the server takes, and files that were changed, are not loaded', async () => {
  const { server, pool, adapter } = await setUp({}, { maxRank: 8 })
  await expect(say(pool.model(await adapter('A: ', 16)))).rejects.toMatchObject(
    refused('a higher rank than the server takes')
  )
  const named = await adapter('B: ')
  makeAdapter(join(dir, 'store', named.cid), { voice: 'Evil: ' })
  await expect(say(pool.model(named))).rejects.toMatchObject(
    refused('other bytes than the card names')
  )
  expect(server.moves).toEqual([])
})

// ADAPTER-R2
test('a load that only says it succeeded is noticed, and answers nobody', async () => {
  const lying = await setUp({ isLying: true }, { adapterRoot: '/nowhere' })
  const named = await lying.adapter('A: ')
  await expect(say(lying.pool.model(named))).rejects.toMatchObject(refused('changes nothing'))
  expect(lying.server.loaded).toEqual([])
  const honest = await setUp({}, { adapterRoot: '/nowhere' })
  const other = await honest.adapter('A: ')
  await expect(say(honest.pool.model(other))).rejects.toMatchObject(refused('not loaded'))
  const shut = await setUp({ mayUpdate: false })
  const third = await shut.adapter('A: ')
  await expect(say(shut.pool.model(third))).rejects.toMatchObject(refused('not loaded'))
})

test('an adapter that changes nothing is no adapter', async () => {
  const { pool, adapter } = await setUp()
  await expect(say(pool.model(await adapter('')))).rejects.toMatchObject(refused('changes nothing'))
})

test('the card’s canary must be answered as the card says', async () => {
  const { pool, adapter } = await setUp()
  const named = await adapter('A: ')
  const canary = await pool.canary(named, options)
  expect(canary?.answer).toHaveLength(32)
  const second = await setUp()
  await second.adapter('A: ')
  expect(await say(second.pool.model({ ...named, canary }))).toBe('A: You said: Hello')
  const third = await setUp()
  await third.adapter('A: ')
  const wrong = { prompt: canary?.prompt ?? '', answer: new Uint8Array(32) }
  await expect(say(third.pool.model({ ...named, canary: wrong }))).rejects.toMatchObject(
    refused('answers otherwise than its card says')
  )
})

// ADAPTER-R3
test('a server that answers by its base instead is not heard', async () => {
  const { server, pool, adapter } = await setUp({ fallsBack: true })
  const named = await adapter('A: ')
  const model = pool.model(named)
  expect(await say(model)).toBe('A: You said: Hello')
  const root = server.url
  await fetch(`${root}/unload_lora_adapter`, {
    method: 'POST',
    body: JSON.stringify({ lora_name: named.cid })
  })
  await expect(say(model)).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    details: { reason: 'answered by another model' }
  })
})

test('a server that was started again has its adapters loaded again, once', async () => {
  const { server, pool, adapter } = await setUp()
  const named = await adapter('A: ')
  const model = pool.model(named)
  await say(model)
  await fetch(`${server.url}/unload_lora_adapter`, {
    method: 'POST',
    body: JSON.stringify({ lora_name: named.cid })
  })
  expect(await say(model)).toBe('A: You said: Hello')
  expect(server.moves).toEqual([`+${named.cid}`, `-${named.cid}`, `+${named.cid}`])
})

test('what an earlier run left under a name is loaded anew: it may be another file', async () => {
  const { server, pool, adapter } = await setUp()
  const named = await adapter('A: ')
  server.swap(named.cid, join(dir, 'made A:  4', 'adapter_model.safetensors'))
  expect(await say(pool.model(named))).toBe('A: You said: Hello')
  expect(server.moves).toEqual([`-${named.cid}`, `+${named.cid}`])
})

test('a server that cannot be reached loads nothing, and says so as its own failure', async () => {
  const { server, pool, adapter } = await setUp()
  const named = await adapter('A: ')
  await server.stop()
  await expect(say(pool.model(named))).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    details: { reason: 'unreachable' }
  })
})

test('llama.cpp’s server is asked for an adapter by the hash of the file it was started with', async () => {
  const place = join(dir, 'llama')
  mkdirSync(place)
  const source = makeAdapter(join(dir, 'a'), { voice: 'A: ' })
  // Any file will do here: what is in it only the server reads.
  const lora = ['a.gguf', 'b.gguf'].map((name) => join(place, name))
  for (const file of lora) copyFileSync(join(source, 'adapter_model.safetensors'), file)
  const { pool, model } = await setUp({ lora }, { kind: 'llama-server' })
  await expect(
    say(pool.model({ cid: 'bafyreinone', rank: 4, base: 'tiny' }))
  ).rejects.toMatchObject({ code: 'ADAPTER_REFUSED' })
  expect(await say(model)).toBe('You said: Hello')
})
