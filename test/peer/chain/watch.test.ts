import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Chain } from '../../../peer/chain/chain.ts'
import type { ChannelTerms } from '../../../peer/chain/escrow.ts'
import { RpcError } from '../../../peer/chain/rpc.ts'
import { createWatcher, type WatcherInit } from '../../../peer/chain/watch.ts'
import { WATCH } from '../../../peer/chain/watch-limits.ts'
import { anchorId, dropId } from '../../../peer/chain/watched.ts'
import { type Database, openDatabase } from '../../../peer/store/database.ts'
import { createWatchStore } from '../../../peer/store/watched.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { channelIdOf, escrowDomain } from '../../../protocol/channel/terms.ts'
import { createVoucherSigner } from '../../../protocol/channel/voucher.ts'
import { refusal } from '../../protocol/base/refusal.ts'
import { accountOf, keyOf } from './devnet.ts'
import { createSteeredChain, down, type SteeredChain } from './steered-chain.ts'

const AUDITOR = `0x${'aa'.repeat(32)}`
const DELAY_S = 1_000
const ROOT = `0x${'22'.repeat(32)}`

let chain: SteeredChain
let payer: Chain
let operator: Chain
let clean: string
let salts = 0
const databases: Database[] = []

beforeAll(async () => {
  chain = await createSteeredChain()
  payer = await chain.account('payer')
  operator = await chain.account('operator')
})
beforeEach(() => {
  chain.refuse = undefined
  chain.isMining = true
})
afterAll(() => {
  payer?.close()
  operator?.close()
  for (const database of databases) database.close()
})

function freshDatabase(): Database {
  const database = openDatabase(':memory:')
  databases.push(database)
  return database
}

function watch(init: Partial<WatcherInit> & { db?: Database; keptBlocks?: number } = {}) {
  const { db = freshDatabase(), keptBlocks = WATCH.keptBlocks, ...rest } = init
  const store = createWatchStore(db, { chain: `31337 ${chain.contracts.escrow}`, keptBlocks })
  const watcher = createWatcher({
    reader: payer.reader,
    store,
    confirmations: 1,
    pollMs: 1,
    ...rest
  })
  return { watcher, store, db }
}

function terms(): ChannelTerms {
  salts += 1
  return {
    payer: accountOf('payer'),
    signer: accountOf('payer'),
    operator: accountOf('operator'),
    receiptSigner: accountOf('operator'),
    auditor: AUDITOR,
    token: chain.contracts.token,
    withdrawDelayS: DELAY_S,
    salt: `0x${salts.toString(16).padStart(64, '0')}`
  }
}

const domain = () => escrowDomain(31_337n, chain.contracts.escrow)
const idOf = (one: ChannelTerms) => channelIdOf(domain(), one)

function row(one: ChannelTerms, cumulativeWei: bigint, royaltyWei = 0n) {
  const voucher = {
    channelId: idOf(one),
    cumulativeWei,
    royaltyWei,
    receipts: 1,
    receiptsRoot: ROOT
  }
  const signer = createVoucherSigner(domainSeparator(domain()), keyOf('payer'))
  return { terms: one, ...signer.sign(voucher) }
}

// WATCH-W1
test('derives a channel from the chain alone, through all that happens to it', async () => {
  const { watcher } = watch()
  const one = terms()
  const id = idOf(one)
  const now = async () => {
    await watcher.catchUp()
    return watcher.read('channel', id)
  }
  expect(await now()).toBeUndefined()
  await payer.escrow.fund(one, 1_000n)
  await payer.escrow.fund(one, 500n)
  expect(await now()).toEqual({ depositWei: 1_500n, claimedWei: 0n, royaltyWei: 0n })
  await operator.escrow.claim([row(one, 300n, 30n)])
  expect(await now()).toEqual({ depositWei: 1_500n, claimedWei: 300n, royaltyWei: 30n })
  await payer.escrow.startWithdraw(one, 400n)
  expect(watcher.withdrawing()).not.toContain(id)
  const { withdrawal } = (await now()) ?? {}
  expect(withdrawal).toEqual({ amountWei: 400n, readyAtMs: (chain.timeS + DELAY_S) * 1_000 })
  expect(watcher.withdrawing()).toContain(id)
  await payer.escrow.cancelWithdraw(one)
  expect(await now()).not.toHaveProperty('withdrawal')
  await payer.escrow.startWithdraw(one, 400n)
  await chain.pass(DELAY_S + 1)
  await payer.escrow.finishWithdraw(one)
  expect(await now()).toEqual({ depositWei: 1_100n, claimedWei: 300n, royaltyWei: 30n })
  expect(watcher.withdrawing()).not.toContain(id)
  const { depositWei, claimedWei, royaltyWei } = await payer.escrow.channel(id)
  expect(await now()).toEqual({ depositWei, claimedWei, royaltyWei })
})

