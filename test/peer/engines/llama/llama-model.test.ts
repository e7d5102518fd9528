import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdapterStore } from '../../../../peer/engines/adapters/adapter-store.ts'
import { createLlamaModel } from '../../../../peer/engines/llama/llama-model.ts'
import { installCommand, loadLlama } from '../../../../peer/engines/llama/load-llama.ts'
import type { TextModel } from '../../../../peer/engines/text-model.ts'
import { createUpstreamModel } from '../../../../peer/engines/upstream/upstream-model.ts'
import { cidOf, RAW } from '../../../../protocol/base/codec.ts'
import { isAbort } from '../../../../protocol/base/errors.ts'
import { createLlamaServer } from '../../../fixtures/llama-server.ts'
import { makeGguf, makeGgufAdapter } from '../../../fixtures/make-gguf.ts'

/** Where it is installed to be tested: nowhere else, so that no other package is taken out for it. */
const INSTALLED = join(import.meta.dirname, '../../../fixtures/llama')
const isInstalled = existsSync(join(INSTALLED, 'node_modules/node-llama-cpp'))
if (!isInstalled) console.warn(`skipped; to run it: ${installCommand('test/fixtures/llama')}`)

let dir: string
const { signal } = new AbortController()
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'llama-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function say(model: TextModel, content: string, maxTokens = 12) {
  const messages = [{ role: 'user' as const, content }]
  const generation = model.generate({ messages, maxTokens, temperature: 0 }, { signal })
  let text = ''
  for (;;) {
    const step = await generation.next()
    if (step.done === true) return { text, end: step.value }
    text += step.value
  }
}

test('where it is not installed, the error says by which command it is', async () => {
  const loading = loadLlama(join(dir, 'nowhere'))
  await expect(loading).rejects.toMatchObject({ code: 'DEPENDENCY_MISSING' })
  await expect(loading).rejects.toThrow(
    /npm install --prefix \S+nowhere --ignore-scripts --omit=optional node-llama-cpp@[\d.]+ @node-llama-cpp\/\S+@[\d.]+/
  )
})

