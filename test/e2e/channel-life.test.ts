import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let paid: PaidWorld
let agent: Peer
let model: string

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ model } = paid)
  agent = await paid.agent('agent')
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

test('an account that cannot pay the deposit is told so, and opens one channel when it can', async () => {
  const poor = await paid.agent('poor', { unfunded: true })
  for (let i = 0; i < 2; i++) {
    expect(await refusal(() => ask(poor, { model, content: QUESTION }))).toBe('FUNDS_INSUFFICIENT')
  }
  const [channel] = await poor.api.channels.list()
  expect(channel).toMatchObject({ depositWei: 0n, authorisedWei: 0n })
  await paid.world.fund(poor.account)
  for (let i = 0; i < 2; i++) await ask(poor, { model, content: QUESTION })
  expect(await poor.api.channels.list()).toHaveLength(1)
})

test('a call that is given up before it was sent holds nothing back', async () => {
  const early = await paid.agent('early')
  const { offer } = (await early.api.models.list())[0]?.offers[0] ?? { offer: '' }
  await early.api.channels.open({ offer, depositWei: 1_000_000n })
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const leave = new AbortController()
  const call = async () => {
    for await (const event of early.api.models.ask({ model, messages }, leave)) {
      // What was signed for it is signed before the stream to the provider is there.
      if (event.type === 'started') setImmediate(() => leave.abort())
    }
  }
  await expect(call()).rejects.toMatchObject({ name: 'AbortError' })
  await ask(early, { model, content: QUESTION })
  const channel = await paid.agreement(early)
  expect(channel.authorisedWei).toBe(channel.spentWei)
})

test('both sides restart, and calls go on under the same channel and totals', async () => {
  await ask(agent, { model, content: QUESTION })
  const before = await paid.agreement(agent)
  await agent.stop()
  await paid.restartProvider()
  agent = await paid.agent('agent')
  expect((await agent.api.channels.list())[0]).toEqual(before)
  for (let i = 0; i < 3; i++) await ask(agent, { model, content: QUESTION })
  const after = await paid.agreement(agent)
  expect(after.channelId).toBe(before.channelId)
  expect(after.receipts).toBe(before.receipts + 3)
  expect(after.authorisedWei).toBeGreaterThan(before.authorisedWei)
  expect(after.royaltyWei).toBeGreaterThan(before.royaltyWei)
  expect(await agent.api.channels.list()).toHaveLength(1)
})
