import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DropSummary } from '../../peer/api/money-api.ts'
import type { Peer } from '../../peer/peer.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { createDocumentStore } from '../../peer/store/documents.ts'
import { isDatanetError } from '../../protocol/base/errors.ts'
import { decodeDrop, encodeDrop } from '../../protocol/reward/drop.ts'
import { allCommitted } from '../fixtures/paid-world.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

let world: TestWorld
let host: Peer
let provider: Peer
let agent: Peer
let model: string
/** Everyone who may earn of the royalties, by what they are. */
let earners: Record<'curator' | 'idle' | 'treasury' | 'builder' | 'ann' | 'ben', string>

beforeAll(async () => {
  world = await createTestWorld({ dropDelayS: 2 })
  host = await world.peer('host')
  // Two curators, of whom one reviews everything and the other nothing: reviews earn.
  const curator = (await host.api.accounts.create('curator')).address
  const idle = (await host.api.accounts.create('idle')).address
  const curators = [curator, idle]
  const datanet = await world.datanet(host, undefined, { curators, reviewsEarn: true })
  provider = await world.peer('provider')
  const served = await world.serve(provider, datanet.id)
  model = served.model.model
  const [ann, ben] = datanet.people as [string, string]
  const { treasury } = datanet
  earners = { curator, idle, treasury, builder: served.builder, ann, ben }
  agent = await world.peer('agent')
  await agent.api.models.search(world.topic)
})
afterAll(() => world?.stop())

/** What each earner, the operator, the escrow and the pool hold, by the chain. */
async function balances(): Promise<Record<string, bigint>> {
  const { escrow, pool } = world.network.contracts
  const who = { ...earners, operator: provider.account, agent: agent.account, escrow, pool }
  const held = Object.entries(who).map(
    async ([name, address]) => [name, await world.chain.token.balanceOf(address)] as const
  )
  return Object.fromEntries(await Promise.all(held))
}

const sum = (amounts: Iterable<bigint>) => [...amounts].reduce((total, wei) => total + wei, 0n)

/** Claims for every earner that is owed something; what each got, by the peer's own word. */
async function claimAll(): Promise<Record<string, bigint>> {
  const got: Record<string, bigint> = {}
  for (const [name, account] of Object.entries(earners)) {
    try {
      got[name] = (await host.api.rewards.claim(account)).claimedWei
    } catch (error) {
      if (!isDatanetError(error) || error.code !== 'NOTHING_TO_CLAIM') throw error
      got[name] = 0n
    }
  }
  return got
}

/** Questions about the texts of ann (even places) and ben (odd ones), answered and paid. */
async function askAbout(...places: number[]): Promise<bigint> {
  let paidWei = 0n
  for (const place of places) {
    const content = `What is a ${TEXTS[place]?.title}?`
    paidWei += (await ask(agent, { model, content })).done.receipt.priceWei
  }
  // What nobody has committed to yet is nobody's share.
  await allCommitted(world, agent)
  return paidWei
}

/** The agent's signed total. */
async function authorisedWei(): Promise<bigint> {
  return sum((await agent.api.channels.list()).map((channel) => channel.authorisedWei))
}

const finality = () =>
  expect
    .poll(async () => (await host.api.rewards.show(earners.treasury))[0]?.claimableWei, {
      timeout: 10_000
    })
    .toBeGreaterThan(0n)

let first: { dropped: DropSummary; got: Record<string, bigint> }

