import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAdapter } from '../../../../peer/engines/adapters/adapter-files.ts'
import { createAdapterStore } from '../../../../peer/engines/adapters/adapter-store.ts'
import { type AdapterInit, makeAdapter } from '../../../fixtures/make-adapter.ts'

let dir: string
let count = 0
const options = { signal: new AbortController().signal }
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'adapters-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const folder = () => join(dir, `${count++}`)
const made = (init: AdapterInit = {}) => makeAdapter(folder(), init)
const refused = (reason: string | RegExp) =>
  expect.objectContaining({
    code: 'ADAPTER_REFUSED',
    details: expect.objectContaining({
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason)
    })
  })

test('an adapter has the CID of its files, its rank and its base', async () => {
  const one = await readAdapter(made(), options)
  expect(one).toMatchObject({ rank: 4, base: 'tiny' })
  expect((await readAdapter(made(), options)).cid).toEqual(one.cid)
  const other = await readAdapter(made({ voice: 'Other: ' }), options)
  expect(other.cid).not.toEqual(one.cid)
})

const resized =
  (dtype: string, shape: number[]) =>
  (all: Record<string, unknown>): Record<string, unknown> => ({
    ...all,
    'm.lora_A.weight': { dtype, shape, data_offsets: [256, 256 + 32] }
  })
test.each<[string | RegExp, AdapterInit]>([
  ['adapter_config.json', { config: { peft_type: 'IA3' } }],
  ['adapter_config.json', { config: { r: 0 } }],
  ['adapter_config.json', { config: { modules_to_save: ['lm_head'] } }],
  ['tensors of another rank than the config says', { config: { r: 8 } }],
  ['more or less than its header says', { tail: Uint8Array.of(0) }],
  ['more or less than its header says', { tensors: () => ({}) }],
  [/^another tensor: m\.weight/, { tensors: (all) => ({ ...all, 'm.weight': {} }) }],
  ['a tensor of another size', { tensors: resized('I8', [8, 4]) }],
  ['tensors of several ranks', { tensors: resized('F32', [2, 4]), tail: new Uint8Array(32) }]
])('%s is refused', async (reason, init) => {
  await expect(readAdapter(made(init), options)).rejects.toEqual(refused(reason))
})

test('weights that can hold code, and files that are none, are no adapter', async () => {
  const empty = made()
  rmSync(join(empty, 'adapter_model.safetensors'))
  writeFileSync(join(empty, 'adapter_model.bin'), 'pickled')
  await expect(readAdapter(empty, options)).rejects.toEqual(refused(/^neither/))
  const noise = made()
  writeFileSync(join(noise, 'adapter_model.safetensors'), Buffer.alloc(100, 0xff))
  await expect(readAdapter(noise, options)).rejects.toEqual(refused('no safetensors'))
  const gguf = made()
  for (const bytes of [Buffer.from('GGUF'), Buffer.alloc(64, 0xff), Buffer.from('nothing')]) {
    writeFileSync(join(gguf, 'adapter.gguf'), bytes)
    await expect(readAdapter(gguf, options)).rejects.toEqual(refused('no GGUF'))
  }
})

// ADAPTER-R1
test('what is kept is read again each time: bytes, rank and base must be the card’s', async () => {
  const store = createAdapterStore({ root: join(dir, 'store') })
  const { cid, rank } = await store.take(made(), options)
  const named = { cid: cid.toString(), rank, base: 'tiny' }
  const place = await store.check(named, options)
  expect(place).toBe(join(dir, 'store', named.cid))
  const check = (change: object) => store.check({ ...named, ...change }, options)
  await expect(check({ rank: 8 })).rejects.toEqual(refused('another rank than the card names'))
  await expect(check({ base: 'huge' })).rejects.toEqual(refused('trained on another base'))
  await expect(check({ cid: 'bafyreinothere' })).rejects.toEqual(refused('not here'))
  appendFileSync(join(place, 'adapter_config.json'), ' ')
  await expect(check({})).rejects.toEqual(refused('other bytes than the card names'))
})
