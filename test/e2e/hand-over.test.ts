import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HandOverState } from '../../peer/api/accounts-api.ts'
import type { Peer } from '../../peer/peer.ts'
import { allCommitted } from '../fixtures/paid-world.ts'
import { ask, createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** The person's own key, in a wallet that no peer knows. */
const person = Wallet.createRandom()
const newAccount = person.address.toLowerCase()

let world: TestWorld
let host: Peer
let provider: Peer
let agent: Peer
let datanet: { id: string; treasury: string }
let ann: string
let ben: string

beforeAll(async () => {
  world = await createTestWorld({ dropDelayS: 1 })
  host = await world.peer('host')
  const founded = await world.datanet(host, TEXTS.slice(0, 6))
  datanet = founded
  ;[ann, ben] = founded.people as [string, string]
  provider = await world.peer('provider')
  agent = await world.peer('agent')
})
afterAll(() => world?.stop())

/** Asks about a text of ann, and says which accounts the receipt credits. */
async function credited(model: string): Promise<{ accounts: Set<string>; receipt: string }> {
  const { done } = await ask(agent, { model, content: `What is a ${TEXTS[0]?.title}?` })
  const accounts = done.receipt.credits.flatMap(({ account }) => account ?? [])
  // The checks of who was not there: signature, sums, and the root that the payer committed to.
  await agent.api.receipts.verify(done.receipt.callId)
  return { accounts: new Set(accounts), receipt: done.receipt.callId }
}

async function paidOut(): Promise<void> {
  await allCommitted(world, agent)
  await provider.api.channels.claim()
  await provider.api.rewards.post()
}

const finality = (account: string) =>
  expect
    .poll(async () => (await host.api.rewards.show(account))[0]?.claimableWei ?? 0n)
    .toBeGreaterThan(0n)

// HANDOVER-W3
test('what was earned before stays with the old account, what comes after is the new one’s', async () => {
  const first = await world.serve(provider, datanet.id)
  await agent.api.models.search(world.topic)
  expect((await credited(first.model.model)).accounts).toContain(ann)
  await paidOut()
  await finality(ann)
  const [before] = await host.api.rewards.show(ann)

  // The custodian proposes, the person's wallet signs what it is shown, the custodian submits.
  const draft = { account: 'ann', to: newAccount }
  const proposed = await host.api.accounts.handOver(draft)
  if (proposed.state !== 'to sign') throw new Error('nothing to sign')
  expect(await host.api.accounts.handOver(draft)).toEqual(proposed)
  const { domain, types, message } = proposed.typedData
  const { EIP712Domain: _, ...structs } = types as Record<string, never>
  const signature = await person.signTypedData(domain, structs, message)
  const submitted = (await host.api.accounts.handOver({ ...draft, signature })) as Extract<
    HandOverState,
    { state: 'submitted' }
  >
  expect(submitted.datanets).toEqual([{ datanet: datanet.id, ordinal: 0 }])

  // Until a revision holds it, nothing changes.
  expect((await credited(first.model.model)).accounts).toContain(ann)
  const { ordinal } = await host.api.datanets.publish(datanet.id)
  expect(ordinal).toBe(2)
  expect(await refusal(() => host.api.datanets.publish(datanet.id))).toBe('NOTHING_TO_PUBLISH')

  await provider.api.datanets.fetch(datanet.id)
  const second = await world.serve(provider, datanet.id)
  await agent.api.models.search(world.topic)
  const { accounts } = await credited(second.model.model)
  expect(accounts).toContain(newAccount)
  expect(accounts).not.toContain(ann)

  await paidOut()
  await finality(newAccount)
  const [after] = await host.api.rewards.show(ann)
  const [taken] = await host.api.rewards.show(newAccount)
  // Ann's grew by the question asked before the revision only; both get their own, to the unit
  // that the fold carries over.
  const eachWei = before?.cumulativeWei ?? 0n
  expect([2n * eachWei, 2n * eachWei + 1n]).toContain(after?.cumulativeWei)
  expect([eachWei, eachWei + 1n]).toContain(taken?.cumulativeWei)
  const paidBefore = await world.chain.token.balanceOf(newAccount)
  await host.api.rewards.claim(newAccount)
  await host.api.rewards.claim(ann)
  expect((await world.chain.token.balanceOf(newAccount)) - paidBefore).toBe(taken?.claimableWei)
}, 60_000)

test('everyone who has the revision knows it, and another model of it credits the same', async () => {
  for (const peer of [host, provider]) {
    expect((await peer.api.accounts.show(newAccount)).handOvers).toEqual([
      { oldAccount: ann, newAccount, datanet: datanet.id, ordinal: 2 }
    ])
  }
  const shown = await host.api.accounts.show('ann')
  expect(shown).toMatchObject({ address: ann, label: 'ann' })
  expect(shown.contributions).toMatchObject([{ datanet: datanet.id, pending: 0, rejected: 0 }])
  // A second provider that makes the same model by its card credits alike: the card names the revision.
  const other = await world.peer('other')
  await other.api.datanets.find(world.topic)
  await other.api.models.search(world.topic)
  const [newest] = (await provider.api.models.built()).toSorted(
    (a, b) => b.publishedAtMs - a.publishedAtMs
  )
  const adopted = await other.api.models.adopt(newest?.model ?? '')
  await other.api.models.serve({
    ...{ model: adopted.model, account: other.account },
    ...{ callWei: 1n, inputTokenWei: 0n, outputTokenWei: 1n }
  })
  await agent.api.models.search(world.topic)
  expect((await credited(adopted.model)).accounts).toContain(newAccount)
}, 60_000)

test('a hand-over made here goes on, closes no circle and cannot be made again', async () => {
  const { address: third } = await host.api.accounts.create('third')
  const { address: fourth } = await host.api.accounts.create('fourth')
  const done = await host.api.accounts.handOver({ account: ben, to: third })
  expect(done).toMatchObject({ state: 'submitted', datanets: [{ ordinal: 0 }] })
  const again = { account: ben, to: fourth }
  expect(await refusal(() => host.api.accounts.handOver(again))).toBe('HAND_OVER_REFUSED')
  const back = { account: third, to: ben }
  expect(await refusal(() => host.api.accounts.handOver(back))).toBe('HAND_OVER_REFUSED')
  await host.api.datanets.publish(datanet.id)
  expect((await host.api.accounts.show(third)).handOvers).toMatchObject([{ ordinal: 3 }])
  // Asked again, the host says since when it holds.
  expect(await host.api.accounts.handOver({ account: ben, to: third })).toMatchObject({
    datanets: [{ datanet: datanet.id, ordinal: 3 }]
  })
}, 60_000)
