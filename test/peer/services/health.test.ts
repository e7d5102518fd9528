import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createHealth, HEALTH } from '../../../peer/services/health.ts'
import { type ClaimWorld, createClaimWorld } from '../../fixtures/claim-world.ts'
import { down } from '../chain/steered-chain.ts'

let world: ClaimWorld

beforeAll(async () => {
  world = await createClaimWorld()
})
beforeEach(() => {
  world.chain.refuse = undefined
  world.chain.isMining = true
})
afterAll(() => world?.stop())

function start(claimAtWei = 1_000n) {
  const clock = { nowMs: world.chain.timeS * 1_000 }
  const now = () => clock.nowMs
  const peer = world.start(world.database(), { claimAtWei, now })
  const health = createHealth({ ...peer, now })
  const codes = () => health.now().reasons.map(({ code }) => code)
  return { ...peer, clock, health, codes }
}

test('what only waits to be worth a claim is no failure', async () => {
  const { chain, payer } = world
  const { keep, round, clock, codes } = start()
  const terms = world.terms({ withdrawDelayS: 86_400 })
  await payer.escrow.fund(terms, 10_000n)
  for (const wei of [300n, 600n, 900n]) {
    keep(terms, wei)
    await round()
    clock.nowMs += HEALTH.intervalMs
    await chain.pass(HEALTH.intervalMs / 1_000)
    await round()
    expect(codes()).toEqual([])
  }
})

test('turns red when value that is due stands with a silent claimer, and green again', async () => {
  const { payer } = world
  const { keep, round, watcher, clock, health, codes } = start()
  const terms = world.terms({ withdrawDelayS: 86_400 })
  await payer.escrow.fund(terms, 10_000n)
  keep(terms, 1_500n)
  await watcher.catchUp()
  expect(codes()).toEqual([])
  clock.nowMs += 2 * HEALTH.intervalMs - 1
  await world.chain.pass((2 * HEALTH.intervalMs) / 1_000)
  await watcher.catchUp()
  expect(codes()).toEqual([])
  clock.nowMs += 1
  expect(codes()).toEqual(['CLAIM_STUCK'])
  const { reasons } = health.now()
  expect(reasons[0]?.text).toContain('1500 wei')
  await round()
  await round()
  expect(health.now()).toMatchObject({ isWell: true, claims: { underWay: 0, final: 1 } })
})

test('claims that blocks do not take make it red as well', async () => {
  const { chain, payer } = world
  const { keep, round, watcher, clock, codes } = start()
  const terms = world.terms({ withdrawDelayS: 86_400 })
  await payer.escrow.fund(terms, 10_000n)
  keep(terms, 1_500n)
  chain.isMining = false
  await round()
  expect(codes()).toEqual([])
  clock.nowMs += 2 * HEALTH.intervalMs
  await watcher.catchUp()
  expect(codes()).toContain('CLAIM_STUCK')
  chain.isMining = true
  await chain.mine()
  await round()
  expect(codes()).not.toContain('CLAIM_STUCK')
})

test('turns red while the chain cannot be read, sooner where delays are short', async () => {
  const { chain, payer } = world
  const { keep, round, watcher, clock, codes } = start()
  await round()
  expect(codes()).toEqual([])
  chain.refuse = down
  await expect(watcher.catchUp()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  clock.nowMs += HEALTH.behindMs
  expect(codes()).toEqual([])
  clock.nowMs += 1
  expect(codes()).toEqual(['CHAIN_UNREACHABLE'])
  chain.refuse = undefined
  await watcher.catchUp()
  expect(codes()).toEqual([])
  const terms = world.terms({ withdrawDelayS: 200 })
  await payer.escrow.fund(terms, 10_000n)
  keep(terms, 500n)
  await round()
  clock.nowMs += 20_001
  expect(codes()).toEqual(['CHAIN_BEHIND'])
  await watcher.catchUp()
  expect(codes()).toEqual([])
})

test('an endpoint that stands still is not up to date', async () => {
  const { watcher, clock, codes } = start()
  await world.chain.mine()
  await watcher.catchUp()
  clock.nowMs += HEALTH.oldBlockMs + 2_000
  await watcher.catchUp()
  expect(codes()).toEqual(['CHAIN_BEHIND'])
  await world.chain.pass(HEALTH.oldBlockMs / 1_000)
  await watcher.catchUp()
  expect(codes()).toEqual([])
})
