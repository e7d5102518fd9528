import { beforeEach, describe, expect, test } from 'vitest'
import type { ChainContracts } from '../../../../peer/chain/chain.ts'
import type { WatchedLock } from '../../../../peer/chain/watched.ts'
import { createBountyHosting } from '../../../../peer/services/bounty/bounty-hosting.ts'
import { createBountyLocks } from '../../../../peer/services/bounty/bounty-locks.ts'
import type { KnownDatanet } from '../../../../peer/services/datanet/known-datanets.ts'
import type { Parts } from '../../../../peer/services/parts.ts'
import { type BountyStore, createBountyStore } from '../../../../peer/store/bounties.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { LIMITS } from '../../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../../protocol/base/schema.ts'
import {
  type Bounty,
  type SignedBounty,
  signBounty,
  verifyBounty
} from '../../../../protocol/datanet/bounty.ts'
import { bountyConsentDigest } from '../../../../protocol/datanet/bounty-consent.ts'
import { signFill } from '../../../../protocol/datanet/bounty-fill.ts'
import {
  bountiesAskSchema,
  bountiesPartSchema,
  bountyTakenSchema
} from '../../../../protocol/net/bounties.ts'
import { CURATORS, manifest, person, someCid } from '../../../protocol/datanet/people.ts'

const address = (n: number) => `0x${`${n}`.repeat(40)}`
const contracts: ChainContracts = {
  ...{ chainId: 31_337n, registry: address(1), escrow: address(2), pool: address(3) },
  ...{ bond: address(4), bounty: address(5), token: address(6) }
}
const BUDGET = { chainId: 31_337, escrow: address(5), token: address(6), amountWei: 100n }
const id = someCid(1)
const signed = { manifest: manifest(), cid: id, bytes: new Uint8Array(), approvals: [] }
const datanet = {
  ...{ id, key: `0x${'77'.repeat(32)}`, hosted: true, decides: false },
  ...{ founding: signed, signed, history: [signed] }
} as unknown as KnownDatanet

let nowMs: number
let locked: Map<string, WatchedLock>
let statuses: Map<string, string>
let store: BountyStore
let hosting: ReturnType<typeof createBountyHosting>
let locks: ReturnType<typeof createBountyLocks>

beforeEach(() => {
  nowMs = 1_800_000_000_000
  locked = new Map()
  statuses = new Map()
  store = createBountyStore(openDatabase(':memory:'))
  const read = ((_kind: string, lock: string) => locked.get(lock)) as never
  locks = createBountyLocks(contracts, { read, catchUp: async () => {} })
  const contribution = (cid: string) => ({ status: statuses.get(cid) })
  const parts = {
    ...{ bountyStore: store, datanetStore: { contribution }, peerId: 'here' },
    ...{ now: () => nowMs, log: () => {} }
  } as unknown as Parts
  const known = (named: string) => {
    if (named === id.toString()) return datanet
    throw new DatanetError('DATANET_UNKNOWN', { id: named })
  }
  hosting = createBountyHosting(parts, { known }, locks)
})

let salts = 0
async function bounty(question: string, over: Partial<Bounty> = {}, asker = 5) {
  const signer = person(asker)
  salts += 1
  const record: Bounty = {
    ...{ version: 1, datanet: id, question, language: 'en', schemas: ['text/1'] },
    ...{ requester: signer.address, consent: { digest: bountyConsentDigest(), atMs: nowMs } },
    salt: Uint8Array.from(Buffer.from(`${salts}`.padStart(16, '0'))),
    ...{ createdAtMs: nowMs, expiresAtMs: nowMs + 86_400_000, ...over }
  }
  return signBounty(record, signer)
}

const lock = (one: SignedBounty) => locks.place(one, datanet).id

async function ask(value: Record<string, unknown>) {
  const wire = toWire(bountiesAskSchema, { datanet: id, ...value } as never)
  const context = { remotePeer: 'peer', signal: new AbortController().signal }
  const exchange = hosting.handler(wire, context as never) as AsyncGenerator<unknown, unknown>
  const parts: unknown[] = []
  for (;;) {
    const step = await exchange.next(...([true] as never))
    if (step.done) return { parts, end: step.value }
    parts.push(step.value)
  }
}

const hand = async (one: SignedBounty) =>
  fromWire(bountyTakenSchema, (await ask({ bounty: one.bytes })).end).isListed
async function listed() {
  const { parts } = await ask({ list: true })
  return parts.flatMap((part) => fromWire(bountiesPartSchema, part).bounties)
}
const questions = async () =>
  (await listed()).map((one) => verifyBounty(one.bounty, nowMs).bounty.question)

