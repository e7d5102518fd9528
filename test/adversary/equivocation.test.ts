import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createEvidenceStore } from '../../peer/store/evidence.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import type { Receipt } from '../../protocol/receipt/receipt.ts'
import { createScriptedProvider, type ScriptedProvider } from '../fixtures/scripted-provider.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** A provider that signs two receipts for one place of a channel, and what becomes of it. */
const STAKE_WEI = 10n ** 18n
const BURNT = `0x${'0'.repeat(36)}dead`

let world: TestWorld
let agent: Peer
let liar: ScriptedProvider
let model: string
let receiptSigner: string

beforeAll(async () => {
  world = await createTestWorld()
  const host = await world.peer('host')
  const { id } = await world.datanet(host, TEXTS.slice(0, 1))
  const { pool } = await world.node()
  const name = { issuer: id, kind: 'manifest', id }
  const shown = (await pool.request(host.peerId, PROTOCOLS.document, { name })) as {
    bytes: Uint8Array
  }
  liar = await createScriptedProvider(world, shown.bytes)
  const made = await liar.model()
  model = made.card.cid.toString()
  ;({ receiptSigner } = made.offer.offer.payment)
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
})
afterAll(async () => {
  await liar?.stop()
  await world?.stop()
})

const question = (peer = agent) => ask(peer, { model, content: 'Why does bread rise?' })
const taken = (honest: Receipt) => ({ ...honest, seq: 0 })

// RECEIPT-R4
test('a receipt for a taken place by another key proves nothing and is not kept', async () => {
  expect((await question()).done.receipt.seq).toBe(0)
  liar.script = { receipt: taken, foreignKey: new Uint8Array(32).fill(9) }
  expect(await refusal(question)).toBe('SIGNATURE_INVALID')
  liar.script = {}
  expect(await agent.api.receipts.evidence()).toEqual([])
  expect((await question()).done.receipt.outcome).toBe('answered')
})

// RECEIPT-R4, RECEIPT-R5
test('two receipts that one key signed for one place are both kept, and the provider is called no more', async () => {
  const [first] = (await agent.api.receipts.list()).filter(({ seq }) => seq === 0)
  liar.script = { receipt: taken }
  expect(await refusal(question)).toBe('RECEIPT_INVALID')
  liar.script = {}
  const [found, ...more] = await agent.api.receipts.evidence()
  expect(more).toEqual([])
  expect(found).toMatchObject({ seq: 0, provider: liar.peerId, receiptSigner })
  expect(found?.callIds[0]).toBe(first?.callId)
  expect(found?.callIds[1]).not.toBe(first?.callId)
  const asked = liar.vouchers.length
  expect(await refusal(question)).toBe('RECORD_EQUIVOCATES')
  expect(liar.vouchers.length).toBe(asked)
})

test('what was found is there after a restart, and the provider stays refused', async () => {
  await agent.stop()
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
  expect(await agent.api.receipts.evidence()).toHaveLength(1)
  expect(await refusal(question)).toBe('RECORD_EQUIVOCATES')
})

test('there is nothing to report where nothing is staked, or nothing was found', async () => {
  const [found] = await agent.api.receipts.evidence()
  const report = (channelId = '') => refusal(() => agent.api.receipts.report(channelId))
  expect(await report(found?.channelId)).toBe('BOND_MISSING')
  expect(await report(`0x${'11'.repeat(32)}`)).toBe('RECEIPT_UNKNOWN')
})

