import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CLAIMS } from '../../../../peer/services/channel/claim-limits.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { type ClaimWorld, createClaimWorld } from '../../../fixtures/claim-world.ts'
import { down } from '../../chain/steered-chain.ts'

let world: ClaimWorld
let dir: string
let files = 0

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'datanet-claims-'))
  world = await createClaimWorld()
})
beforeEach(() => {
  world.chain.refuse = undefined
  world.chain.isMining = true
})
afterAll(() => {
  world?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** The hash of every transaction that the endpoint took while `work` ran. */
async function takenWhile(work: () => Promise<unknown>): Promise<string[]> {
  const raws: string[] = []
  const before = world.chain.refuse
  world.chain.refuse = (method, params) => {
    before?.(method, params)
    if (method === 'eth_sendRawTransaction') raws.push(String(params[0]))
  }
  await work()
  world.chain.refuse = before
  return raws
}

/** A provider with one funded channel and a voucher over 700 on it, in a file of its own. */
async function provider(init: { confirmations?: number } = {}) {
  const path = join(dir, `peer-${files++}.db`)
  const terms = world.terms()
  await world.payer.escrow.fund(terms, 1_000n)
  let db = openDatabase(path)
  const start = (more: { now?: () => number } = {}) =>
    world.start(db, { claimAtWei: 100n, ...init, ...more })
  const peer = start()
  const id = peer.keep(terms, 700n)
  return {
    terms,
    id,
    peer,
    /** The process is gone, without a word; another one begins where the disk says. */
    killed(more: { now?: () => number } = {}) {
      db.close()
      db = openDatabase(path)
      // A new process signs with a sender of its own, which remembers nothing.
      return start(more)
    },
    stop: () => db.close()
  }
}

test('a claim goes from built to final, each state on disk', async () => {
  const { peer, id, stop } = await provider({ confirmations: 3 })
  await world.chain.mine(3)
  world.chain.isMining = false
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ sent: 1 })
  await world.chain.mine()
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ included: 1 })
  expect(peer.claimStore.lastFinalAtMs()).toBeUndefined()
  expect(peer.watcher.read('channel', id)?.claimedWei).toBe(0n)
  world.chain.isMining = true
  await world.chain.mine(2)
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ final: 1 })
  expect(peer.watcher.read('channel', id)?.claimedWei).toBe(700n)
  stop()
})

// CLAIMING-W2
test('killed between sent and included, it sends nothing else and learns of the end', async () => {
  const { peer, id, killed, stop } = await provider()
  world.chain.isMining = false
  const [first] = await takenWhile(() => peer.round())
  const again = killed()
  // What it sends is the very same transaction, which the node has.
  expect(new Set(await takenWhile(() => again.round()))).toEqual(new Set([first]))
  expect(await takenWhile(() => again.round())).toEqual([])
  world.chain.isMining = true
  await world.chain.mine()
  await again.round()
  expect(again.claimStore.counts()).toEqual({ final: 1 })
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  stop()
})

test('killed between built and sent, it sends what it built', async () => {
  const { peer, id, killed, stop } = await provider()
  world.chain.refuse = (method) => void (method === 'eth_sendRawTransaction' && down())
  await expect(peer.round()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  const [built] = peer.claimStore.open()
  expect(built?.state).toBe('built')
  const again = killed()
  world.chain.refuse = undefined
  expect(await takenWhile(() => again.round())).toEqual([built?.raw])
  await again.round()
  expect(again.claimStore.counts()).toEqual({ final: 1 })
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  stop()
})

test('killed between included and final, it does not claim again, and still moves on what came', async () => {
  const { peer, killed, stop } = await provider({ confirmations: 3 })
  await world.chain.mine(3)
  const { operator } = world
  const heldWei = await operator.token.balanceOf(operator.account)
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ sent: 1 })
  const again = killed()
  await again.round()
  await world.chain.mine(3)
  await again.round()
  expect(again.claimStore.counts()).toEqual({ final: 1 })
  expect(await operator.token.balanceOf(operator.account)).toBe(heldWei + 700n)
  stop()
})