describe('a host', () => {
  // BOUNTY-R7
  test('lists what promises money while confirmed blocks hold it, and forgets what waits too long', async () => {
    const one = await bounty('Which is the lightest wood?', { budget: BUDGET })
    expect(await hand(one)).toBe(false)
    expect(await questions()).toEqual([])
    locked.set(lock(one), { lockedWei: 99n, expiresAtMs: 0 })
    expect(await hand(one)).toBe(false)
    locked.set(lock(one), { lockedWei: 100n, expiresAtMs: 0 })
    expect(await hand(one)).toBe(true)
    expect(await questions()).toEqual(['Which is the lightest wood?'])
    // A fork took it back.
    locked.delete(lock(one))
    expect(await questions()).toEqual([])
    locked.set(lock(one), {
      ...{ lockedWei: 0n, expiresAtMs: 0 },
      filled: { contribution: '0x', account: address(7), amountWei: 100n }
    })
    expect(await questions()).toHaveLength(1)
    locked.delete(lock(one))
    nowMs += LIMITS.bountyWaitMs
    expect(await questions()).toEqual([])
    expect(store.get(one.cid.toString())).toBeUndefined()
  })

  test('shows those with the most money first, and what was handed in for each', async () => {
    const [poor, rich] = [await bounty('Who tunes bells?'), await bounty('What is a luff?')]
    for (const one of [rich, poor]) await hand(one)
    locked.set(lock(rich), { lockedWei: 5n, expiresAtMs: 0 })
    for (const [n, status] of ['accepted', 'withdrawn', 'pending'].entries()) {
      const cid = someCid(40 + n).toString()
      statuses.set(cid, status)
      store.addAnswer(rich.cid.toString(), cid)
    }
    expect(await questions()).toEqual(['What is a luff?', 'Who tunes bells?'])
    expect((await listed())[0]?.answers).toEqual([
      { contribution: someCid(40), status: 'accepted' },
      { contribution: someCid(42), status: 'pending' }
    ])
    nowMs += 86_400_000
    expect(await questions()).toEqual([])
  })

  // BOUNTY-R5
  test('is asked a question once, unless money is locked for it again', async () => {
    const first = await bounty('Which planet of the sun has the most moons?')
    await hand(first)
    const again = 'which planet of the sun, has the most moons'
    await expect(hand(await bounty(again, {}, 6))).rejects.toMatchObject({
      code: 'BOUNTY_DUPLICATE',
      details: { bounty: first.cid.toString() }
    })
    expect(await hand(await bounty('Which planet has the fewest rings of all?'))).toBe(true)
    const paid = await bounty(again, { budget: BUDGET })
    locked.set(lock(paid), { lockedWei: 100n, expiresAtMs: 0 })
    expect(await hand(paid)).toBe(true)
    // The same bytes again are no second question.
    expect(await hand(first)).toBe(true)
  })

  // BOUNTY-R6
  test('keeps so many without money of one account, and of those with money the ones with the most', async () => {
    for (let n = 0; n < LIMITS.bountiesPerAccount; n++) await hand(await bounty(words(n)))
    await expect(hand(await bounty(words(99)))).rejects.toMatchObject({ code: 'INTAKE_LIMIT' })
    expect(await hand(await bounty(words(100), {}, 6))).toBe(true)
    const waiting = await bounty(words(101), { budget: BUDGET })
    await expect(hand(waiting)).rejects.toMatchObject({ code: 'INTAKE_LIMIT' })
    locked.set(lock(waiting), { lockedWei: 100n, expiresAtMs: 0 })
    expect(await hand(waiting)).toBe(true)
  })

  // BOUNTY-R8
  test('refuses what is of another Datanet, expired, or promised elsewhere', async () => {
    const bad: [Partial<Bounty>, string][] = [
      [{ datanet: someCid(2) }, 'it is of another Datanet'],
      [{ budget: { ...BUDGET, chainId: 1 } }, 'its money is on another chain'],
      [{ budget: { ...BUDGET, escrow: address(8) } }, 'its money is on another chain'],
      [{ budget: { ...BUDGET, token: address(8) } }, 'its money is on another chain']
    ]
    for (const [over, reason] of bad) {
      await expect(hand(await bounty('Why?', over))).rejects.toMatchObject({
        code: 'BOUNTY_REFUSED',
        details: { reason: expect.stringContaining(reason) }
      })
    }
    const old = await bounty('Why?')
    nowMs = old.bounty.expiresAtMs
    await expect(hand(old)).rejects.toMatchObject({ code: 'BOUNTY_REFUSED' })
    const other = toWire(bountiesAskSchema, { datanet: someCid(3), list: true })
    const context = { remotePeer: 'peer', signal: new AbortController().signal } as never
    const asked = (hosting.handler(other, context) as AsyncGenerator).next()
    await expect(asked).rejects.toMatchObject({ code: 'DATANET_UNKNOWN' })
  })

  // FILL-R4
  test('keeps the newest word of each curator in force, and of nobody else', async () => {
    const one = await bounty('What is a luff?')
    const place = locks.place(one, datanet)
    const at = { domain: place.domain, lock: place.id }
    const word = async (n: number, signer = CURATORS[0] as ReturnType<typeof person>) => {
      const said = { datanet: id, bounty: one.cid, contribution: someCid(n), account: address(7) }
      return (await signFill(said, signer, at)).bytes
    }
    await expect(ask({ fill: await word(50) })).rejects.toMatchObject({ code: 'BOUNTY_UNKNOWN' })
    await hand(one)
    await expect(ask({ fill: await word(50, person(8)) })).rejects.toMatchObject({
      code: 'SIGNER_UNEXPECTED'
    })
    const forged = await word(50)
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1
    await expect(ask({ fill: forged })).rejects.toThrow()
    await ask({ fill: await word(50) })
    const newest = await word(51)
    await ask({ fill: newest })
    await ask({ fill: await word(50, CURATORS[1]) })
    const [shown] = await listed()
    expect(shown?.fills).toHaveLength(2)
    expect(shown?.fills.map((bytes) => Buffer.from(bytes).toString('hex'))).toContain(
      Buffer.from(newest).toString('hex')
    )
  })
})

/** Questions that are no near-duplicates of each other. */
function words(n: number): string {
  return `Which ${'abcdefghij'[n % 10]}${n} takes ${n * 7}b from the ${n * 13}c of ${n * 17}d?`
}