test('sees drops posted and anchors set', async () => {
  const { watcher } = watch()
  const { pool } = operator
  const key = { operator: operator.account, auditor: AUDITOR, token: chain.contracts.token }
  const id = pool.poolId(key)
  const { dropSeq, readyAtMs } = await pool.postDrop(key, { root: ROOT, totalWei: 0n, drop: ROOT })
  const founding = { manifest: ROOT, curators: [accountOf('payer')], threshold: 1 }
  const { datanet } = await payer.registry.found(founding)
  await watcher.catchUp()
  const posted = { state: 'posted', dropSeq, root: ROOT, totalWei: 0n, drop: ROOT, readyAtMs }
  expect(watcher.read('drop', dropId(id, dropSeq))).toEqual(posted)
  expect(watcher.read('drop', dropId(id))).toEqual(posted)
  expect(watcher.read('anchor', anchorId(datanet, 1))).toBeUndefined()
})

test('counts an event only under as many blocks as were asked for', async () => {
  const { watcher } = watch({ confirmations: 3 })
  const one = terms()
  await payer.escrow.fund(one, 7n)
  for (const seen of [undefined, undefined, 7n]) {
    await watcher.catchUp()
    expect(watcher.read('channel', idOf(one))?.depositWei).toBe(seen)
    await chain.mine()
  }
})

test('goes on where it ended, and asks for nothing twice', async () => {
  const db = freshDatabase()
  const one = terms()
  await payer.escrow.fund(one, 7n)
  await watch({ db }).watcher.catchUp()
  await payer.escrow.fund(one, 7n)
  const ranges: unknown[] = []
  chain.refuse = (method, params) => void (method === 'eth_getLogs' && ranges.push(params[0]))
  const { watcher } = watch({ db })
  // What was read is there before anybody is asked.
  expect(watcher.read('channel', idOf(one))?.depositWei).toBe(7n)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(one))?.depositWei).toBe(14n)
  expect(ranges).toHaveLength(1)
  await watcher.catchUp()
  expect(ranges).toHaveLength(1)
  // Another chain is another story.
  const other = createWatchStore(db, { chain: 'another', keptBlocks: 10 })
  expect([other.cursor(), other.read('channel', idOf(one))]).toEqual([undefined, undefined])
})

// WATCH-R1
test.each([1, 2, 3])('takes back what a reorganisation of depth %i undid', async (depth) => {
  const { watcher } = watch()
  const [kept, lost, moved] = [terms(), terms(), terms()]
  await payer.escrow.fund(kept, 5n)
  await watcher.catchUp()
  clean = await chain.snapshot()
  for (let i = 1; i < depth; i += 1) {
    await payer.escrow.fund(kept, 5n)
    await watcher.catchUp()
  }
  await payer.escrow.fund(lost, 9n)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(lost))?.depositWei).toBe(9n)
  const changed: unknown[] = []
  watcher.onChange((some) => changed.push(...some.map(({ id }) => id)))
  await backTo(clean)
  await payer.escrow.fund(moved, 4n)
  if (depth > 1) await chain.mine(depth - 1)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(lost))).toBeUndefined()
  expect(watcher.read('channel', idOf(kept))).toEqual(await stateOf(kept))
  expect(watcher.read('channel', idOf(moved))?.depositWei).toBe(4n)
  expect(changed).toEqual(expect.arrayContaining([idOf(lost), idOf(moved)]))
})

test('a withdrawal that a fork never had is none, and one that it moved is the moved one', async () => {
  const { watcher } = watch()
  const one = terms()
  await payer.escrow.fund(one, 50n)
  await watcher.catchUp()
  clean = await chain.snapshot()
  await payer.escrow.startWithdraw(one, 20n)
  await watcher.catchUp()
  expect(watcher.withdrawing()).toContain(idOf(one))
  await backTo(clean)
  await chain.mine(2)
  await watcher.catchUp()
  expect(watcher.withdrawing()).not.toContain(idOf(one))
  await payer.escrow.startWithdraw(one, 30n)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(one))).toEqual(await stateOf(one))
})

