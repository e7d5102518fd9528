import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../../../peer/peer.ts'
import { createTestWorld, LICENCE, type TestWorld } from '../../../fixtures/world.ts'
import { TEXTS } from '../../../fixtures/world-texts.ts'

let world: TestWorld
let host: Peer
let second: Peer
let id: string
let bounty: string
let answers: [string, string]
const named = () => ({ datanet: id, bounty })
const people = new Map<Peer, string>()

/** Two curators, a peer each, who decide together from here on; two answers in the newest revision. */
beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  ;({ id } = await world.datanet(host, TEXTS.slice(0, 1), { changeDelayMs: 0 }))
  second = await world.peer('second')
  await second.api.datanets.find(world.topic)
  const [first] = (await host.api.datanets.show(id)).curators as [string]
  people.set(host, first).set(second, (await second.api.accounts.create('curator')).address)

  const asked = await second.api.datanets.openBounty({
    ...{ datanet: id, account: second.account, language: 'en' },
    question: 'Which planet of the sun has the most moons?'
  })
  ;({ bounty } = asked)
  const given: string[] = []
  for (const answer of ['Saturn has more than two hundred.', 'Jupiter, I was told at school.']) {
    const { contribution } = await second.api.datanets.contribute({
      ...{ datanet: id, account: second.account, schema: 'qa/1', bounty },
      ...{ content: { question: asked.question, answer }, language: 'en', licence: LICENCE }
    })
    const verdict = { datanet: id, contribution, verdict: 'approve' as const, account: first }
    await host.api.datanets.review(verdict)
    given.push(contribution)
  }
  answers = given as [string, string]
  await host.api.datanets.publish(id)
  const curators = [...people.values()].sort()
  await host.api.datanets.change({ datanet: id, change: { curators, threshold: 2 } })
  await second.api.datanets.manifests(id)
}, 60_000)
afterAll(async () => {
  await world?.stop()
})

test('curators on peers of their own fill a bounty together, each with one word', async () => {
  await second.api.datanets.fundBounty({ ...named(), amountWei: 50n })
  // Both were accepted: which one is meant must be said.
  await expect(host.api.datanets.approveBounty(named())).rejects.toMatchObject({
    code: 'INPUT_INVALID'
  })
  const [saturn, jupiter] = answers
  const one = await host.api.datanets.approveBounty({ ...named(), contribution: jupiter })
  expect(one).toMatchObject({ state: 'open', lockedWei: 50n, needed: 2 })
  expect(one.approvals).toEqual([
    { contribution: jupiter, account: second.account, curators: [people.get(host)] }
  ])
  // FILL-W2
  const other = { ...named(), contribution: saturn }
  await expect(host.api.datanets.approveBounty(other)).rejects.toMatchObject({
    code: 'BOUNTY_REFUSED'
  })
  const meant = await host.api.datanets.approveBounty({ ...other, instead: true })
  expect(meant.approvals).toMatchObject([{ contribution: saturn }])

  const heard = await second.api.datanets.bounty(named())
  expect(heard.approvals).toEqual(meant.approvals)
  const filled = await second.api.datanets.approveBounty(other)
  expect(filled).toMatchObject({ state: 'filled', lockedWei: 0n })
  const { token } = world.network.contracts
  expect(await world.chain.bounty.creditOf(second.account, token)).toBe(50n)
}, 60_000)

test('a withdrawn contribution fills nothing, and nobody approves a payment to themselves', async () => {
  const asked = await host.api.datanets.openBounty({
    ...{ datanet: id, account: host.account, language: 'en' },
    question: 'How is a wooden boat caulked below the waterline?'
  })
  const at = { datanet: id, bounty: asked.bounty }
  await host.api.datanets.fundBounty({ ...at, amountWei: 5n })
  const author = people.get(second) as string
  const { contribution } = await second.api.datanets.contribute({
    ...{ datanet: id, account: author, schema: 'qa/1', bounty: asked.bounty },
    ...{ content: { question: asked.question, answer: 'With oakum and pitch.' } },
    ...{ language: 'en', licence: LICENCE }
  })
  const account = people.get(host) as string
  await host.api.datanets.review({ datanet: id, contribution, verdict: 'approve', account })
  const { proposal } = await host.api.datanets.propose(id)
  await second.api.datanets.proposals(id)
  await second.api.datanets.approve({ datanet: id, proposal })
  // FILL-R3
  await expect(second.api.datanets.approveBounty(at)).rejects.toMatchObject({
    code: 'BOUNTY_REFUSED'
  })
  await second.api.datanets.withdraw({ datanet: id, contribution, account: author })
  const late = host.api.datanets.approveBounty({ ...at, contribution })
  await expect(late).rejects.toMatchObject({ code: 'CONTRIBUTION_WITHDRAWN' })
}, 60_000)
