import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../../../peer/peer.ts'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { signCard } from '../../../../protocol/model/card.ts'
import { type Offer, signOffer } from '../../../../protocol/model/offer.ts'
import { PROTOCOLS } from '../../../../protocol/net/ids.ts'
import {
  createScriptedProvider,
  type ScriptedProvider
} from '../../../fixtures/scripted-provider.ts'
import { ask, createTestWorld, ROYALTY, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let provider: ScriptedProvider
/** What the agent's search refused, by the model's id. */
const refused = new Map<string, string>()
let agent: Peer

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
  agent = await world.peer('agent', {
    log: (scope, { id: model, code }) => scope === 'catalogue' && refused.set(`${model}`, `${code}`)
  })
})
afterAll(async () => {
  await provider?.stop()
  await world?.stop()
})

/** Replaces what the provider shows as `kind` of a model by `bytes`. */
function spoil(kind: 'card' | 'offer', model: string, bytes: Uint8Array): void {
  provider.documents.set(`${kind} ${model}`, { issuer: provider.peerId, kind, id: model, bytes })
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes)
  out[at] = (out[at] ?? 0) ^ 1
  return out
}

// DOCUMENT-R5
test('spoilt, expired and foreign cards and offers are refused one by one, and hide no good model', async () => {
  const expected = new Map<string, string>()
  const stranger = await generateKeyPair('Ed25519')
  const strange = peerIdFromPrivateKey(stranger).toString()
  const make = async (code: string, change: Parameters<ScriptedProvider['model']>[0] = {}) => {
    const made = await provider.model(change)
    const model = made.card.cid.toString()
    expected.set(model, code)
    return { ...made, model }
  }
  const nowMs = Date.now()
  const day = 86_400_000

  const spoiltCard = await make('SIGNATURE_INVALID')
  spoil('card', spoiltCard.model, flipped(spoiltCard.card.bytes, -1 + spoiltCard.card.bytes.length))
  const wrongCard = await make('RECORD_MALFORMED')
  spoil('card', wrongCard.model, new Uint8Array(40))
  await make('RECORD_EXPIRED', { card: { seq: nowMs - 8 * day } })
  await make('RECORD_FROM_FUTURE', { card: { seq: nowMs + day } })
  const foreignCard = await make('CID_MISMATCH')
  const foreign = await signCard({ ...foreignCard.card.card, issuer: strange }, stranger)
  spoil('card', foreignCard.model, foreign.bytes)

  const spoiltOffer = await make('SIGNATURE_INVALID')
  const { bytes } = spoiltOffer.offer
  spoil('offer', spoiltOffer.model, flipped(bytes, bytes.length - 1))
  await make('OFFER_EXPIRED', { offer: { seq: nowMs - 400_000, expiresAtMs: nowMs - 1 } })
  await make('RECORD_FROM_FUTURE', { offer: { seq: nowMs + day, expiresAtMs: nowMs + day } })
  const foreignOffer = await make('SIGNER_UNEXPECTED')
  const other = await signOffer({ ...foreignOffer.offer.offer, provider: strange }, stranger)
  spoil('offer', foreignOffer.model, other.bytes)
  const otherModel = await make('SIGNER_UNEXPECTED')
  spoil('offer', otherModel.model, spoiltOffer.offer.bytes)
  const withoutOffer = await make('DOCUMENT_UNKNOWN')
  provider.documents.delete(`offer ${withoutOffer.model}`)

  const good = await provider.model()
  const found = await agent.api.models.search(world.topic)
  expect(found.map(({ model }) => model.model)).toEqual([good.card.cid.toString()])
  expect(Object.fromEntries(refused)).toEqual(Object.fromEntries(expected))
})

// OFFER-R6, CALL-W1
test('an offer that is signed well but asks for the wrong thing is never paid', async () => {
  const payment = (await provider.model()).offer.offer.payment
  const offers: Array<[string, Partial<Offer>]> = [
    ['ROYALTY_TOO_LOW', { policy: { ...ROYALTY, royaltyPpm: 299_999 } }],
    ['ROYALTY_TOO_LOW', { policy: { ...ROYALTY, contributorsPpm: 600_000, builderPpm: 200_000 } }],
    ['CHAIN_MISMATCH', { payment: { ...payment, chainId: payment.chainId + 1 } }],
    ['CHAIN_MISMATCH', { payment: { ...payment, escrow: payment.pool } }],
    ['TERMS_MISMATCH', { payment: { ...payment, token: payment.pool } }],
    ['TERMS_MISMATCH', { payment: { ...payment, auditor: `0x${'11'.repeat(32)}` } }],
    ['PRICE_TOO_HIGH', { openWei: 999_999n }]
  ]
  const models = new Map<string, string>()
  for (const [code, offer] of offers) {
    models.set((await provider.model({ offer })).card.cid.toString(), code)
  }
  const unknown = parseCid('bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
  const revisions = [{ datanet: unknown, revision: unknown }]
  models.set(
    (await provider.model({ card: { revisions } })).card.cid.toString(),
    'DOCUMENT_UNKNOWN'
  )
  await agent.api.models.search(world.topic)
  for (const [model, code] of models) {
    expect([code, await refusal(() => ask(agent, { model, content: 'Anything?' }))]).toEqual([
      code,
      code
    ])
  }
  expect(await agent.api.channels.list()).toEqual([])
  expect(provider.vouchers).toEqual([])
})

test('an older offer played back is refused in favour of the newer one that was seen', async () => {
  const { card, offer } = await provider.model()
  const model = card.cid.toString()
  await agent.api.models.search(world.topic)
  const older = await provider.model({ offer: { model: card.cid, seq: offer.offer.seq - 10_000 } })
  spoil('offer', model, older.offer.bytes)
  await agent.api.models.search(world.topic).catch(() => {})
  expect(refused.get(model)).toBe('RECORD_SUPERSEDED')
  const listed = (await agent.api.models.list()).find((known) => known.model.model === model)
  expect(listed?.offers.map((known) => known.offer)).toEqual([offer.cid.toString()])
})