test('the bond of the liar is taken whole: a tenth for the reporter, the rest burnt', async () => {
  const { bond, token } = world.chain
  const key = { receiptSigner, token: world.network.contracts.token }
  await token.approve(world.network.contracts.bond, STAKE_WEI)
  await bond.stake(key, STAKE_WEI)
  const [found] = await agent.api.receipts.evidence()
  const before = await token.balanceOf(agent.account)
  const burnt = await token.balanceOf(BURNT)
  const report = await agent.api.receipts.report(found?.channelId ?? '')
  expect(report).toMatchObject({ takenWei: STAKE_WEI, rewardWei: STAKE_WEI / 10n })
  expect((await token.balanceOf(agent.account)) - before).toBe(STAKE_WEI / 10n)
  expect((await token.balanceOf(BURNT)) - burnt).toBe(STAKE_WEI - STAKE_WEI / 10n)
  expect((await bond.bondOf({ owner: world.chain.account, ...key })).stakeWei).toBe(0n)
  expect((await agent.api.receipts.evidence())[0]?.reportedWei).toBe(STAKE_WEI / 10n)
  expect(await refusal(() => agent.api.receipts.report(report.channelId))).toBe('BOND_MISSING')
})

test('who never met the liar does not call it either: the chain knows its signer', async () => {
  const stranger = await world.peer('stranger')
  await stranger.api.models.search(world.topic)
  expect(await refusal(() => question(stranger))).toBe('RECORD_EQUIVOCATES')
  expect(await stranger.api.channels.list()).toEqual([])
})

// DOCUMENT-R3
test('of an offer that is told twice neither is called, and both are kept over a restart', async () => {
  const buyer = await world.peer('buyer')
  const honest = await createScriptedProvider(
    world,
    liar.documents.get(manifestKey())?.bytes ?? none()
  )
  try {
    const one = await honest.model()
    const card = one.card.cid.toString()
    await buyer.api.models.search(world.topic)
    const call = () => ask(buyer, { model: card, content: 'Why does bread rise?' })
    expect((await call()).done.receipt.outcome).toBe('answered')
    // The same card and number at another price.
    const { seq, expiresAtMs, price } = one.offer.offer
    const twin = { seq, expiresAtMs, price: { ...price, callWei: 999n } }
    await honest.model({ card: one.card.card, offer: twin })
    await buyer.api.models.search(world.network.topic).catch(() => {})
    expect(await refusal(call)).toBe('OFFER_EXPIRED')
    const database = openDatabase(join(world.dirOf('buyer'), 'peer.db'))
    const kept = createEvidenceStore(database).documents()
    database.close()
    expect(kept).toMatchObject([{ issuer: honest.peerId, kind: 'offer', id: card, seq }])
    await buyer.stop()
    const again = await world.peer('buyer')
    await again.api.models.search(world.network.topic).catch(() => {})
    expect(await refusal(() => ask(again, { model: card, content: 'Again?' }))).toBe(
      'MODEL_UNKNOWN'
    )
  } finally {
    await honest.stop()
  }
})

// DOCUMENT-R8
test('a card in another wrapping hides nothing and tells on nobody', async () => {
  const shown = liar.documents.get(manifestKey())?.bytes ?? none()
  const [honest, stranger] = [
    await createScriptedProvider(world, shown),
    await createScriptedProvider(world, shown)
  ]
  try {
    const { card } = await honest.model()
    const id = card.cid.toString()
    const reader = await world.peer('reader')
    await reader.api.models.search(world.topic)
    // A field that no reader knows, behind those of the envelope: the signature holds as before.
    const wrapped = Uint8Array.from([...card.bytes, 0x30, 0x01])
    await stranger.model({ card: card.card, offer: { model: card.cid } }).catch(() => {})
    stranger.documents.set(`card ${id}`, {
      issuer: honest.peerId,
      kind: 'card',
      id,
      bytes: wrapped
    })
    await reader.api.models.search(world.network.topic).catch(() => {})
    expect(
      (await ask(reader, { model: id, content: 'Why does bread rise?' })).done.receipt.provider
    ).toBe(honest.peerId)
    const database = openDatabase(join(world.dirOf('reader'), 'peer.db'))
    const kept = createEvidenceStore(database).documents()
    database.close()
    expect(kept.filter(({ kind }) => kind === 'card')).toEqual([])
  } finally {
    await Promise.all([honest.stop(), stranger.stop()])
  }
})

const manifestKey = () => [...liar.documents.keys()].find((key) => key.startsWith('manifest')) ?? ''
const none = (): never => {
  throw new Error('no manifest')
}
