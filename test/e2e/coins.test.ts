import { afterAll, beforeAll, expect, test } from 'vitest'
import { COIN } from '../../peer/chain/token.ts'
import type { Peer } from '../../peer/peer.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'

/** Where the contracts are told no token, and everything is paid in the chain's own coin. */
let paid: PaidWorld
let agent: Peer

beforeAll(async () => {
  paid = await createPaidWorld({}, { token: COIN })
  agent = await paid.agent('agent')
})
afterAll(() => paid?.stop())

test('a call is paid in coins, and its royalty reaches a contributor in coins', async () => {
  const { host, provider, world, model } = paid
  const { escrow, pool } = world.network.contracts
  const held = (account: string) => world.chain.gasBalanceOf(account)
  await ask(agent, { model, content: `What is a ${TEXTS[0]?.title}?` })
  const { depositWei, paidBy } = await paid.agreement(agent)
  expect(paidBy).toBe('coins')
  expect(await held(escrow)).toBe(depositWei)

  await provider.api.channels.claim()
  const [posted] = await provider.api.rewards.post()
  expect(posted?.totalWei).toBeGreaterThan(0n)
  expect(await held(pool)).toBe(posted?.totalWei)
  const [account] = (await host.api.accounts.list())
    .filter(({ label }) => label === 'ann')
    .map(({ address }) => address) as [string]
  const claimableWei = async () => (await host.api.rewards.show(account))[0]?.claimableWei ?? 0n
  await expect.poll(claimableWei, { timeout: 10_000 }).toBeGreaterThan(0n)
  const before = await held(account)
  const share = await host.api.rewards.claim(account)
  // Whoever sends the claim pays its gas; the share arrives whole.
  expect((await held(account)) - before).toBe(share.claimedWei)
})

test('one deposit of coins in the vault opens a channel', async () => {
  const { model } = paid
  const second = await paid.agent('second')
  await second.api.accounts.vaultDeposit(10_000_000n)
  await ask(second, { model, content: `What is a ${TEXTS[1]?.title}?` })
  expect((await paid.agreement(second)).paidBy).toBe('vault')
})
