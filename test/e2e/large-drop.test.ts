import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createDocumentStore } from '../../peer/store/documents.ts'
import { digestOf } from '../../protocol/base/codec.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { domainSeparator, keySigner } from '../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain } from '../../protocol/channel/terms.ts'
import { createVoucherSigner, encodeVoucher } from '../../protocol/channel/voucher.ts'
import { encodeDrop } from '../../protocol/reward/drop.ts'
import { buildDropTree } from '../../protocol/reward/drop-tree.ts'
import { poolIdOf } from '../../protocol/reward/veto.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

const ACCOUNTS = 6_000
/** Accounts of a large community, ascending, each owed another amount. */
const LEAVES = Array.from({ length: ACCOUNTS }, (_, i) => ({
  account: `0x${(i + 1).toString(16).padStart(40, '0')}`,
  cumulativeWei: BigInt(i + 1) * 1_000_000_000_007n
}))
const TOTAL_WEI = LEAVES.reduce((sum, { cumulativeWei }) => sum + cumulativeWei, 0n)

let world: TestWorld
let host: Peer
let datanet: string

beforeAll(async () => {
  world = await createTestWorld({ dropDelayS: 1 })
  host = await world.peer('host')
  datanet = (await world.datanet(host, TEXTS.slice(0, 1))).id
})
afterAll(() => world?.stop())

/** The onlooker pays itself a royalty of TOTAL_WEI, which lies in a pool of its own then. */
async function fillPool() {
  const { chain, chainKey, network } = world
  const own = keySigner(chainKey).address
  const auditor = (await host.api.datanets.show(datanet)).chainKey
  const { token, escrow, chainId } = network.contracts
  const terms = {
    ...{ payer: own, signer: own, operator: own, receiptSigner: own, auditor, token },
    withdrawDelayS: 60,
    salt: `0x${'07'.repeat(32)}`
  }
  const domain = escrowDomain(chainId, escrow)
  const channelId = channelIdOf(domain, terms)
  const voucher = createVoucherSigner(domainSeparator(domain), chainKey).sign({
    channelId,
    cumulativeWei: TOTAL_WEI,
    royaltyWei: TOTAL_WEI,
    receipts: 1,
    receiptsRoot: `0x${'01'.repeat(32)}`
  })
  await chain.token.approve(escrow, TOTAL_WEI)
  await chain.escrow.fund(terms, TOTAL_WEI)
  await chain.escrow.claim([{ terms, ...voucher }])
  const key = { operator: own, auditor, token }
  await chain.pool.collect(key)
  return { key, channelId, voucher: encodeVoucher(voucher) }
}

// DOCUMENT-R6, DROP-R1
test('a drop of six thousand accounts is fetched from a peer, and any of them is paid by it', async () => {
  const { key, channelId, voucher } = await fillPool()
  const { contracts } = world.network
  const record = encodeDrop({
    version: 1,
    pool: { chainId: Number(contracts.chainId), contract: contracts.pool, ...key },
    leaves: LEAVES,
    totalWei: TOTAL_WEI,
    channels: [{ channelId, voucher, capturedWei: TOTAL_WEI, isClosed: false }],
    createdAtMs: Date.now()
  })
  expect(record.bytes.byteLength).toBeGreaterThan(LIMITS.recordBytes)
  const { root } = buildDropTree(LEAVES)
  const drop = `0x${Buffer.from(digestOf(record.cid)).toString('hex')}`
  await world.chain.pool.postDrop(key, { root, totalWei: TOTAL_WEI, drop })
  const database = openDatabase(join(world.dirOf('host'), 'peer.db'))
  try {
    createDocumentStore(database).put({
      issuer: key.operator,
      kind: 'drop',
      id: poolIdOf(key),
      seq: record.drop.createdAtMs,
      bytes: record.bytes,
      labels: [datanet]
    })
  } finally {
    database.close()
  }
  const claimer = await world.peer('claimer')
  await claimer.api.datanets.find(world.topic)
  for (const { account, cumulativeWei } of [LEAVES[0], LEAVES[ACCOUNTS - 1]] as typeof LEAVES) {
    await expect
      .poll(() => refusal(() => claimer.api.rewards.claim(account)).catch(() => 'paid'), {
        timeout: 15_000,
        interval: 250
      })
      .toBe('paid')
    expect(await claimer.api.accounts.balance(account)).toBe(cumulativeWei)
  }
})
