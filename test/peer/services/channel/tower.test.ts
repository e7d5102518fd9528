import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChannelTerms } from '../../../../peer/chain/escrow.ts'
import { createDeposits } from '../../../../peer/services/channel/deposits.ts'
import { createTower } from '../../../../peer/services/channel/tower.ts'
import { createTowerPush, TOWER_PUSH } from '../../../../peer/services/channel/tower-push.ts'
import { createTowerStore } from '../../../../peer/store/tower.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { encodeRecord, toWire } from '../../../../protocol/base/schema.ts'
import { weiToBytes } from '../../../../protocol/base/units.ts'
import { termsSchema } from '../../../../protocol/channel/terms.ts'
import { decodeVoucher } from '../../../../protocol/channel/voucher.ts'
import type { ExchangeContext } from '../../../../protocol/net/exchange.ts'
import type { ExchangePool } from '../../../../protocol/net/exchange-pool.ts'
import { towerAskSchema } from '../../../../protocol/net/tower.ts'
import { type ClaimWorld, createClaimWorld } from '../../../fixtures/claim-world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

let world: ClaimWorld

beforeAll(async () => {
  world = await createClaimWorld()
})
beforeEach(() => {
  world.chain.refuse = undefined
  world.chain.isMining = true
})
afterAll(() => world?.stop())

/** A tower with an account of its own, and a way to ask it as a peer does. */
async function startTower(
  init: { leastWei?: bigint; channels?: number; channelsPerPeer?: number } = {}
) {
  const db = world.database()
  const by = await world.chain.account('tower')
  const towerStore = createTowerStore(db)
  const now = () => world.chain.timeS * 1_000
  const sources: ReturnType<typeof createTower>['source'][] = []
  const peer = world.start(db, { by, sources, now })
  const tower = createTower(
    {
      chain: by,
      log: () => {},
      towerStore,
      watcher: peer.watcher,
      deposits: createDeposits(peer.watcher, now)
    },
    { leastWei: 100n, ...init }
  )
  sources.push(tower.source)
  async function hand(ask: unknown, from = 'provider'): Promise<bigint> {
    const context = { remotePeer: from } as ExchangeContext
    const { value } = await tower.handler(ask, context).next()
    const { keptWei } = value as { keptWei: Uint8Array }
    return BigInt(`0x${Buffer.from(keptWei).toString('hex') || '0'}`)
  }
  return { by, tower, towerStore, hand, ...peer }
}

function ask(terms: ChannelTerms, voucher: Uint8Array): unknown {
  return toWire(towerAskSchema, { terms: encodeRecord(termsSchema, terms), voucher })
}

async function funded(depositWei = 1_000n, change: Partial<ChannelTerms> = {}) {
  const terms = world.terms(change)
  await world.payer.escrow.fund(terms, depositWei)
  return terms
}

// TOWER-W2
test('keeps the highest voucher of a channel, whoever brings it in which order', async () => {
  const { hand, towerStore } = await startTower()
  const terms = await funded()
  const id = world.idOf(terms)
  expect(await hand(ask(terms, world.voucher(terms, 400n)))).toBe(400n)
  expect(await hand(ask(terms, world.voucher(terms, 700n)), 'another')).toBe(700n)
  expect(await hand(ask(terms, world.voucher(terms, 500n)))).toBe(700n)
  expect(towerStore.find(id)).toMatchObject({ cumulativeWei: 700n, peer: 'provider' })
  expect(towerStore.count()).toBe(1)
})

// TOWER-R1, TOWER-R2, TOWER-R3, TOWER-R4, TOWER-R5
test('takes only what verifies, has a deposit, and is worth its gas', async () => {
  const { hand, towerStore, watcher } = await startTower()
  const [terms, other] = [await funded(), await funded()]
  const voucher = world.voucher(terms, 400n)
  const forged = Uint8Array.from(voucher)
  forged[110] = (forged[110] ?? 0) ^ 1
  const unfunded = world.terms()
  const refusals: [string, unknown][] = [
    ['RECORD_MALFORMED', { terms: new Uint8Array([1]) }],
    ['RECORD_MALFORMED', { terms: encodeRecord(termsSchema, terms), voucher: new Uint8Array(167) }],
    ['RECORD_MALFORMED', { terms: new Uint8Array([0x18, 0x1a]), voucher }],
    ['TERMS_MISMATCH', ask(other, voucher)],
    ['SIGNATURE_INVALID', ask(terms, forged)],
    ['DEPOSIT_INSUFFICIENT', ask(unfunded, world.voucher(unfunded, 400n))],
    ['TOWER_DECLINED', ask(terms, world.voucher(terms, 99n))]
  ]
  for (const [code, value] of refusals) {
    expect([code, await refusal(() => hand(value))]).toEqual([code, code])
  }
  await world.operator.escrow.claim([{ terms, ...decodeVoucher(voucher) }])
  await watcher.catchUp()
  // What was claimed, a stranger knows from the chain; it brings nothing any more.
  expect(await refusal(() => hand(ask(terms, voucher)))).toBe('DEPOSIT_INSUFFICIENT')
  expect(towerStore.count()).toBe(0)
})

