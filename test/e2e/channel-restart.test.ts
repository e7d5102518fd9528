import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
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
  paid = await createPaidWorld({ listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`] })
  ;({ model } = paid)
  agent = await paid.agent('agent')
})
afterAll(() => paid?.stop())

/** So that the provider is where it was when it starts again. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

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

test('a provider that started again is asked under what it offers now', async () => {
  await ask(agent, { model, content: QUESTION })
  await paid.restartProvider()
  const { events, done } = await ask(agent, { model, content: QUESTION })
  const codes = events.flatMap((event) => (event.type === 'retrying' ? [event.code] : []))
  expect(codes.filter((code) => code !== 'PEER_GONE')).toEqual(['OFFER_UNKNOWN'])
  expect(done.receipt.outcome).toBe('answered')
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
