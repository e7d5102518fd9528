import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthersChain } from '../../peer/chain/ethers-chain.ts'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createDocumentStore } from '../../peer/store/documents.ts'
import { openWallet } from '../../peer/wallet/wallet.ts'
import { digestOf } from '../../protocol/base/codec.ts'
import { decodeDrop, encodeDrop } from '../../protocol/reward/drop.ts'
import { buildDropTree } from '../../protocol/reward/drop-tree.ts'
import { UNASSIGNED } from '../../protocol/reward/split.ts'
import { createPaidWorld, type PaidWorld } from '../fixtures/paid-world.ts'
import { ask } from '../fixtures/world.ts'
import { QUESTION } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** A curator's peer, the drops of a provider elsewhere, and a drop that pays the wrong account. */
let paid: PaidWorld

beforeAll(async () => {
  paid = await createPaidWorld({}, { dropDelayS: 600 })
})
afterAll(() => paid?.stop())

const eventually = { timeout: 15_000 }
const foundBy = async (peer: Peer) => (await peer.api.rewards.check()).map(({ verdict }) => verdict)

test('the drop of an honest provider is recomputed by its auditor’s curators, and holds', async () => {
  const agent = await paid.agent('agent')
  await ask(agent, { model: paid.model, content: QUESTION })
  await paid.agreement(agent)
  await paid.provider.api.channels.claim()
  const [posted] = await paid.provider.api.rewards.post()
  const [found, ...more] = await paid.host.api.rewards.check()
  expect(more).toEqual([])
  expect(found).toMatchObject({
    pool: posted?.pool,
    totalWei: posted?.totalWei,
    operator: paid.provider.account,
    verdict: 'holds',
    isCurated: true
  })
  // Its own operator, and whoever called it, find the same.
  expect(await foundBy(paid.provider)).toEqual(['holds'])
  expect(await foundBy(agent)).toEqual(['holds'])
  expect((await paid.host.api.status()).health).toMatchObject({ isWell: true, reasons: [] })
  expect(await refusal(() => paid.host.api.rewards.refute(posted?.pool ?? ''))).toBe('DROP_STANDS')
})

// VETO-W1
test('one that pays its operator’s friend makes the curator’s peer unwell until it is vetoed', async () => {
  const { provider, host, world } = paid
  const [{ pool } = { pool: '' }] = await host.api.rewards.check()
  expect((await host.api.rewards.veto({ pool })).txHash).toMatch(/^0x/)
  expect(await host.api.rewards.check()).toEqual([])

  // The operator posts what it likes, and shows a document that says so.
  const database = openDatabase(join(world.dirOf('provider'), 'peer.db'))
  const documents = createDocumentStore(database)
  const [honest] = documents.ofKind('drop')
  const { own } = await openWallet(database)
  if (honest === undefined) throw new Error('no drop')
  const { drop } = decodeDrop(honest.bytes)
  const friend = `0x${'f1'.repeat(20)}`
  const ofNobody = drop.leaves.filter(({ account }) => account === UNASSIGNED)
  const restWei = drop.totalWei - ofNobody.reduce((sum, one) => sum + one.cumulativeWei, 0n)
  const leaves = [...ofNobody, { account: friend, cumulativeWei: restWei }]
  const forged = encodeDrop({ ...drop, leaves, createdAtMs: drop.createdAtMs + 1 })
  documents.put({ ...honest, bytes: forged.bytes, seq: forged.drop.createdAtMs })
  database.close()
  const { rpcUrl: rpc, contracts } = world.network
  const chain = createEthersChain({ rpc, contracts, secretKey: own.secretKey })
  const digest = `0x${Buffer.from(digestOf(forged.cid)).toString('hex')}`
  const { root, totalWei } = buildDropTree(leaves)
  const { auditor, token } = drop.pool
  await chain.pool.postDrop({ auditor, token }, { root, totalWei, drop: digest })
  chain.close()

  const reasons = () => host.health().reasons
  await expect
    .poll(reasons, eventually)
    .toMatchObject([
      { code: 'DROP_INVALID', text: expect.stringContaining(`datanet reward veto ${pool}`) }
    ])
  expect((await host.api.status()).health.isWell).toBe(false)
  expect(provider.health().reasons).toEqual([])
  expect(await foundBy(host)).toEqual(['wrong'])
  expect((await host.api.rewards.veto({ pool })).txHash).toMatch(/^0x/)
  await expect.poll(() => host.health().isWell, eventually).toBe(true)
})