// TOWER-R6
test('strangers get a share and no more, and what is settled makes room', async () => {
  const { hand, towerStore, watcher } = await startTower({ channels: 3, channelsPerPeer: 2 })
  const terms = await Promise.all([0, 1, 2, 3].map(() => funded()))
  const give = (i: number, from: string, wei = 400n) => {
    const one = terms[i] as ChannelTerms
    return hand(ask(one, world.voucher(one, wei)), from)
  }
  await give(0, 'a')
  await give(1, 'a')
  expect(await refusal(() => give(2, 'a'))).toBe('TOWER_FULL')
  // What it keeps already it goes on keeping up to date.
  expect(await give(1, 'a', 500n)).toBe(500n)
  await give(2, 'b')
  expect(await refusal(() => give(3, 'b'))).toBe('TOWER_FULL')
  const row = { terms: terms[2] as ChannelTerms, ...decodeVoucher(voucherOf(2)) }
  await world.operator.escrow.claim([row])
  await watcher.catchUp()
  expect(towerStore.count()).toBe(2)
  expect(await give(3, 'b')).toBe(400n)

  function voucherOf(i: number): Uint8Array {
    return towerStore.find(world.idOf(terms[i] as ChannelTerms))?.voucher ?? new Uint8Array()
  }
})

test('a stranger’s short delay does not make it look without a pause', async () => {
  const { hand, claimer } = await startTower()
  expect(claimer.mostMs()).toBe(Number.POSITIVE_INFINITY)
  const terms = await funded(1_000n, { withdrawDelayS: 1 })
  await hand(ask(terms, world.voucher(terms, 400n)))
  expect(claimer.mostMs()).toBe(1_000)
})

// TOWER-W3
test('claims for a provider that is dead, and leaves it half the delay to do so itself', async () => {
  const { hand, towerStore, watcher, claimer, by } = await startTower()
  const terms = await funded(1_000n, { withdrawDelayS: 1_000 })
  const id = world.idOf(terms)
  await hand(ask(terms, world.voucher(terms, 700n)))
  await world.payer.escrow.startWithdraw(terms, 1_000n)
  const { account } = world.operator
  const creditWei = await by.escrow.creditOf(account, terms.token)
  for (const seconds of [1, 498, 2]) {
    await watcher.catchUp()
    await claimer.round()
    expect((await world.payer.escrow.channel(id)).claimedWei).toBe(0n)
    await world.chain.pass(seconds)
  }
  await watcher.catchUp()
  await claimer.round()
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  // It paid the gas, and the provider has the money.
  expect(await by.escrow.creditOf(account, terms.token)).toBe(creditWei + 700n)
  await watcher.catchUp()
  expect(towerStore.find(id)).toBeUndefined()
  await world.chain.pass(1_000)
  await world.payer.escrow.finishWithdraw(terms)
  expect((await world.payer.escrow.channel(id)).depositWei).toBe(700n)
})

// TOWER-W1
test('a provider hands over what is at stake, as it grows, to each tower that answers', async () => {
  const db = world.database()
  const peer = world.start(db)
  const terms = await funded(100_000n)
  const id = peer.keep(terms, 900n)
  await peer.watcher.catchUp()
  const towerStore = createTowerStore(db)
  const handed: [string, bigint][] = []
  let answer: (tower: string) => bigint = () => 0n
  let nowMs = 0
  const pool = {
    async request(tower: string) {
      const keptWei = answer(tower)
      handed.push([tower, keptWei])
      return { keptWei: weiToBytes(keptWei) }
    }
  } as unknown as ExchangePool
  const push = createTowerPush(
    { ...peer, pool, towerStore, now: () => nowMs, log: () => {} },
    { towers: ['/near', '/far'], atWei: 1_000n }
  )
  await push.round()
  expect(handed).toEqual([])
  peer.keep(terms, 1_000n)
  answer = (tower) => {
    if (tower === '/far') throw new DatanetError('PEER_UNREACHABLE', {})
    return 1_000n
  }
  await push.round()
  await push.round()
  expect(handed).toEqual([['/near', 1_000n]])
  // The one that was away is asked again after a while, and only it has something to hear.
  answer = () => 1_000n
  await push.round()
  expect(handed).toHaveLength(1)
  nowMs += TOWER_PUSH.backOff.baseMs
  await push.round()
  expect(handed).toEqual([
    ['/near', 1_000n],
    ['/far', 1_000n]
  ])
  peer.keep(terms, 1_999n)
  await push.round()
  expect(handed).toHaveLength(2)
  peer.keep(terms, 2_000n)
  answer = () => 2_000n
  await push.round()
  expect(handed).toHaveLength(4)
  // What is claimed is at stake no more.
  expect(towerStore.handedWei('/near', id)).toBe(2_000n)
  // A tower that declines a channel is not asked about it until more is at stake.
  peer.keep(terms, 4_000n)
  answer = () => {
    throw new DatanetError('TOWER_DECLINED', {})
  }
  await push.round()
  answer = () => 4_000n
  await push.round()
  expect(handed).toHaveLength(4)
})
