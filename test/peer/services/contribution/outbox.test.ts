import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ContributionDraft, DatanetSummary } from '../../../../peer/api/datanets-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { createTestWorld, type TestWorld } from '../../../fixtures/world.ts'
import { foundLooms, loomDraft } from './loom-drafts.ts'

const OUTBOX = { outbox: { everyMs: 200 } }
let world: TestWorld
let host: Peer
let contributor: Peer
let datanet: DatanetSummary
let account: string

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  contributor = await world.peer('contributor', OUTBOX)
  const curator = (await host.api.accounts.create('curator')).address
  datanet = await foundLooms(host, { curator, topic: world.network.topic }, {})
  await contributor.api.datanets.find(world.topic)
  account = (await contributor.api.accounts.ensure('ann')).address
})
afterAll(() => world?.stop())

const give = (change: Partial<ContributionDraft> = {}) =>
  contributor.api.datanets.contribute(loomDraft(datanet.id, account, change))
const saying = (text: string) => give({ content: { title: 'Weights', text } })
const own = () => contributor.api.datanets.submissions({ account })
const statusOf = async (contribution: string) =>
  (await own()).find((one) => one.contribution === contribution)?.status
const taken = async () =>
  (await host.api.datanets.pending({ datanet: datanet.id })).map(({ contribution }) => contribution)
const disk = () =>
  Buffer.concat(
    ['peer.db', 'peer.db-wal'].map((file) => readFileSync(join(world.dirOf('contributor'), file)))
  )

// SUBMISSION-W3, SUBMISSION-R2
test('what is given while no host is there is kept signed, over a restart, and handed in once', async () => {
  await host.stop()
  const text = 'Clay weights of Marrowby keep the warp taut.'
  const { contribution, status } = await saying(text)
  expect(status).toBe('queued')
  const named = { account, contribution }
  expect(await contributor.api.datanets.submission(named)).toMatchObject({
    ...{ status: 'queued', order: 0, receipt: '', content: { text } }
  })
  expect(disk().includes('Marrowby')).toBe(false)
  await contributor.stop()
  contributor = await world.peer('contributor', OUTBOX)
  expect(await own()).toMatchObject([{ contribution, status: 'queued', title: 'Weights' }])
  // It is among what stays when nothing refers to the rest.
  await contributor.api.datanets.clean()
  host = await world.peer('host')
  await expect.poll(() => statusOf(contribution)).toBe('pending')
  expect(await taken()).toEqual([contribution])
  const { receipt } = await contributor.api.datanets.submission(named)
  expect(receipt).not.toBe('')
  expect(await own()).toHaveLength(1)
})

test('what a host refuses later is not sent again, and says why', async () => {
  const text = 'Loom weights were fired in the kiln at Pewsey.'
  const before = await saying(text)
  await host.stop()
  const { contribution } = await saying(text)
  const other = await saying('The heddle lifts every other thread of the warp.')
  host = await world.peer('host')
  await expect.poll(() => statusOf(other.contribution)).toBe('pending')
  const refused = (await own()).find((one) => one.contribution === contribution)
  expect(refused).toMatchObject({ status: 'refused', code: 'CONTRIBUTION_DUPLICATE' })
  expect(await taken()).not.toContain(contribution)
  expect(await taken()).toContain(before.contribution)
})

// TOMBSTONE-W7
test('a withdrawal waits as well: here everything goes at once, at the host when it is there', async () => {
  const { contribution } = await saying('A comb of antler beats the weft at Ludgershall.')
  await host.stop()
  const draft = { datanet: datanet.id, contribution, account }
  expect(await contributor.api.datanets.withdraw(draft)).toMatchObject({ state: 'queued' })
  expect(await statusOf(contribution)).toBe('withdrawing')
  const { content } = await contributor.api.datanets.submission({ account, contribution })
  expect(content).toEqual({})
  await contributor.stop()
  contributor = await world.peer('contributor', OUTBOX)
  host = await world.peer('host')
  await expect.poll(() => statusOf(contribution)).toBe('withdrawn')
  expect(await taken()).not.toContain(contribution)
})

test('what is withdrawn before any host had it is never handed in', async () => {
  await host.stop()
  const { contribution } = await saying('Shears of iron cut the web at Wexcombe.')
  const draft = { datanet: datanet.id, contribution, account }
  expect(await contributor.api.datanets.withdraw(draft)).toMatchObject({ state: 'queued' })
  expect(await statusOf(contribution)).toBeUndefined()
  host = await world.peer('host')
  const later = await saying('Wool is spun with a spindle of bone.')
  await expect.poll(() => statusOf(later.contribution)).toBe('pending')
  expect(await taken()).not.toContain(contribution)
})
