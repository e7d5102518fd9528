import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChannelTerms } from '../../../../peer/chain/escrow.ts'
import { RpcError } from '../../../../peer/chain/rpc.ts'
import { CLAIMS } from '../../../../peer/services/channel/claim-limits.ts'
import {
  AUDITOR,
  type ClaimWorld,
  createClaimWorld,
  type Started
} from '../../../fixtures/claim-world.ts'
import { createVirtualTime } from '../../../fixtures/virtual-time.ts'
import { down } from '../../chain/steered-chain.ts'

const TOKEN = 10n ** 18n
const COIN = `0x${'0'.repeat(40)}`

let world: ClaimWorld

beforeAll(async () => {
  world = await createClaimWorld()
})
beforeEach(() => {
  world.chain.refuse = undefined
  world.chain.isMining = true
})
afterAll(() => world?.stop())

/** Transactions that the endpoint took while `work` ran. */
async function sentWhile(work: () => Promise<unknown>): Promise<number> {
  const taken = () => world.chain.asked.get('eth_sendRawTransaction') ?? 0
  const before = taken()
  await work()
  return taken() - before
}

/** What was claimed of each channel, by what the watcher saw. */
function seen(peer: Started, channels: readonly ChannelTerms[]): (bigint | undefined)[] {
  return channels.map((terms) => peer.watcher.read('channel', world.idOf(terms))?.claimedWei)
}

async function claimedOf(channelId: string): Promise<bigint> {
  return (await world.payer.escrow.channel(channelId)).claimedWei
}

test('claims once it is worth it, collects royalty into its pool, and pays the operator', async () => {
  const peer = world.start(world.database(), { claimAtWei: 1_000n })
  const [one, two] = [world.terms(), world.terms()]
  await world.payer.escrow.fund(one, 5_000n)
  await world.payer.escrow.fund(two, 5_000n)
  const id = peer.keep(one, 600n, 60n)
  expect(await sentWhile(() => peer.round())).toBe(0)
  expect(peer.claimer.atStake()).toEqual({ unclaimedWei: 600n, isDue: false })
  peer.keep(two, 400n, 40n)
  const { token } = world.operator.contracts
  const heldWei = await world.operator.token.balanceOf(world.operator.account)
  // Together they are worth it: one claim, then what it brought is moved on.
  expect(await sentWhile(() => peer.round())).toBe(1)
  expect(peer.claimer.atStake().isDue).toBe(true)
  await peer.round()
  expect([await claimedOf(id), await claimedOf(world.idOf(two))]).toEqual([600n, 400n])
  expect(peer.claimStore.counts()).toEqual({ final: 1 })
  expect(peer.claimer.atStake()).toEqual({ unclaimedWei: 0n, isDue: false })
  const key = { operator: world.operator.account, auditor: AUDITOR, token }
  expect((await world.operator.pool.state(key)).creditedWei).toBe(100n)
  expect(await world.operator.token.balanceOf(world.operator.account)).toBe(heldWei + 900n)
  expect(await sentWhile(() => peer.round())).toBe(0)
})

test('in coins, compares what a claim brings with what its gas costs', async () => {
  const peer = world.start(world.database())
  const terms = world.terms({ token: COIN })
  await world.payer.escrow.fund(terms, TOKEN)
  const gas = CLAIMS.baseGas + CLAIMS.rowGas
  const worthWei = (await world.operator.transactions.gasPriceWei()) * gas * CLAIMS.gasTimes
  peer.keep(terms, worthWei / 2n)
  expect(await sentWhile(() => peer.round())).toBe(0)
  peer.keep(terms, worthWei * 2n)
  expect(await sentWhile(() => peer.round())).toBe(1)
})

test('claims what is old however little it is, and never dust', async () => {
  let nowMs = 1_000
  const peer = world.start(world.database(), { claimAtWei: 10_000_000n, now: () => nowMs })
  const [little, dust] = [world.terms(), world.terms()]
  await world.payer.escrow.fund(little, 100_000n)
  await world.payer.escrow.fund(dust, 100_000n)
  peer.keep(little, 50_000n)
  peer.keep(dust, 999n)
  await peer.round()
  nowMs += CLAIMS.ageMs - 1
  expect(await sentWhile(() => peer.round())).toBe(0)
  nowMs += 1
  expect(await sentWhile(() => peer.round())).toBe(1)
  expect([await claimedOf(world.idOf(little)), await claimedOf(world.idOf(dust))]).toEqual([
    50_000n,
    0n
  ])
})

// CLAIMING-W1
test('claims 100 of 100 channels within a tenth of their delay once a withdrawal starts', async () => {
  const { chain, payer } = world
  const time = createVirtualTime({
    loops: 2,
    startMs: chain.timeS * 1_000,
    pass: (ms) => chain.pass(ms / 1_000)
  })
  const init = { now: () => time.nowMs, wait: time.wait, claimAtWei: 1_000_000n }
  const peer = world.start(world.database(), init)
  const channels = Array.from({ length: 100 }, () => world.terms({ withdrawDelayS: 400 }))
  for (const terms of channels) {
    await payer.escrow.fund(terms, 1_000n)
    peer.keep(terms, 700n)
  }
  peer.watcher.run()
  peer.claimer.run()
  const startedAtS = new Map<string, number>()
  const tookS: number[] = []
  let next = 0
  await time.runUntil(async () => {
    for (const terms of channels.slice(next, next + 10)) {
      await payer.escrow.startWithdraw(terms, 300n)
      startedAtS.set(world.idOf(terms), chain.timeS)
    }
    next += 10
    for (const [id, atS] of startedAtS) {
      if (peer.watcher.read('channel', id)?.claimedWei !== 700n) continue
      tookS.push(chain.timeS - atS)
      startedAtS.delete(id)
    }
    return tookS.length === 100
  })
  expect(Math.max(...tookS)).toBeLessThanOrEqual(40)
  await Promise.all([peer.claimer.stop(), peer.watcher.stop()])
})

