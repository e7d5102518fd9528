import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChannelSummary } from '../../../../peer/api/money-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import type { Receipt } from '../../../../protocol/receipt/receipt.ts'
import {
  createScriptedProvider,
  type Script,
  type ScriptedProvider
} from '../../../fixtures/scripted-provider.ts'
import { ask, createTestWorld, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let agent: Peer
let provider: ScriptedProvider
let model: string
/** What the opening voucher covers: the most that one lie can cost. */
const UP_FRONT_WEI = 1_640n

beforeAll(async () => {
  world = await createTestWorld()
  const host = await world.peer('host')
  const { id } = await world.datanet(host, TEXTS.slice(0, 1))
  const { pool } = await world.node()
  const name = { issuer: id, kind: 'manifest', id }
  const shown = (await pool.request(host.peerId, PROTOCOLS.document, { name })) as {
    bytes: Uint8Array
  }
  provider = await createScriptedProvider(world, shown.bytes)
  model = (await provider.model()).card.cid.toString()
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
})
beforeEach(() => {
  provider.script = {}
})
afterAll(async () => {
  await provider?.stop()
  await world?.stop()
})

const channel = async () => (await agent.api.channels.list())[0] as ChannelSummary
const question = () => ask(agent, { model, content: 'Why does bread rise?' })

/** The code that the agent refuses a lie with; checks that the lie earned one opening at most. */
async function lied(script: Script): Promise<string> {
  const before = await channel()
  const known = await agent.api.receipts.list()
  provider.script = script
  const code = await refusal(question)
  const after = await channel()
  expect(await agent.api.receipts.list()).toEqual(known)
  expect(after.receipts).toBe(before.receipts)
  expect(after.authorisedWei - before.authorisedWei).toBeLessThanOrEqual(UP_FRONT_WEI)
  return code
}

test('an honest provider is paid what it charged, and its receipt is committed', async () => {
  const { done, text } = await question()
  expect(text).toBe('Bread rises by wild yeast. ')
  expect(done.receipt).toMatchObject({ outcome: 'answered', seq: 0 })
  expect(provider.vouchers.at(-1)).toMatchObject({ receipts: 1 })
})

const bytes = (length: number) => new Uint8Array(length).fill(9)
const CHANGES: ReadonlyArray<[string, Partial<Receipt> | ((r: Receipt) => Partial<Receipt>)]> = [
  ['its callId', { callId: bytes(16) }],
  ['its attempt', { attempt: 3 }],
  ['its channelId', { channelId: `0x${'11'.repeat(32)}` }],
  ['its provider', { provider: '12D3KooWOther' }],
  ['its model', { model: cidOf(bytes(3)) }],
  ['its offer', { offer: cidOf(bytes(3)) }],
  ['its request', { request: bytes(32) }],
  ['its answer', { answer: bytes(32) }],
  ['its usage', ({ usage }) => ({ usage: { ...usage, inputTokens: usage.inputTokens + 1 } })],
  ['its usage', ({ usage }) => ({ usage: { ...usage, outputTokens: usage.outputTokens + 1 } })],
  ['its price', ({ priceWei }) => ({ priceWei: priceWei + 1n })],
  ['a price it lowers', ({ priceWei }) => ({ priceWei: priceWei - 1n })],
  ['its royalty', ({ royaltyWei }) => ({ royaltyWei: royaltyWei + 1n })],
  ['a royalty it lowers', ({ royaltyWei }) => ({ royaltyWei: royaltyWei - 1n })],
  ['its builder', { builder: `0x${'77'.repeat(20)}` }]
]

test.each(CHANGES)(
  'a receipt that lies about %s is refused though it is signed',
  async (_, lie) => {
    const receipt = (honest: Receipt) => ({
      ...honest,
      ...(typeof lie === 'function' ? lie(honest) : lie)
    })
    expect(await lied({ receipt })).toBe('RECEIPT_INVALID')
  }
)

test('a receipt by another key, or with a spoilt signature, is refused', async () => {
  expect(await lied({ foreignKey: bytes(32) })).toBe('SIGNATURE_INVALID')
  const spoil = (at: number) => (honest: Uint8Array) => {
    const spoilt = Uint8Array.from(honest)
    spoilt[spoilt.byteLength + at] = (spoilt[spoilt.byteLength + at] ?? 0) ^ 1
    return spoilt
  }
  expect(await lied({ receiptBytes: spoil(-1) })).toBe('SIGNATURE_INVALID')
  expect(await lied({ receiptBytes: () => bytes(10) })).toBe('RECORD_MALFORMED')
})

// CALL-R5
test('a running cost that is not the price of what came is refused at once', async () => {
  for (const surplusWei of [1n, -1n]) {
    const receipt = (honest: Receipt) => ({ ...honest, priceWei: honest.priceWei + surplusWei })
    const costWei = (honestWei: bigint) => honestWei + surplusWei
    expect(await lied({ costWei, receipt })).toBe('RECEIPT_INVALID')
  }
})

test('a wrong running cost under a right receipt fails the call, and what came is settled', async () => {
  provider.script = { costWei: (wei) => wei + 1n }
  const before = await agent.api.receipts.list()
  expect(await refusal(question)).toBe('RECEIPT_INVALID')
  const after = await agent.api.receipts.list()
  expect(after).toHaveLength(before.length + 1)
  expect(after.at(-1)).toMatchObject({ priceWei: 1_070n })
})

// CALL-R5
test('a demand beyond the next chunk is not paid', async () => {
  const received = provider.vouchers.length
  expect(await lied({ needWei: 100_000n })).toBe('RECEIPT_INVALID')
  expect(provider.vouchers.length).toBe(received + 1)
})

// USAGE-R3
test('an answer that nobody could count in time is refused before it is counted', async () => {
  provider.script = { part: { chunk: 'a'.repeat(3_000), costWei: Uint8Array.of(1) } }
  await expect(question()).rejects.toMatchObject({
    code: 'RECEIPT_INVALID',
    details: { field: 'chunk' }
  })
})

test('a part that is no part is refused', async () => {
  expect(await lied({ part: { surprise: true } })).toBe('RECORD_MALFORMED')
})

test('after all these lies an honest call on the same channel is answered and committed', async () => {
  const before = await channel()
  const { done } = await question()
  expect(done.receipt.seq).toBe(2)
  await expect.poll(() => provider.vouchers.at(-1)).toMatchObject({ receipts: 3 })
  const after = await channel()
  expect(after.channelId).toBe(before.channelId)
  expect(after.receipts).toBe(3)
})