test('royalties reach everyone who earned them, to the unit, and only after the delay', async () => {
  const before = await balances()
  const paidWei = await askAbout(0, 1, 2)
  const signedWei = await authorisedWei()
  // What was paid ahead stays credit of the channel: there are no calls left to use it up.
  expect(signedWei).toBeGreaterThanOrEqual(paidWei)
  const claim = await provider.api.channels.claim()
  expect(claim.claimedWei).toBe(signedWei)
  expect(claim.operatorWei + claim.royaltyWei).toBe(signedWei)
  expect(claim.royaltyWei).toBeLessThanOrEqual((signedWei * 3n) / 10n)
  expect(claim.royaltyWei).toBeGreaterThan((signedWei * 3n) / 10n - 4n)
  expect(await provider.api.channels.claim()).toMatchObject({ channels: 0, claimedWei: 0n })

  const [dropped, ...more] = await provider.api.rewards.post()
  expect(more).toEqual([])
  expect(dropped?.totalWei).toBe(claim.royaltyWei)
  expect(await refusal(() => host.api.rewards.claim(earners.ann))).toBe('DROP_PENDING')
  expect((await host.api.rewards.show(earners.ann))[0]).toMatchObject({ claimableWei: 0n })
  expect(await provider.api.rewards.post()).toEqual([])

  await finality()
  const got = await claimAll()
  expect(await refusal(() => host.api.rewards.claim(earners.ann))).toBe('NOTHING_TO_CLAIM')
  expect(await refusal(() => host.api.rewards.claim(agent.account))).toBe('NOTHING_TO_CLAIM')
  const after = await balances()
  const gained = (name: string) => (after[name] ?? 0n) - (before[name] ?? 0n)
  for (const name of Object.keys(earners)) expect([name, gained(name)]).toEqual([name, got[name]])
  const unassignedWei = dropped?.unassignedWei ?? 0n
  expect(sum(Object.values(got)) + unassignedWei).toBe(claim.royaltyWei)
  expect(gained('pool')).toBe(unassignedWei)
  expect(gained('operator')).toBe(claim.operatorWei)
  const { depositWei } = (await agent.api.channels.list())[0] ?? { depositWei: 0n }
  expect(gained('escrow')).toBe(depositWei - signedWei)
  expect(gained('agent')).toBe(-depositWei)
  expect(sum(Object.values(after))).toBe(sum(Object.values(before)))
  // Two of three answers are ann's; curator, treasury and builder have a tenth each.
  expect(got.ann).toBeGreaterThan(got.ben ?? 0n)
  expect(got.ben).toBeGreaterThan(0n)
  const royalties = (await agent.api.receipts.list()).map(({ royaltyWei }) => royaltyWei)
  for (const name of ['curator', 'builder']) expect(got[name]).toBe(sum(royalties) / 10n)
  expect(got.idle).toBe(0n)
  first = { dropped: dropped as DropSummary, got }
})

test('a second round adds to the first: running totals, and only the rest is paid', async () => {
  const before = await balances()
  const beforeWei = await authorisedWei()
  await askAbout(3, 5)
  const claim = await provider.api.channels.claim()
  expect(claim.claimedWei).toBe((await authorisedWei()) - beforeWei)
  const [dropped] = await provider.api.rewards.post()
  expect(dropped?.totalWei).toBe(first.dropped.totalWei + claim.royaltyWei)
  await finality()
  const [benOwed] = await host.api.rewards.show(earners.ben)
  expect(benOwed?.claimedWei).toBe(first.got.ben)
  const got = await claimAll()
  expect(got.ben).toBe((benOwed?.cumulativeWei ?? 0n) - (first.got.ben ?? 0n))
  expect(got.ben).toBeGreaterThan(got.ann ?? 0n)
  const after = await balances()
  expect(sum(Object.values(after))).toBe(sum(Object.values(before)))
  expect(after.pool).toBe(dropped?.unassignedWei)
  const total = sum(Object.values(first.got)) + sum(Object.values(got))
  expect(total + (dropped?.unassignedWei ?? 0n)).toBe(dropped?.totalWei)
})

test('a drop document that was tampered with pays nobody, and the right one pays again', async () => {
  await askAbout(0)
  await provider.api.channels.claim()
  await provider.api.rewards.post()
  await finality()
  const right = spoilDrop((bytes) => {
    const { drop } = decodeDrop(bytes)
    const [most, ...others] = [...drop.leaves].sort((a, b) =>
      a.cumulativeWei < b.cumulativeWei ? 1 : -1
    ) as [(typeof drop.leaves)[0], ...typeof drop.leaves]
    const [other, ...rest] = others as [(typeof drop.leaves)[0], ...typeof drop.leaves]
    const leaves = [
      { ...most, cumulativeWei: most.cumulativeWei - 1n },
      { ...other, cumulativeWei: other.cumulativeWei + 1n },
      ...rest
    ].sort((a, b) => (a.account < b.account ? -1 : 1))
    return encodeDrop({ ...drop, leaves }).bytes
  })
  expect(await refusal(() => host.api.rewards.claim(earners.ann))).toBe('NOTHING_TO_CLAIM')
  expect(await refusal(() => provider.api.rewards.claim(earners.ann))).toBe('NOTHING_TO_CLAIM')
  spoilDrop(() => right)
  expect((await host.api.rewards.claim(earners.ann)).claimedWei).toBeGreaterThan(0n)
})

/** Has the provider show another drop in place of its own; returns the one it showed. */
function spoilDrop(change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const database = openDatabase(join(world.dirOf('provider'), 'peer.db'))
  const store = createDocumentStore(database)
  const [shown] = store.ofKind('drop')
  if (shown === undefined) throw new Error('no drop is shown')
  store.put({ ...shown, seq: shown.seq + 1, bytes: change(shown.bytes) })
  database.close()
  return shown.bytes
}
