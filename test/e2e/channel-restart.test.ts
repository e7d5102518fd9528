import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'

let paid: PaidWorld
let agent: Peer
let model: string

beforeAll(async () => {
  paid = await createPaidWorld()
  ;({ model } = paid)
  agent = await paid.agent('agent')
})
afterAll(() => paid?.stop())

test('a call that is given up before it was sent holds nothing back', async () => {
  const early = await paid.agent('early')
  const { offer } = (await early.api.models.list())[0]?.offers[0] ?? { offer: '' }
  await early.api.channels.open({ offer, depositWei: 1_000_000n })
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const leave = new AbortController()
  const call = async () => {
    for await (const _ of early.api.models.ask({ model, messages }, leave));
  }
  // What was signed for the call is signed before there is a stream to its provider.
  const leaveWhenSigned = async () => {
    while ((await early.api.channels.list())[0]?.authorisedWei === 0n) await setImmediate()
    leave.abort()
  }
  leaveWhenSigned()
  await expect(call()).rejects.toMatchObject({ name: 'AbortError' })
  await ask(early, { model, content: QUESTION })
  const channel = await paid.agreement(early)
  // What is paid ahead of the second answer is less than the first call's opening would have held.
  expect(channel.authorisedWei - channel.spentWei).toBeLessThan(1_640n)
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

test('an agent that ends mid-answer is answered again when it is back', async () => {
  const cut = await paid.agent('cut')
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const answer = cut.api.models.ask({ model, messages })[Symbol.asyncIterator]()
  let callId = ''
  for (let step = await answer.next(); ; step = await answer.next()) {
    if (step.value?.type === 'started') callId = step.value.callId
    if (step.value?.type === 'chunk') break
  }
  await cut.stop()
  await expect
    .poll(async () => (await paid.provider.api.receipts.list()).map((receipt) => receipt.callId))
    .toContain(callId)
  const back = await paid.agent('cut')
  for (let i = 0; i < 2; i++) {
    const { done } = await ask(back, { model, content: QUESTION })
    expect(done.receipt.outcome).toBe('answered')
  }
})