test('a claim that a reorganisation undid is sent again as it was, and counts once', async () => {
  const { peer, id, terms, stop } = await provider({ confirmations: 4 })
  await world.chain.mine(4)
  const before = await world.chain.snapshot()
  const [raw] = await takenWhile(() => peer.round())
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ included: 1 })
  await world.chain.revert(before)
  await world.chain.mine(2)
  expect(await takenWhile(() => peer.round())).toEqual([raw])
  await world.chain.mine(4)
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ final: 1 })
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  expect(peer.watcher.read('channel', world.idOf(terms))?.claimedWei).toBe(700n)
  stop()
})

test('a claim whose place another transaction took is dropped, and built anew', async () => {
  const { peer, id, stop } = await provider()
  world.chain.refuse = (method) => void (method === 'eth_sendRawTransaction' && down())
  await expect(peer.round()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  world.chain.refuse = undefined
  // The same account, from another program.
  const other = await world.chain.account('operator')
  await other.token.approve(other.contracts.escrow, 5n)
  await peer.round()
  await peer.round()
  expect(peer.claimStore.counts()).toEqual({ dropped: 1, final: 1 })
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  stop()
})

test('a claim that no block takes is signed anew for more, in its own place', async () => {
  const { peer, id, killed, stop } = await provider()
  let nowMs = world.chain.timeS * 1_000
  world.chain.isMining = false
  await peer.round()
  const [sent] = peer.claimStore.open()
  // Time passes by the clock of the machine alone: no block is made.
  nowMs += CLAIMS.raiseMs + 1_000
  const later = killed({ now: () => nowMs })
  const [raised, ...others] = await takenWhile(() => later.round())
  expect([others, raised === sent?.raw]).toEqual([[], false])
  const [claim] = later.claimStore.open()
  expect(claim).toMatchObject({ raw: raised, nonce: sent?.nonce, state: 'sent' })
  expect(claim?.txHashes).toEqual([sent?.txHashes[0], expect.stringMatching(/^0x/)])
  expect(await takenWhile(() => later.round())).toEqual([])
  world.chain.isMining = true
  await world.chain.mine()
  await later.round()
  expect(later.claimStore.counts()).toEqual({ final: 1 })
  expect(await world.operator.transactions.find(claim?.txHashes[1] ?? '')).toBeDefined()
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(700n)
  stop()
})

test('does not pay for what somebody else has claimed already', async () => {
  const { peer, id, terms, stop } = await provider({ confirmations: 3 })
  await world.chain.mine(3)
  await peer.watcher.catchUp()
  const stranger = await world.chain.account('stranger')
  const voucher = peer.channelStore.channel('provider', id)?.voucher ?? new Uint8Array()
  const { decodeVoucher } = await import('../../../../protocol/channel/voucher.ts')
  await stranger.escrow.claim([{ terms, ...decodeVoucher(voucher) }])
  // Not confirmed yet, and there all the same.
  expect(peer.watcher.read('channel', id)?.claimedWei).toBe(0n)
  expect(await takenWhile(() => peer.claimer.round())).toEqual([])
  stop()
})

test('a peer that stops claims what is worth it, and is gone in time', async () => {
  const { peer, id, stop } = await provider()
  const waiting = world.start(world.database(), { claimAtWei: 5_000n })
  await peer.watcher.catchUp()
  const terms = world.terms()
  await world.payer.escrow.fund(terms, 1_000n)
  waiting.keep(terms, 700n)
  await waiting.watcher.catchUp()
  waiting.claimer.run()
  await waiting.claimer.round()
  expect(waiting.claimStore.counts()).toEqual({})
  await waiting.claimer.stop()
  expect((await world.payer.escrow.channel(world.idOf(terms))).claimedWei).toBe(700n)
  // Without a chain it does not wait for one.
  world.chain.refuse = down
  const startedMs = performance.now()
  peer.claimer.run()
  await peer.claimer.stop()
  expect(performance.now() - startedMs).toBeLessThan(CLAIMS.stopMs + 2_000)
  world.chain.refuse = undefined
  expect((await world.payer.escrow.channel(id)).claimedWei).toBe(0n)
  stop()
})
