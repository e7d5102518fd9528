import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createChannelStore, type StoredReceipt } from '../../../peer/store/channels.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { testFolder } from '../../fixtures/network.ts'

const ID = `0x${'1a'.repeat(32)}`
const NO_CHANNEL = `0x${'0'.repeat(64)}`

function store(path = ':memory:') {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, channels: createChannelStore(database) }
}

const channel = (side: 'payer' | 'provider', channelId = ID) => ({
  ...{ side, channelId, peer: 'peer', terms: Uint8Array.of(1), depositWei: 10n ** 30n }
})

const receipt = (change: Partial<StoredReceipt> = {}): StoredReceipt => ({
  ...{ side: 'payer', callId: 'aa', channelId: ID, seq: 0, peer: 'peer', priceWei: 2n ** 100n },
  ...{ royaltyPpm: 300_000, leaf: new Uint8Array(32), bytes: Uint8Array.of(9) },
  ...change
})

// VOUCHER-W1
test('what was kept is there again after the file was closed and opened, to the unit', () => {
  const path = join(testFolder(), 'peer.db')
  const { database, channels } = store(path)
  channels.addChannel(channel('payer'))
  channels.setVoucher('payer', ID, new Uint8Array(168).fill(7))
  channels.setChainState('payer', ID, { depositWei: 2n ** 100n + 1n, claimedWei: 2n ** 99n })
  channels.addReceipt(receipt())
  database.close()
  const again = store(path).channels
  expect(again.channel('payer', ID)).toMatchObject({
    depositWei: 2n ** 100n + 1n,
    claimedWei: 2n ** 99n,
    voucher: new Uint8Array(168).fill(7)
  })
  expect(again.receipts()).toEqual([receipt()])
})

test('one channel is kept apart for its two sides, and a voucher is of one side', () => {
  const { channels } = store()
  channels.addChannel(channel('payer'))
  channels.addChannel(channel('provider'))
  channels.setVoucher('provider', ID, Uint8Array.of(5))
  expect(channels.channel('payer', ID)?.voucher).toBeUndefined()
  expect(channels.channel('provider', ID)?.voucher).toEqual(Uint8Array.of(5))
  expect(channels.channels()).toHaveLength(2)
  expect(channels.channels('payer').map(({ side }) => side)).toEqual(['payer'])
})

test('a channel that is added again keeps its voucher and takes the newer deposit', () => {
  const { channels } = store()
  channels.addChannel(channel('provider'))
  channels.setVoucher('provider', ID, Uint8Array.of(5))
  channels.addChannel({ ...channel('provider'), depositWei: 7n })
  expect(channels.channel('provider', ID)).toMatchObject({
    voucher: Uint8Array.of(5),
    depositWei: 7n
  })
})

// RECEIPT-W1
test('the first receipt of a call and of a place stays: another is not kept', () => {
  const { channels } = store()
  expect(channels.addReceipt(receipt())).toBe(true)
  expect(channels.addReceipt(receipt({ seq: 1 }))).toBe(false)
  expect(channels.addReceipt(receipt({ callId: 'bb' }))).toBe(false)
  expect(channels.addReceipt(receipt({ callId: 'bb', seq: 1 }))).toBe(true)
  expect(channels.addReceipt(receipt({ side: 'provider' }))).toBe(true)
  expect(channels.receiptsOf('payer', ID).map(({ callId }) => callId)).toEqual(['aa', 'bb'])
})

test('receipts of free calls have no channel and share the place 0', () => {
  const { channels } = store()
  const free = { channelId: NO_CHANNEL, priceWei: 0n }
  expect(channels.addReceipt(receipt({ ...free, callId: 'aa' }))).toBe(true)
  expect(channels.addReceipt(receipt({ ...free, callId: 'bb' }))).toBe(true)
  expect(channels.receipts()).toHaveLength(2)
})

// RECEIPT-W2
test('receipts of a channel come by their place, in whatever order they were kept', () => {
  const places = fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(places, (seqs) => {
      const { channels } = store()
      for (const seq of seqs) channels.addReceipt(receipt({ seq, callId: `call ${seq}` }))
      const kept = channels.receiptsOf('payer', ID).map(({ seq }) => seq)
      expect(kept).toEqual([...seqs].sort((a, b) => a - b))
    }),
    { numRuns: 20 }
  )
})

test('a receipt is found by its call; one that was never kept is not', () => {
  const { channels } = store()
  channels.addReceipt(receipt())
  expect(channels.receipt('aa')).toEqual(receipt())
  expect(channels.receipt('bb')).toBeUndefined()
  expect(channels.hasReceipt('payer', ID, 'aa')).toBe(true)
  expect(channels.hasReceipt('payer', ID, 'bb')).toBe(false)
  expect(channels.hasReceipt('provider', ID, 'aa')).toBe(false)
})

test('receipts are found by their calls, the newest and those of long ago, also after a restart', () => {
  const { database, channels } = store()
  const idOf = (n: number) => `call ${(n * 7_919) % 3_000}`
  database.transaction(() => {
    for (let n = 0; n < 3_000; n++) channels.addReceipt(receipt({ callId: idOf(n), seq: n }))
  })
  for (const found of [channels, createChannelStore(database)]) {
    for (const n of [0, 1, 1_023, 1_024, 2_047, 2_999]) {
      expect(found.receipt(idOf(n))?.seq).toBe(n)
      expect(found.hasReceipt('payer', ID, idOf(n))).toBe(true)
      expect(found.addReceipt(receipt({ callId: idOf(n), seq: 9_999 }))).toBe(false)
    }
    expect(found.receipt('call 3000')).toBeUndefined()
  }
})

test('a receipt whose write was undone is not found, and can be kept after all', () => {
  const { database, channels } = store()
  const add = (from: number) => {
    for (let n = from; n < from + 1_100; n++) {
      expect(channels.addReceipt(receipt({ callId: `call ${n}`, seq: n }))).toBe(true)
    }
  }
  expect(() =>
    database.transaction(() => {
      add(0)
      throw new Error('undone')
    })
  ).toThrow('undone')
  expect(channels.receipt('call 5')).toBeUndefined()
  // Other rows stand where those would have stood.
  add(2_000)
  expect(channels.receipt('call 5')).toBeUndefined()
  add(0)
  for (const n of [0, 5, 1_099, 2_000, 3_099]) expect(channels.receipt(`call ${n}`)?.seq).toBe(n)
})

test('a receipt is found by its place or its call without reading the others', () => {
  const { database } = store()
  const asked: string[] = []
  const heard = <T>(read: (sql: string, ...values: never[]) => T) => {
    return (sql: string, ...values: never[]): T => {
      asked.push(sql)
      return read(sql, ...values)
    }
  }
  const channels = createChannelStore({
    ...database,
    get: heard(database.get) as typeof database.get,
    all: heard(database.all) as typeof database.all
  })
  asked.length = 0
  channels.receiptAt('payer', ID, 7)
  channels.receiptsOf('payer', ID)
  channels.receiptsOf('payer', ID, { from: 3, limit: 4 })
  channels.receiptOn('payer', ID, 'aa')
  channels.countOf('payer', ID)
  channels.hasReceipt('payer', ID, 'bb')
  channels.receipt('cc')
  expect(asked).toHaveLength(7)
  for (const sql of asked) {
    const values = Array.from(sql.matchAll(/\?/g), () => 1)
    const plan = database.all(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => `${row.detail}`)
    expect([sql, plan.filter((step) => step.startsWith('SCAN'))]).toEqual([sql, []])
  }
})