test('a fork deeper than its way back is read all anew', async () => {
  const { watcher } = watch({ keptBlocks: 2 })
  const one = terms()
  await payer.escrow.fund(one, 50n)
  await watcher.catchUp()
  clean = await chain.snapshot()
  for (let i = 0; i < 6; i += 1) {
    await payer.escrow.fund(one, 1n)
    await watcher.catchUp()
  }
  await backTo(clean)
  await chain.mine(8)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(one))?.depositWei).toBe(50n)
})

test('an endpoint that lags behind another undoes nothing', async () => {
  const { watcher } = watch()
  const one = terms()
  await payer.escrow.fund(one, 50n)
  await watcher.catchUp()
  clean = await chain.snapshot()
  await payer.escrow.fund(one, 1n)
  await watcher.catchUp()
  // The same chain, one block shorter: what a second node behind one address may show.
  const { timeS } = chain
  await backTo(clean)
  expect(chain.timeS).toBe(timeS + 1)
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(one))?.depositWei).toBe(51n)
})

test('halves a range that a node refuses, down to what it answers', async () => {
  const one = terms()
  await payer.escrow.fund(one, 50n)
  await chain.mine(40)
  const asked: number[] = []
  chain.refuse = (method, [filter]) => {
    if (method !== 'eth_getLogs') return
    const { fromBlock, toBlock } = filter as { fromBlock?: string; toBlock?: string }
    const blocks = fromBlock === undefined ? 1 : Number(toBlock) - Number(fromBlock) + 1
    asked.push(blocks)
    if (blocks > 10) throw new RpcError(-32_005, 'query returned more than 10000 results')
  }
  const { watcher } = watch()
  await watcher.catchUp()
  expect(watcher.read('channel', idOf(one))).toEqual(await stateOf(one))
  expect(asked[0]).toBeGreaterThan(40)
  expect(Math.max(...asked.slice(-5))).toBeLessThanOrEqual(20)
})

// WATCH-R2
test('a chain that changes under a look is looked at again, and never half taken in', async () => {
  const { watcher } = watch()
  await watcher.catchUp()
  const lost = terms()
  clean = await chain.snapshot()
  await payer.escrow.fund(lost, 9n)
  const { rpc } = chain
  let forks = 0
  const reader = {
    ...payer.reader,
    events: async (where: Parameters<typeof payer.reader.events>[0]) => {
      const events = await payer.reader.events(where)
      if (forks++ === 0) {
        await backTo(clean)
        await chain.mine(1)
      }
      return events
    }
  }
  const torn = watch({ reader })
  await torn.watcher.catchUp()
  expect(torn.watcher.read('channel', idOf(lost))).toBeUndefined()
  expect(torn.watcher.state.block?.number).toBe(Number(await rpc('eth_blockNumber', [])))
  expect(forks).toBeGreaterThan(1)
})

test('fails with a code, says so, backs off with jitter inside bounds, and loses nothing', async () => {
  const one = terms()
  const waits: number[] = []
  const woken = Promise.withResolvers<void>()
  chain.refuse = down
  const { watcher } = watch({
    random: () => 1,
    mostMs: () => 5_000,
    wait: async (ms) => {
      waits.push(ms)
      if (waits.length === 6) {
        chain.refuse = undefined
        await payer.escrow.fund(one, 3n)
      }
      if (waits.length > 6) woken.resolve()
      if (waits.length > 6) await new Promise(() => {})
    }
  })
  expect(await refusal(() => watcher.catchUp())).toBe('CHAIN_UNREACHABLE')
  expect(watcher.state).toMatchObject({ code: 'CHAIN_UNREACHABLE', failures: 1, seenAtMs: 0 })
  watcher.run()
  await woken.promise
  expect(waits).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 1])
  expect(watcher.read('channel', idOf(one))?.depositWei).toBe(3n)
  expect(watcher.state).toMatchObject({ failures: 0 })
  expect(watcher.state).not.toHaveProperty('code')
})

/** Whoever signed on the fork that is left must count its transactions anew. */
async function backTo(snapshot: string) {
  await chain.revert(snapshot)
  payer = await chain.account('payer')
  operator = await chain.account('operator')
}

async function stateOf(one: ChannelTerms) {
  return payer.escrow.channel(idOf(one))
}
