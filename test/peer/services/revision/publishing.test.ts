import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatanetSummary, FetchedRevision } from '../../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { ask, createTestWorld, LICENCE, type TestWorld } from '../../../fixtures/world.ts'
import { QUESTION, TEXTS } from '../../../fixtures/world-texts.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: TestWorld
let host: Peer
let provider: Peer
let datanet: DatanetSummary & { people: string[] }

beforeAll(async () => {
  world = await createTestWorld()
  ;[host, provider] = await Promise.all([world.peer('host'), world.peer('provider')])
  datanet = await world.datanet(host)
  await world.serve(provider, datanet.id)
})
afterAll(() => world?.stop())

let texts = 0
/** One more contribution that the curator accepts. */
async function accept(): Promise<void> {
  const [account] = datanet.people
  const words = { title: 'Loom weights', text: `A loom weight keeps warp ${++texts} taut.` }
  const { contribution } = await host.api.datanets.contribute({
    ...{ datanet: datanet.id, account: account as string, language: 'en', licence: LICENCE },
    ...{ schema: 'text/1', content: words }
  })
  const verdict = { verdict: 'approve' as const, account: datanet.curators[0] as string }
  await host.api.datanets.review({ datanet: datanet.id, contribution, ...verdict })
}

async function restartHost(between?: () => void): Promise<void> {
  await host.stop()
  between?.()
  host = await world.peer('host')
}

let readers = 0
/** The revision that a peer which was told nothing finds and verifies. */
async function fetched(): Promise<FetchedRevision> {
  const reader = await world.peer(`reader ${++readers}`, { unfunded: true })
  await reader.api.datanets.find(world.topic)
  return reader.api.datanets.fetch(datanet.id)
}

const anchorOf = (ordinal: number) => world.chain.registry.anchorOf(datanet.chainKey, ordinal)

test('what was kept and not anchored is shown to nobody and anchored first the next time', async () => {
  await accept()
  const crash = new AbortController()
  const publishing = host.api.datanets.publish(datanet.id, {
    signal: crash.signal,
    onProgress: () => crash.abort()
  })
  await expect(publishing).rejects.toMatchObject({ name: 'AbortError' })
  await restartHost()
  expect(await anchorOf(2)).toBeUndefined()
  expect(await host.api.datanets.head(datanet.id)).toMatchObject({ ordinal: 1 })
  expect(await fetched()).toMatchObject({ ordinal: 1 })
  await accept()
  const third = await host.api.datanets.publish(datanet.id)
  expect(third).toMatchObject({ ordinal: 3, rows: TEXTS.length + 2 })
  expect(await anchorOf(2)).toBeDefined()
  expect(await fetched()).toMatchObject({ ordinal: 3 })
})

test('what was anchored before a crash could say so is taken as it is', async () => {
  const before = await host.api.datanets.head(datanet.id)
  await restartHost(() => {
    const db = openDatabase(join(world.dirOf('host'), 'peer.db'))
    db.run('UPDATE revision SET anchored = 0 WHERE ordinal = ?', before.ordinal)
    db.close()
  })
  expect(await host.api.datanets.publish(datanet.id)).toEqual(before)
  expect(await refusal(() => host.api.datanets.publish(datanet.id))).toBe('NOTHING_TO_PUBLISH')
  await accept()
  const next = await host.api.datanets.publish(datanet.id)
  expect(next.ordinal).toBe(before.ordinal + 1)
})

test('two publications at once are one after the other', async () => {
  await accept()
  const { ordinal } = await host.api.datanets.head(datanet.id)
  const [one, other] = await Promise.allSettled([
    host.api.datanets.publish(datanet.id),
    host.api.datanets.publish(datanet.id)
  ])
  expect(one).toMatchObject({ value: { ordinal: ordinal + 1 } })
  expect(other).toMatchObject({ reason: { code: 'NOTHING_TO_PUBLISH' } })
})

test('a model answers from the revision it was built on, also after a restart beside a newer one', async () => {
  await accept()
  await host.api.datanets.publish(datanet.id)
  await provider.stop()
  provider = await world.peer('provider')
  await provider.api.datanets.find(world.topic)
  expect((await provider.api.datanets.fetch(datanet.id)).ordinal).toBeGreaterThan(1)
  await provider.stop()
  provider = await world.peer('provider')
  const agent = await world.peer('agent')
  const [listing] = await agent.api.models.search(world.topic)
  const { done } = await ask(agent, { model: listing?.model.model ?? '', content: QUESTION })
  expect(done.receipt.outcome).toBe('answered')
})
