import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createChannelStore } from '../../peer/store/channels.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let paid: PaidWorld
let model: string

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ model } = paid)
})
afterAll(() => paid?.stop())

test('calls go on past the receipts that may be uncommitted, with calls always under way', async () => {
  const busy = await paid.agent('busy')
  const asks = Array.from({ length: 80 }, () => () => ask(busy, { model, content: QUESTION }))
  const lane = async () => {
    for (let next = asks.shift(); next !== undefined; next = asks.shift()) await next()
  }
  await Promise.all(Array.from({ length: 6 }, lane))
  expect((await paid.agreement(busy)).receipts).toBe(80)
})

test('a deposit that runs out is topped up, also under parallel calls', async () => {
  const limits = { maxCallWei: 3_000n, depositWei: 4_000n }
  const frugal = await paid.agent('frugal', { limits })
  await Promise.all(
    Array.from({ length: 8 }, () => ask(frugal, { model, content: QUESTION, retry: false }))
  )
  const channel = await paid.agreement(frugal)
  expect(channel.depositWei).toBeGreaterThan(limits.depositWei)
  expect(channel.depositWei).toBeGreaterThanOrEqual(channel.authorisedWei)
  const { depositWei } = await paid.world.chain.escrow.channel(channel.channelId)
  expect(depositWei).toBe(channel.depositWei)
})

test('a channel that could not be paid for is not shown, and serves the next opening', async () => {
  const early = await paid.agent('early', { unfunded: true })
  const [listing] = await early.api.models.list()
  const draft = { offer: listing?.offers[0]?.offer ?? '', depositWei: 70_000n }
  for (let i = 0; i < 2; i++) {
    expect(await refusal(() => early.api.channels.open(draft))).toBe('FUNDS_INSUFFICIENT')
  }
  expect(await early.api.channels.list()).toEqual([])
  await paid.world.fund(early.account)
  expect(await early.api.channels.open(draft)).toMatchObject({ depositWei: 70_000n })
  await early.stop()
  const database = openDatabase(join(paid.world.dirOf('early'), 'peer.db'))
  expect(createChannelStore(database).channels('payer')).toHaveLength(1)
  // As a crash would leave it that came after the payment and before its answer.
  database.run("UPDATE channel SET deposit_wei = '0'")
  database.close()
  const late = await paid.agent('early')
  expect(await late.api.channels.list()).toMatchObject([{ depositWei: 70_000n, state: 'open' }])
})

test('an account that cannot pay the deposit is told so, and opens one channel when it can', async () => {
  const poor = await paid.agent('poor', { unfunded: true })
  for (let i = 0; i < 2; i++) {
    expect(await refusal(() => ask(poor, { model, content: QUESTION }))).toBe('FUNDS_INSUFFICIENT')
  }
  expect(await poor.api.channels.list()).toEqual([])
  await paid.world.fund(poor.account)
  for (let i = 0; i < 2; i++) await ask(poor, { model, content: QUESTION })
  expect(await poor.api.channels.list()).toHaveLength(1)
})
