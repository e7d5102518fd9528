import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DropSummary } from '../../peer/api/money-api.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { DROP_VETO, poolDomain } from '../../protocol/reward/veto.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'

let paid: PaidWorld

beforeAll(async () => {
  paid = await createPaidWorld({}, { dropDelayS: 600 })
})
afterAll(() => paid?.stop())

/** The host's curator ends the pending drop of `pool`. */
async function veto({ pool }: DropSummary): Promise<void> {
  const { world, provider, host } = paid
  const { chain } = world
  const [datanet] = await host.api.datanets.list()
  const auditor = datanet?.chainKey ?? ''
  const key = { operator: provider.account, auditor, token: chain.contracts.token }
  expect(chain.pool.poolId(key)).toBe(pool)
  const { pending, dropSeq } = await chain.pool.state(key)
  const database = openDatabase(join(world.dirOf('host'), 'peer.db'))
  const row = database.get("SELECT secret FROM account WHERE label = 'curator'")
  database.close()
  const curator = keySigner(row?.secret as Uint8Array)
  const domain = poolDomain(chain.contracts.chainId, chain.contracts.pool)
  const value = { pool, dropSeq, root: pending?.root ?? '' }
  const approval = await curator.signTypedData(domain, DROP_VETO, value)
  await chain.pool.vetoDrop(key, [approval])
}

async function pendingTotal(pool: string): Promise<bigint | undefined> {
  const { world, provider, host } = paid
  const [datanet] = await host.api.datanets.list()
  const key = { operator: provider.account, auditor: datanet?.chainKey ?? '' }
  const full = { ...key, token: world.chain.contracts.token }
  expect(world.chain.pool.poolId(full)).toBe(pool)
  return (await world.chain.pool.state(full)).pending?.totalWei
}

// REPOST-W1
test('a vetoed drop waits for its operator while it would be the same, and else comes back', async () => {
  const { provider } = paid
  const agent = await paid.agent('agent')
  await ask(agent, { model: paid.model, content: QUESTION })
  await paid.agreement(agent)
  await provider.api.channels.claim()
  const [first] = await provider.api.rewards.post()
  if (first === undefined) throw new Error('nothing was posted')
  expect(await provider.api.rewards.post()).toEqual([])
  await veto(first)
  // It is the operator that says: the same again.
  const [again] = await provider.api.rewards.post()
  expect(again).toMatchObject({ pool: first.pool, totalWei: first.totalWei })
  expect(await pendingTotal(first.pool)).toBe(first.totalWei)

  // More was claimed since: what is vetoed now comes back as another drop, by itself.
  await ask(agent, { model: paid.model, content: QUESTION })
  await paid.agreement(agent)
  const { royaltyWei } = await provider.api.channels.claim()
  await veto(first)
  await expect
    .poll(() => pendingTotal(first.pool), { timeout: 10_000 })
    .toBe(first.totalWei + royaltyWei)
})
