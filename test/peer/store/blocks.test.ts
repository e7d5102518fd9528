import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { testFolder } from '../../fixtures/network.ts'

function block(text: string) {
  const bytes = new TextEncoder().encode(text)
  return { cid: cidOf(bytes, RAW), bytes }
}

function store(path = join(testFolder(), 'blocks.sqlite')) {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, path, blocks: new SqliteBlockstore(database) }
}

async function all<T>(source: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of source) out.push(item)
  return out
}

test('blocks are there again after the file was closed and opened', async () => {
  const { database, path, blocks } = store()
  const [a, b] = [block('a'), block('b')]
  await blocks.put(a.cid, a.bytes)
  expect(await all(blocks.putMany([b]))).toEqual([b.cid])
  database.close()
  const again = store(path).blocks
  expect(again.has(a.cid)).toBe(true)
  expect(await all(again.get(b.cid))).toEqual([b.bytes])
  const pairs = await all(again.getAll())
  expect(pairs.map(({ cid }) => cid.toString()).sort()).toEqual([`${a.cid}`, `${b.cid}`].sort())
})

test('a block that is not here is NotFoundError, as Helia expects', async () => {
  const { blocks } = store()
  const { cid } = block('missing')
  expect(blocks.has(cid)).toBe(false)
  expect(blocks.find(cid)).toBeUndefined()
  await expect(all(blocks.get(cid))).rejects.toMatchObject({ name: 'NotFoundError' })
})

test('many blocks are kept, and putting one twice changes nothing', async () => {
  const { blocks } = store()
  const many = Array.from({ length: 2_000 }, (_, i) => block(`row ${i}`))
  await all(blocks.putMany([...many, ...many]))
  const got = await all(blocks.getMany(many.map(({ cid }) => cid)))
  for (const [i, { bytes }] of got.entries()) expect(await all(bytes)).toEqual([many[i]?.bytes])
  expect(await all(blocks.getAll())).toHaveLength(2_000)
})

test('the bytes of a deleted block are gone from the disk', async () => {
  const { database, path, blocks } = store()
  const secret = block('a sentence that its author has withdrawn')
  await blocks.put(secret.cid, secret.bytes)
  database.checkpoint()
  expect(readFileSync(path).includes(secret.bytes)).toBe(true)
  blocks.delete(secret.cid)
  database.checkpoint()
  expect(readFileSync(path).includes(secret.bytes)).toBe(false)
  expect(readFileSync(`${path}-wal`).includes(secret.bytes)).toBe(false)
  expect(blocks.has(secret.cid)).toBe(false)
})
