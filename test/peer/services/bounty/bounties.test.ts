import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BountyDraft } from '../../../../peer/api/bounties-api.ts'
import type { Peer } from '../../../../peer/peer.ts'
import { createTestWorld, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'

let world: TestWorld
let host: Peer
let id: string
beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  ;({ id } = await world.datanet(host, TEXTS.slice(0, 1)))
}, 60_000)
afterAll(async () => {
  await world?.stop()
})

const open = (peer: Peer, over: Partial<BountyDraft> & { question: string }) =>
  peer.api.datanets.openBounty({ datanet: id, account: peer.account, language: 'en', ...over })

// BOUNTY-W2
test('what looks personal is published only when told to', async () => {
  const question = 'Who answers at anna.berg@posteo.de?'
  await expect(open(host, { question })).rejects.toMatchObject({
    code: 'PERSONAL_DATA_FOUND',
    details: { kinds: ['email'] }
  })
  expect(await host.api.datanets.bounties(id)).toEqual([])
  expect(await open(host, { question, allowPersonalData: true })).toMatchObject({ isListed: true })
})

test('nearly the same question is asked again only when meant', async () => {
  const first = await open(host, { question: 'Which planet of the sun has the most moons?' })
  const again = { question: 'which planet of the sun has the most moons' }
  await expect(open(host, again)).rejects.toMatchObject({
    code: 'BOUNTY_DUPLICATE',
    details: { bounty: first.bounty }
  })
  // Its hosts list one question once, whatever its asker means.
  await expect(open(host, { ...again, anyway: true })).rejects.toMatchObject({
    code: 'BOUNTY_DUPLICATE'
  })
  const paid = await open(host, { ...again, anyway: true, budgetWei: 9n })
  expect(paid).toMatchObject({ isListed: false, budgetWei: 9n })
  const named = { datanet: id, bounty: paid.bounty }
  expect(await host.api.datanets.fundBounty({ ...named, amountWei: 9n })).toMatchObject({
    isListed: true
  })
  await expect(open(host, { question: 'In which form?', schemas: ['label/1'] })).rejects.toThrow(
    /takes no label\/1/
  )
})

test('a chain without the contract, and a peer without a chain, say so', async () => {
  const { bounty: _, ...contracts } = world.network.contracts
  const older = await world.peer('older', { contracts })
  await older.api.datanets.find(world.topic)
  const asked = await open(older, { question: 'How deep does a mole dig?' })
  expect(asked).toMatchObject({ isListed: true, lockedWei: 0n })
  const payment = { datanet: id, bounty: asked.bounty, amountWei: 1n }
  const off = { code: 'BOUNTIES_OFF' }
  const { datanets } = older.api
  await expect(datanets.fundBounty(payment)).rejects.toMatchObject(off)
  await expect(datanets.approveBounty(payment)).rejects.toMatchObject(off)
  await expect(datanets.refundBounty(payment)).rejects.toMatchObject(off)
  await expect(datanets.claimBounties(older.account)).rejects.toMatchObject(off)
  await expect(open(older, { question: 'How high?', budgetWei: 1n })).rejects.toMatchObject(off)
  expect((await datanets.bounties(id)).length).toBeGreaterThan(1)
  const nowhere = { datanet: id, bounty: 'bafyreinobody' }
  await expect(datanets.bounty(nowhere)).rejects.toMatchObject({ code: 'BOUNTY_UNKNOWN' })

  const alone = await world.peer('alone', { rpcUrl: undefined, contracts: undefined } as never)
  await alone.api.datanets.find(world.topic)
  const free = await open(alone, { question: 'What do wagtails eat in winter?' })
  expect(free).toMatchObject({ isListed: true, lockedWei: 0n })
  await expect(alone.api.datanets.fundBounty(payment)).rejects.toMatchObject({
    code: 'CHAIN_MISSING'
  })
}, 60_000)