describe.skipIf(!isInstalled)('a GGUF file in this process', () => {
  const setUp = (init: object = {}) => {
    const folder = join(dir, 'llama')
    mkdirSync(folder, { recursive: true })
    if (!existsSync(join(folder, 'node_modules'))) {
      symlinkSync(join(INSTALLED, 'node_modules'), join(folder, 'node_modules'))
    }
    const path = makeGguf(join(dir, 'tiny.gguf'))
    const store = createAdapterStore({ root: join(dir, 'adapters') })
    const given = { name: 'own', kind: 'llama' as const, base: 'tiny', path, ...init }
    return { model: createLlamaModel(given, { store, folder }), store, path }
  }
  const adapterOf = async (
    store: ReturnType<typeof setUp>['store'],
    init: { seed: number; rank?: number }
  ) => {
    const folder = join(dir, `made ${init.seed} ${init.rank}`)
    mkdirSync(folder, { recursive: true })
    makeGgufAdapter(join(folder, 'adapter.gguf'), { ...init, base: 'tiny' })
    const { cid, rank } = await store.take(folder, { signal })
    return { cid: cid.toString(), rank, base: 'tiny' }
  }

  test('says the same words each time, other words with an adapter, and its own again without', async () => {
    const { model, store } = setUp()
    const plain = await say(model, 'How is bread made?')
    expect(plain.text).toMatch(
      /^( ?(flour|water|salt|bread|oven|dough|rest|fold|bake|warm|cool|slice|crust|crumb|yeast|time))+$/
    )
    expect(plain.end.finish).toBe('length')
    const first = model.adapters.model(await adapterOf(store, { seed: 2 }))
    const second = model.adapters.model(await adapterOf(store, { seed: 3 }))
    const said = [await say(first, 'How is bread made?'), await say(second, 'How is bread made?')]
    expect(new Set([plain, ...said].map(({ text }) => text)).size).toBe(3)
    expect((await say(model, 'How is bread made?')).text).toBe(plain.text)
    expect((await say(first, 'How is bread made?')).text).toBe(said[0]?.text)
  })

  test('what was freed is loaded again by the next question', async () => {
    const { model } = setUp()
    const { text } = await say(model, 'Hello')
    await model.stop()
    await model.stop()
    expect((await say(model, 'Hello')).text).toBe(text)
  })

  test('an adapter’s canary holds for the same files, and for no others', async () => {
    const { model, store } = setUp()
    const named = await adapterOf(store, { seed: 2 })
    const canary = await model.adapters.canary(named, { signal })
    expect(canary).toBeDefined()
    const again = setUp().model.adapters
    expect((await say(again.model({ ...named, canary }), 'Hello')).text).not.toBe('')
    const other = await adapterOf(store, { seed: 3 })
    const wrong = setUp().model.adapters.model({ ...other, canary })
    await expect(say(wrong, 'Hello')).rejects.toMatchObject({ code: 'ADAPTER_REFUSED' })
  })

  test('several who ask at once are answered one after another, each as if alone', async () => {
    const { model } = setUp()
    const alone = [await say(model, 'One?'), await say(model, 'Two?')]
    const together = await Promise.all([say(model, 'One?'), say(model, 'Two?')])
    expect(together).toEqual(alone)
  })

  test('an abort ends the answer, and the next one is whole', async () => {
    const { model } = setUp()
    const leaving = new AbortController()
    const messages = [{ role: 'user' as const, content: 'Go on.' }]
    const generation = model.generate({ messages, maxTokens: 400 }, { signal: leaving.signal })
    expect((await generation.next()).done).toBe(false)
    leaving.abort()
    const rest = async () => {
      for (let step = await generation.next(); step.done !== true; ) step = await generation.next()
    }
    expect(isAbort(await rest().catch((error) => error))).toBe(true)
    expect((await say(model, 'Hello')).text).not.toBe('')
  })

  test('files that are not those of their CIDs, of no model, or of a high rank are refused', async () => {
    const { path } = setUp()
    const cid = cidOf(readFileSync(path), RAW).toString()
    expect((await say(setUp({ cid }).model, 'Hello')).text).not.toBe('')
    const other = setUp({ cid: cidOf(Uint8Array.of(1), RAW).toString() }).model
    await expect(say(other, 'Hello')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const none = setUp({ path: makeGgufAdapter(join(dir, 'no-model.gguf')) }).model
    await expect(say(none, 'Hello')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const { model, store } = setUp({ maxRank: 4 })
    const high = model.adapters.model(await adapterOf(store, { seed: 2, rank: 8 }))
    await expect(say(high, 'Hello')).rejects.toMatchObject({ code: 'ADAPTER_REFUSED' })
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const formed = model.generate({ messages, form: { json: {} } }, { signal })
    await expect(formed.next()).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })

  test('a server with llama.cpp’s routes answers with the adapter that a request names', async () => {
    const { store, path } = setUp()
    const named = [await adapterOf(store, { seed: 2 }), await adapterOf(store, { seed: 3 })]
    const lora = named.map(({ cid }) => join(dir, 'adapters', cid, 'adapter.gguf'))
    const server = await createLlamaServer({ folder: INSTALLED, model: path, lora })
    const upstream = { name: 'cpp', kind: 'llama-server' as const, base: 'tiny', url: server.url }
    const model = createUpstreamModel(upstream, store)
    const adapted = named.map((one) => model.adapters?.model(one) as TextModel)
    const said = []
    for (const one of [...adapted, model, ...adapted]) said.push((await say(one, 'Hello')).text)
    expect(new Set(said.slice(0, 3)).size).toBe(3)
    expect(said.slice(3)).toEqual(said.slice(0, 2))
    const other = await adapterOf(store, { seed: 4 })
    const none = say(model.adapters?.model(other) as TextModel, 'Hello')
    await expect(none).rejects.toMatchObject({ details: { reason: 'not at this server' } })
    await server.stop()
  })
})