test('a withdrawal makes it claim at once, but not pay gas for dust', async () => {
  const peer = world.start(world.database(), { claimAtWei: 1_000_000n })
  const [worth, dust] = [world.terms(), world.terms()]
  for (const terms of [worth, dust]) await world.payer.escrow.fund(terms, 1_000n)
  peer.keep(worth, 100n)
  peer.keep(dust, 99n)
  expect(await sentWhile(() => peer.round())).toBe(0)
  for (const terms of [worth, dust]) await world.payer.escrow.startWithdraw(terms, 500n)
  expect(await sentWhile(() => peer.round())).toBe(1)
  expect([await claimedOf(world.idOf(worth)), await claimedOf(world.idOf(dust))]).toEqual([
    100n,
    0n
  ])
})

// WATCH-W2
test('lands its claim though the chain is away for nine tenths of the delay', async () => {
  const { chain, payer } = world
  const time = createVirtualTime({
    loops: 2,
    startMs: chain.timeS * 1_000,
    pass: async (ms) => {
      await chain.pass(ms / 1_000)
      if (chain.timeS >= backAtS) chain.refuse = undefined
    }
  })
  let backAtS = Number.POSITIVE_INFINITY
  const init = { now: () => time.nowMs, wait: time.wait, claimAtWei: 1_000_000n }
  const peer = world.start(world.database(), init)
  const terms = world.terms({ withdrawDelayS: 3_600 })
  await payer.escrow.fund(terms, 1_000n)
  const id = peer.keep(terms, 700n)
  peer.watcher.run()
  peer.claimer.run()
  await time.runUntil(() => peer.watcher.read('channel', id)?.depositWei === 1_000n)
  await payer.escrow.startWithdraw(terms, 1_000n)
  const readyAtS = chain.timeS + 3_600
  backAtS = chain.timeS + 3_240
  chain.refuse = down
  await time.runUntil(() => peer.watcher.read('channel', id)?.claimedWei === 700n, 10_000)
  expect(chain.timeS).toBeGreaterThanOrEqual(backAtS)
  expect(chain.timeS).toBeLessThan(readyAtS)
  await Promise.all([peer.claimer.stop(), peer.watcher.stop()])
  await chain.pass(3_600)
  await payer.escrow.finishWithdraw(terms)
  expect((await payer.escrow.channel(id)).depositWei).toBe(700n)
})

// CLAIMING-W3
test('one poisoned row in 100 costs itself alone, and is not tried again', async () => {
  const { payer } = world
  const db = world.database()
  const peer = world.start(db, { claimAtWei: 50_000n })
  const channels = Array.from({ length: 100 }, () => world.terms())
  for (const terms of channels) {
    await payer.escrow.fund(terms, 1_000n)
    peer.keep(terms, 900n)
  }
  const [forged, unreadable, lost] = channels.map((terms) => world.idOf(terms)) as [
    string,
    string,
    string
  ]
  const voucher = Buffer.from(peer.channelStore.channel('provider', forged)?.voucher ?? [])
  voucher[120] = (voucher[120] ?? 0) ^ 1
  peer.channelStore.setVoucher('provider', forged, voucher)
  peer.channelStore.setVoucher('provider', unreadable, new Uint8Array(3))
  db.run('UPDATE channel SET terms = ? WHERE id = ?', new Uint8Array([1, 2]), lost)
  expect(await sentWhile(() => peer.round())).toBe(1)
  await peer.round()
  const claimed = seen(peer, channels)
  expect(claimed.filter((wei) => wei === 900n)).toHaveLength(97)
  expect(claimed.slice(0, 3)).toEqual([0n, 0n, 0n])
  expect(await sentWhile(() => peer.round())).toBe(0)
  // What a higher voucher brings is another matter.
  const terms = channels[0] as (typeof channels)[0]
  peer.keep(terms, 950n)
  await peer.claimer.claimAll()
  expect(await claimedOf(forged)).toBe(950n)
})

test('a transaction that is refused whole is halved until the row is found', async () => {
  const { chain, payer } = world
  const peer = world.start(world.database(), { claimAtWei: 1_000n })
  const channels = Array.from({ length: 8 }, () => world.terms())
  for (const terms of channels) {
    await payer.escrow.fund(terms, 1_000n)
    peer.keep(terms, 900n)
  }
  const salt = channels[5]?.salt.slice(2) ?? ''
  chain.refuse = (method, [call]) => {
    const { data = '' } = (call ?? {}) as { data?: string }
    if (method !== 'eth_estimateGas' || !data.includes(salt)) return
    throw new RpcError(3, 'execution reverted', '0x')
  }
  await peer.round()
  await peer.round()
  const claimed = seen(peer, channels)
  expect(claimed.map((wei) => wei === 900n)).toEqual(channels.map((_, i) => i !== 5))
})
