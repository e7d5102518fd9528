import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { createContentKeys, openContent, sealContent } from '../../../peer/store/content-keys.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { testFolder } from '../../fixtures/network.ts'

const DATANET = 'a Datanet'
const utf8 = (text: string) => new TextEncoder().encode(text)
const contribution = (n: number) => cidOf(utf8(`contribution ${n}`))

/** A row as a revision has it: the contribution's id first. */
function row(n: number, text: string) {
  const bytes = utf8(`${JSON.stringify({ id: `${contribution(n)}`, text })}\n`)
  return { cid: cidOf(bytes, RAW), bytes }
}

function open() {
  const path = join(testFolder(), 'peer.db')
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  const blocks = new SqliteBlockstore(database)
  /** Whether the bytes are in the file or its log. */
  const isOnDisk = (bytes: Uint8Array) =>
    [path, `${path}-wal`].some((file) => existsSync(file) && readFileSync(file).includes(bytes))
  return { database, blocks, keys: blocks.keys, isOnDisk }
}

const SECRET = 'a sentence that its author withdraws'

test('a row is sealed on the disk and read as it was put', () => {
  const { database, blocks, isOnDisk } = open()
  const one = row(1, SECRET)
  blocks.putBatch([one], DATANET)
  database.checkpoint()
  expect(isOnDisk(utf8('author withdraws'))).toBe(false)
  expect(blocks.find(one.cid)).toEqual(one.bytes)
  expect(blocks.read(one.cid)).toMatchObject({ isWithdrawable: true, datanet: DATANET })
  const other = { cid: cidOf(utf8('nodes'), RAW), bytes: utf8('nodes') }
  blocks.putBatch([other])
  expect(blocks.read(other.cid)).toEqual({ bytes: other.bytes, isWithdrawable: false })
})

test('a withdrawn row leaves neither key nor text nor ciphertext, and does not come back', () => {
  const { database, blocks, keys, isOnDisk } = open()
  const [one, two] = [row(1, SECRET), row(2, 'another, which stays')]
  blocks.putBatch([one, two], DATANET)
  const id = `${contribution(1)}`
  const key = keys.find(id)?.secret as Uint8Array
  const sealed = database.get(
    'SELECT bytes FROM block WHERE multihash = ?',
    one.cid.multihash.bytes
  )?.bytes as Uint8Array
  database.checkpoint()
  expect(isOnDisk(key)).toBe(true)
  expect(isOnDisk(sealed.subarray(28))).toBe(true)
  blocks.withdraw(id, DATANET)
  database.checkpoint()
  expect(isOnDisk(key)).toBe(false)
  expect(isOnDisk(sealed.subarray(28))).toBe(false)
  expect(keys.isWithdrawn(id)).toBe(true)
  blocks.putBatch([one, two], DATANET)
  expect(blocks.has(one.cid)).toBe(false)
  expect(blocks.find(two.cid)).toEqual(two.bytes)
  expect(keys.ensure(id)).toBeUndefined()
})

test('what was withdrawn before it came is not kept when it comes', () => {
  const { blocks } = open()
  const one = row(1, SECRET)
  blocks.withdraw(`${contribution(1)}`, DATANET)
  expect(blocks.putBatch([one])).toEqual([one.cid])
  expect(blocks.has(one.cid)).toBe(false)
})

test('a file that two contributions have stays until both are withdrawn', () => {
  const { database, blocks, isOnDisk } = open()
  const file = { cid: cidOf(utf8(SECRET), RAW), bytes: utf8(SECRET) }
  blocks.putBatch([file])
  const ids = [1, 2, 3].map((n) => `${contribution(n)}`)
  for (const id of ids) blocks.own(id, [file.cid], DATANET)
  database.checkpoint()
  expect(isOnDisk(utf8('author withdraws'))).toBe(false)
  blocks.withdraw(ids[1] as string, DATANET)
  blocks.withdraw(ids[0] as string, DATANET)
  expect(blocks.find(file.cid)).toEqual(file.bytes)
  blocks.withdraw(ids[2] as string, DATANET)
  expect(blocks.has(file.cid)).toBe(false)
  blocks.putBatch([file])
  blocks.own(ids[2] as string, [file.cid], DATANET)
  expect(blocks.has(file.cid)).toBe(false)
})

test('of which Datanet a row is can be said later, once', () => {
  const { blocks, keys } = open()
  const one = row(1, SECRET)
  blocks.putBatch([one])
  expect(blocks.read(one.cid)?.datanet).toBeUndefined()
  keys.assign([`${contribution(1)}`], DATANET)
  keys.assign([`${contribution(1)}`], 'another')
  expect(blocks.read(one.cid)?.datanet).toBe(DATANET)
})

test('what is sealed opens under its own key and name only', () => {
  const { secret } = createContentKeys(openDatabase(':memory:')).ensure(`${contribution(1)}`) as {
    secret: Uint8Array
  }
  const sealed = sealContent(secret, utf8('name'), utf8(SECRET))
  expect(openContent(secret, utf8('name'), sealed)).toEqual(utf8(SECRET))
  const refused = expect.objectContaining({ code: 'STORE_FAILED' })
  expect(() => openContent(secret, utf8('other'), sealed)).toThrow(refused)
  expect(() =>
    openContent(
      secret.map((b) => b ^ 1),
      utf8('name'),
      sealed
    )
  ).toThrow(refused)
  expect(() => openContent(secret, utf8('name'), sealed.slice(0, 20))).toThrow(refused)
})
