import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'

let paid: PaidWorld
let tower: Peer

beforeAll(async () => {
  const towers: string[] = []
  paid = await createPaidWorld({ withdrawDelayS: 4, towers, towerAtWei: 500n })
  tower = await paid.world.peer('tower', { roles: ['tower'], towerLeastWei: 100n })
  towers.push(...tower.addresses)
  // It reads of its towers at its start.
  await paid.restartProvider()
})
afterAll(async () => {
  await paid?.stop()
})

test('a tower claims for a provider that is gone when its payer withdraws', async () => {
  const { world, provider } = paid
  const payer = await paid.agent('payer')
  await ask(payer, { model: paid.model, content: QUESTION })
  const { channelId, authorisedWei } = await paid.agreement(payer)
  await expect.poll(() => tower.health().towerChannels, { timeout: 12_000 }).toBe(1)
  await provider.stop()
  const { claimedWei } = await world.chain.escrow.channel(channelId)
  expect(claimedWei).toBe(0n)
  await payer.api.channels.close(channelId)
  await expect
    .poll(async () => (await world.chain.escrow.channel(channelId)).claimedWei, { timeout: 6_000 })
    .toBe(authorisedWei)
  expect(await world.chain.escrow.creditOf(provider.account, world.chain.contracts.token)).toBe(
    authorisedWei - (await world.chain.escrow.channel(channelId)).royaltyWei
  )
  expect(await tower.api.status()).toMatchObject({ roles: ['tower'], health: { isWell: true } })
})
