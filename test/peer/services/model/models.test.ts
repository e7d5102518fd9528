import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../../../peer/peer.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createDocumentStore } from '../../../../peer/store/documents.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf, RAW } from '../../../../protocol/base/codec.ts'
import { signCard, verifyCard } from '../../../../protocol/model/card.ts'
import { signOffer, verifyOffer } from '../../../../protocol/model/offer.ts'
import { ask, createTestWorld, type TestWorld } from '../../../fixtures/world.ts'
import { QUESTION } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let builder: Peer
let second: Peer
let model: string

beforeAll(async () => {
  world = await createTestWorld()
  const datanet = await world.datanet(await world.peer('host'))
  builder = await world.peer('builder')
  ;({
    model: { model }
  } = await world.serve(builder, datanet.id))
  second = await world.peer('second')
  await second.api.datanets.find(world.topic)
  await second.api.models.search(world.topic)
})
afterAll(() => world?.stop())

test('a model that rebuilds to the same artefact is served by a second peer for its builder', async () => {
  const adopted = await second.api.models.adopt(model)
  expect(adopted).toMatchObject({ model, issuer: builder.peerId })
  const prices = { callWei: 1n, inputTokenWei: 0n, outputTokenWei: 1n }
  await second.api.models.serve({ model, account: second.account, ...prices })
  const agent = await world.peer('agent')
  await expect
    .poll(async () => (await agent.api.models.search(world.topic))[0]?.offers.length, {
      timeout: 15_000
    })
    .toBe(2)
  const { done } = await ask(agent, { model, content: QUESTION })
  expect(done.receipt).toMatchObject({ provider: second.peerId, outcome: 'answered' })
})

test('a card whose artefact cannot be rebuilt is not adopted', async () => {
  const database = openDatabase(join(world.dirOf('builder'), 'peer.db'))
  const { peerKey } = await openWallet(database)
  const documents = createDocumentStore(database)
  const [card] = documents.ofKind('card')
  const [offer] = documents.ofKind('offer')
  const honest = await verifyCard(card?.bytes as Uint8Array, Date.now())
  const artefact = cidOf(Uint8Array.of(1), RAW)
  const forged = await signCard({ ...honest.card, artefact }, peerKey)
  const id = forged.cid.toString()
  const terms = await verifyOffer(offer?.bytes as Uint8Array, Date.now())
  const offered = await signOffer({ ...terms.offer, model: forged.cid }, peerKey)
  const { issuer, labels } = card ?? { issuer: '', labels: [] }
  const { seq } = forged.card
  documents.put({ issuer, kind: 'card', id, seq, bytes: forged.bytes, labels: labels ?? [] })
  documents.put({ issuer, kind: 'offer', id, seq, bytes: offered.bytes })
  database.close()
  await second.api.models.search(world.topic)
  expect(await refusal(() => second.api.models.adopt(id))).toBe('MODEL_DIFFERS')
})
