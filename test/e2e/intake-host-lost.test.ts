import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

const TERMS = { language: 'en', licence: LICENCE }
let world: TestWorld
let host: Peer
let heir: Peer
let third: Peer
let reader: Peer
let id: string
const curators = new Map<string, string>()

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  heir = await world.peer('heir')
  third = await world.peer('third')
  reader = await world.peer('reader')
  for (const peer of [host, heir, third]) {
    curators.set(peer.peerId, (await peer.api.accounts.create('curator')).address)
  }
  const founded = await host.api.datanets.create({
    ...{ name: 'Knots', purpose: 'How to tie them.', topics: [world.network.topic] },
    ...{ licences: [LICENCE], consent: 'Yes.', royalty: ROYALTY, treasury: host.account },
    ...{ curators: [...curators.values()], threshold: 1, reviewApprovals: 1, changeDelayMs: 0 }
  })
  id = founded.id
  for (const peer of [heir, third, reader]) await peer.api.datanets.find(world.topic)
  await host.api.datanets.change({ datanet: id, change: { threshold: 2 } })
}, 60_000)
afterAll(async () => {
  await world?.stop()
})

const contribute = async (peer: Peer, n: number) => {
  const { address } = await peer.api.accounts.ensure('author')
  const { title, text } = TEXTS[n] as (typeof TEXTS)[0]
  const of = { datanet: id, account: address, schema: 'text/1' }
  return peer.api.datanets.contribute({ ...of, content: { title, text }, ...TERMS })
}
const accept = (peer: Peer, { contribution }: { contribution: string }) => {
  const account = curators.get(peer.peerId) as string
  return peer.api.datanets.review({ datanet: id, contribution, verdict: 'approve', account })
}
const approve = async (peer: Peer, proposal: string) => {
  await peer.api.datanets.proposals(id)
  return peer.api.datanets.approve({ datanet: id, proposal })
}

describe('a Datanet whose intake host is lost with a curator’s key', () => {
  test('is anchored by two curators of three before', async () => {
    for (const n of [0, 1, 2]) await accept(host, await contribute(reader, n))
    const { proposal } = await host.api.datanets.propose(id)
    expect(await approve(heir, proposal)).toMatchObject({ state: 'anchored', number: 1 })
    await contribute(reader, 3)
    await reader.api.datanets.fetch(id)
    await host.stop()
  }, 60_000)

  test('gets another host and another curator by those who are left', async () => {
    const fresh = (await reader.api.accounts.create('curator')).address
    const left = [heir, third].map(({ peerId }) => curators.get(peerId) as string)
    const change = { intakeHost: heir.peerId, curators: [...left, fresh] }
    const asked = await heir.api.datanets.change({ datanet: id, change })
    expect(asked).toMatchObject({ state: 'open', number: 2 })
    expect(await approve(third, asked.proposal)).toMatchObject({ state: 'in force' })
    for (const peer of [heir, reader]) {
      const [, , inForce] = await peer.api.datanets.manifests(id)
      expect(inForce).toMatchObject({ seq: 2, state: 'in force' })
      expect(await peer.api.datanets.show(id)).toMatchObject({ intakeHost: heir.peerId })
    }
  }, 60_000)

  // CHANGE-R4
  test('goes on from the anchored revision, in the order it had', async () => {
    const again = await contribute(reader, 3)
    expect(again).toMatchObject({ status: 'pending', order: 4 })
    await expect(contribute(reader, 0)).rejects.toMatchObject({ code: 'CONTRIBUTION_DUPLICATE' })
    await accept(heir, again)
    const { proposal } = await heir.api.datanets.propose(id)
    expect(await approve(third, proposal)).toMatchObject({ state: 'anchored', rows: 4 })
    expect(await reader.api.datanets.fetch(id)).toMatchObject({ ordinal: 2, rows: 4 })
  }, 60_000)

  test('is not taken in for by the old host, which comes back and follows', async () => {
    const back = await world.peer('host')
    const all = await back.api.datanets.manifests(id)
    expect(all.at(-1)).toMatchObject({ seq: 2, state: 'in force' })
    await expect(back.api.datanets.pending({ datanet: id })).rejects.toMatchObject({
      code: 'DATANET_UNKNOWN'
    })
    const change = back.api.datanets.change({ datanet: id, change: { name: 'Mine again' } })
    await expect(change).rejects.toMatchObject({ code: 'SIGNER_UNEXPECTED' })
    expect(await back.api.datanets.fetch(id)).toMatchObject({ ordinal: 2, rows: 4 })
  }, 60_000)
})
