import { afterAll, beforeAll, test } from 'vitest'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let paid: PaidWorld

beforeAll(async () => {
  paid = await createPaidWorld()
})
afterAll(() => paid?.stop())

test.concurrent('with the DHT switched off, discovery fails with its code', async ({ expect }) => {
  const deaf = await paid.world.peer('deaf', { dht: false, unfunded: true })
  const { topic } = paid.world.network
  expect(await refusal(() => deaf.api.models.search(topic))).toBe('DISCOVERY_OFF')
  expect(await refusal(() => deaf.api.datanets.find(topic))).toBe('DISCOVERY_OFF')
})

test.concurrent('when nobody announces the topic, it is said that there is nothing', async ({
  expect
}) => {
  const lonely = await paid.world.peer('lonely', { unfunded: true })
  const [models, datanets] = await Promise.all([
    refusal(() => lonely.api.models.search('nothing-of-the-kind')),
    refusal(() => lonely.api.datanets.find('nothing-of-the-kind'))
  ])
  expect([models, datanets]).toEqual(['DISCOVERY_EMPTY', 'DISCOVERY_EMPTY'])
})

test.concurrent('a search that is given up ends with the abort', async ({ expect }) => {
  const hasty = await paid.world.peer('hasty', { unfunded: true })
  const leave = new AbortController()
  const search = hasty.api.models.search('nothing-of-the-kind', { signal: leave.signal })
  leave.abort()
  await expect(search).rejects.toMatchObject({ name: 'AbortError' })
})

test.concurrent('a provider that is gone does not hide the one that is there', async ({
  expect
}) => {
  const { id } = (await paid.provider.api.datanets.list())[0] ?? { id: '' }
  const gone = await paid.world.peer('gone')
  await paid.world.serve(gone, id)
  const witness = await paid.agent('witness')
  await expect.poll(async () => (await witness.api.models.search(paid.world.topic)).length).toBe(2)
  await gone.stop()
  const agent = await paid.agent('late')
  const { done } = await ask(agent, { model: paid.model, content: QUESTION })
  expect(done.receipt.provider).toBe(paid.provider.peerId)
})
