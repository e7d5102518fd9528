import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

const TERMS = { language: 'en', licence: LICENCE }

let world: TestWorld
let host: Peer
let second: Peer
let third: Peer
let reader: Peer
let id: string
const curators = new Map<Peer, string>()

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  ;[second, third, reader] = (await Promise.all(
    ['second', 'third', 'reader'].map((name) => world.peer(name))
  )) as [Peer, Peer, Peer]
  for (const peer of [host, second, third]) {
    curators.set(peer, (await peer.api.accounts.create('curator')).address)
  }
  const founded = await host.api.datanets.create({
    ...{ name: 'Knots', purpose: 'How to tie them.', topics: [world.network.topic] },
    ...{ licences: [LICENCE], consent: 'Yes.', royalty: ROYALTY, treasury: host.account },
    ...{ curators: [...curators.values()], threshold: 1, reviewApprovals: 1, changeDelayMs: 0 }
  })
  id = founded.id
  for (const peer of [second, third, reader]) await peer.api.datanets.find(world.topic)
}, 60_000)
afterAll(async () => {
  await world?.stop()
})

const show = (peer: Peer) => peer.api.datanets.show(id)

describe('curators with a key each on a peer of their own', () => {
  test('put a change in force once enough approve it, and everybody follows', async () => {
    const alone = await host.api.datanets.change({ datanet: id, change: { threshold: 2 } })
    expect(alone).toMatchObject({ state: 'in force', number: 1 })
    const asked = await host.api.datanets.change({
      ...{ datanet: id, change: { name: 'Knots and bends' }, note: 'Bends came in.' }
    })
    expect(asked).toMatchObject({ state: 'open', number: 2, threshold: 2 })
    expect(asked.approvals).toEqual([curators.get(host)])
    expect((await show(host)).name).toBe('Knots')

    const [seen] = await second.api.datanets.proposals(id)
    expect(seen).toMatchObject({ proposal: asked.proposal, note: 'Bends came in.', state: 'open' })
    const named = { datanet: id, proposal: asked.proposal }
    const { changes } = await second.api.datanets.proposal(named)
    expect(changes).toEqual([{ field: 'name', before: 'Knots', after: 'Knots and bends' }])
    expect(await second.api.datanets.approve(named)).toMatchObject({ state: 'in force' })

    for (const peer of [host, second, third, reader]) {
      const all = await peer.api.datanets.manifests(id)
      expect(all.map(({ seq, state }) => [seq, state])).toEqual([
        [0, 'before'],
        [1, 'before'],
        [2, 'in force']
      ])
      expect(await show(peer)).toMatchObject({ name: 'Knots and bends', threshold: 2, seq: 2 })
    }
  }, 60_000)

  test('anchor a revision once enough of them made it again from its records', async () => {
    const people = [await host.api.accounts.create('ann'), await reader.api.accounts.create('ben')]
    for (const [n, { title, text }] of TEXTS.slice(0, 4).entries()) {
      const account = people[n % 2]?.address as string
      const given = { datanet: id, account, schema: 'text/1', content: { title, text } }
      const from = n % 2 === 0 ? host : reader
      await accepted(await from.api.datanets.contribute({ ...given, ...TERMS }))
    }
    const proposed = await host.api.datanets.propose(id)
    expect(proposed).toMatchObject({ kind: 'revision', number: 1, rows: 4, state: 'open' })
    await expect(reader.api.datanets.fetch(id)).rejects.toMatchObject({ code: 'DOCUMENT_UNKNOWN' })

    const [seen] = await third.api.datanets.proposals(id)
    const named = { datanet: id, proposal: seen?.proposal ?? '' }
    expect(await third.api.datanets.approve(named)).toMatchObject({ state: 'anchored' })
    expect(await reader.api.datanets.fetch(id)).toMatchObject({ ordinal: 1, rows: 4 })
    expect((await host.api.datanets.proposals(id))[0]).toMatchObject({ state: 'anchored' })
    // The curator who anchored it did not take it in: the host goes on from there.
    await expect(host.api.datanets.propose(id)).rejects.toMatchObject({
      code: 'NOTHING_TO_PUBLISH'
    })
  }, 60_000)

  // REVIEW-R3
  test('leave, and their words do not stop what is open', async () => {
    const { address: author } = await reader.api.accounts.find('ben')
    const { title, text } = TEXTS[4] as (typeof TEXTS)[0]
    const given = { datanet: id, account: author, schema: 'text/1', content: { title, text } }
    const { contribution } = await reader.api.datanets.contribute({ ...given, ...TERMS })
    const account = curators.get(host) as string
    const word = { datanet: id, contribution, account }
    const rejected = await host.api.datanets.review({ ...word, verdict: 'reject' })
    expect(rejected).toEqual({ status: 'rejected' })

    const { address: heir } = await host.api.accounts.create('heir')
    const left = [second, third].map((peer) => curators.get(peer) as string)
    const change = { curators: [heir, ...left] }
    const { proposal } = await second.api.datanets.change({ datanet: id, change })
    await third.api.datanets.proposals(id)
    const named = { datanet: id, proposal }
    expect(await third.api.datanets.approve(named)).toMatchObject({ state: 'in force' })
    await host.api.datanets.manifests(id)
    const late = host.api.datanets.review({ ...word, verdict: 'approve' })
    await expect(late).rejects.toMatchObject({ code: 'REVIEW_REFUSED' })
    const approved = { datanet: id, contribution, account: heir, verdict: 'approve' as const }
    expect(await host.api.datanets.review(approved)).toEqual({ status: 'accepted' })
  }, 60_000)
})

/** Approved by the host's curator, which is enough here. */
async function accepted({ contribution }: { contribution: string }) {
  const account = curators.get(host) as string
  await host.api.datanets.review({ datanet: id, contribution, verdict: 'approve', account })
}
