import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { BountySummary } from '../../peer/api/bounties-api.ts'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { Peer } from '../../peer/peer.ts'
import { ask, createTestWorld, LICENCE, type TestWorld } from '../fixtures/world.ts'

const UNANSWERED = 'Which planet of the sun has the most moons?'
const BUDGET_WEI = 5_000_000n
const DAY_MS = 86_400_000

let world: TestWorld
let host: Peer
let agent: Peer
let datanet: DatanetSummary
let model: string
/** The time that went by for peers and chain alike. */
let laterMs = 0
const asker = async () => (await agent.api.accounts.find('asker')).address
const author = async () => (await agent.api.accounts.find('author')).address
const curator = async (peer: Peer) => (await peer.api.accounts.find('curator')).address

beforeAll(async () => {
  const now = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => now() + laterMs)
  world = await createTestWorld()
  host = await world.peer('host')
  datanet = await world.datanet(host, undefined, { changeDelayMs: 0 })
  model = (await world.serve(host, datanet.id)).model.model
  agent = await world.peer('agent')
  for (const label of ['asker', 'author']) await agent.api.accounts.create(label)
  await agent.api.models.search(world.topic)
  await agent.api.datanets.find(world.topic)
}, 60_000)
afterAll(async () => {
  vi.restoreAllMocks()
  await world?.stop()
})

const show = (peer: Peer, { bounty }: { readonly bounty: string }) =>
  peer.api.datanets.bounty({ datanet: datanet.id, bounty })

async function answered(bounty: string, answer: string): Promise<string> {
  const given = await agent.api.datanets.contribute({
    ...{ datanet: datanet.id, account: await author(), schema: 'qa/1', bounty },
    ...{ content: { question: UNANSWERED, answer }, language: 'en', licence: LICENCE }
  })
  return given.contribution
}

async function accept(contribution: string): Promise<void> {
  const account = await curator(host)
  const verdict = { datanet: datanet.id, contribution, account, verdict: 'approve' as const }
  await host.api.datanets.review(verdict)
}

describe('an agent’s question that nobody’s text answers', () => {
  let bounty: BountySummary

  // BOUNTY-W1
  test('is published with its asker’s consent alone', async () => {
    const quiet = await ask(agent, { model, content: UNANSWERED })
    expect(quiet.done.receipt.outcome).toBe('abstained')
    expect(quiet.done.unanswered).toBeUndefined()
    expect(await host.api.datanets.bounties(datanet.id)).toEqual([])

    const aloud = await ask(agent, { model, content: UNANSWERED, publishAs: await asker() })
    const [published = ''] = aloud.done.unanswered?.bounties ?? []
    ;[bounty] = (await host.api.datanets.bounties(datanet.id)) as [BountySummary]
    expect(bounty).toMatchObject({
      ...{ bounty: published, question: UNANSWERED, language: 'en', abstained: model },
      ...{ state: 'open', isListed: true, lockedWei: 0n, answers: [], needed: 1 },
      requester: await asker()
    })
    // Asked again, in other letters: it is the same one.
    const again = await ask(agent, {
      ...{ model, publishAs: await asker(), content: 'which planet of the sun, has the most moons' }
    })
    expect(again.done.receipt.outcome).toBe('abstained')
    expect(again.done.unanswered).toEqual({ bounties: [published] })
    const named = ask(agent, { model, content: UNANSWERED, publishAs: host.account })
    await expect(named).rejects.toMatchObject({ code: 'SIGNER_UNEXPECTED' })
  }, 60_000)

  test('is funded by several, answered, reviewed, anchored, and pays its author on chain', async () => {
    const named = { datanet: datanet.id, bounty: bounty.bounty }
    const tooEarly = host.api.datanets.approveBounty(named)
    await expect(tooEarly).rejects.toMatchObject({ code: 'BOUNTY_UNFUNDED' })
    const funded = await agent.api.datanets.fundBounty({ ...named, amountWei: BUDGET_WEI })
    expect(funded).toMatchObject({ lockedWei: BUDGET_WEI, givenWei: BUDGET_WEI })
    const more = await host.api.datanets.fundBounty({ ...named, amountWei: 7n })
    expect(more).toMatchObject({ lockedWei: BUDGET_WEI + 7n, givenWei: 7n, isListed: true })

    const contribution = await answered(bounty.bounty, 'Saturn, with more than two hundred.')
    expect((await show(agent, bounty)).answers).toEqual([{ contribution, status: 'pending' }])
    await expect(host.api.datanets.approveBounty(named)).rejects.toMatchObject({
      code: 'INPUT_INVALID'
    })
    await accept(contribution)
    // FILL-W1: accepted, and in no revision yet.
    await expect(host.api.datanets.approveBounty(named)).rejects.toMatchObject({
      code: 'CONTRIBUTION_UNKNOWN'
    })
    await host.api.datanets.publish(datanet.id)
    const other = (await host.api.datanets.rows({ datanet: datanet.id })).rows[0]?.id as string
    const unnamed = host.api.datanets.approveBounty({ ...named, contribution: other })
    await expect(unnamed).rejects.toMatchObject({ code: 'BOUNTY_REFUSED' })
    await expect(agent.api.datanets.approveBounty(named)).rejects.toMatchObject({
      code: 'SIGNER_UNEXPECTED'
    })

    const filled = await host.api.datanets.approveBounty(named)
    const account = await author()
    const amountWei = BUDGET_WEI + 7n
    expect(filled).toMatchObject({ state: 'filled', lockedWei: 0n })
    expect(filled.filled).toEqual({
      ...{ contribution, account, amountWei }
    })
    const before = await world.chain.token.balanceOf(account)
    // Anyone may have it paid out.
    expect(await host.api.datanets.claimBounties(account)).toMatchObject({
      claimedWei: amountWei
    })
    expect(await world.chain.token.balanceOf(account)).toBe(before + amountWei)
    await expect(agent.api.datanets.claimBounties(account)).rejects.toMatchObject({
      code: 'NOTHING_TO_CLAIM'
    })
    for (const late of [
      host.api.datanets.approveBounty(named),
      agent.api.datanets.fundBounty({ ...named, amountWei: 1n }),
      agent.api.datanets.refundBounty(named)
    ]) {
      await expect(late).rejects.toMatchObject({ code: 'BOUNTY_REFUSED' })
    }
  }, 60_000)
})

describe('a bounty with a budget', () => {
  const draft = async () => ({
    ...{ datanet: datanet.id, account: await asker(), language: 'en', lifeMs: DAY_MS },
    ...{ question: 'How long must ash be seasoned before it is bent?', budgetWei: 100n }
  })

  // BOUNTY-R7
  test('is listed once as much is locked, and not before', async () => {
    const opened = await agent.api.datanets.openBounty(await draft())
    expect(opened).toMatchObject({ state: 'open', isListed: false, budgetWei: 100n })
    const listed = async () =>
      (await host.api.datanets.bounties(datanet.id)).find((one) => one.bounty === opened.bounty)
    const named = { datanet: datanet.id, bounty: opened.bounty }
    const half = await agent.api.datanets.fundBounty({ ...named, amountWei: 40n })
    expect(half).toMatchObject({ isListed: false, lockedWei: 40n })
    expect(await listed()).toMatchObject({ isListed: false })
    const whole = await agent.api.datanets.fundBounty({ ...named, amountWei: 60n })
    expect(whole).toMatchObject({ isListed: true, lockedWei: 100n, givenWei: 100n })
    expect(await listed()).toMatchObject({ isListed: true, lockedWei: 100n })
  }, 60_000)

  test('comes back to who funded it once it expired, and is then neither funded nor filled', async () => {
    const all = await agent.api.datanets.bounties(datanet.id)
    const { bounty, expiresAtMs } = all.find((one) => one.budgetWei === 100n) as BountySummary
    const named = { datanet: datanet.id, bounty }
    await expect(agent.api.datanets.refundBounty(named)).rejects.toMatchObject({
      code: 'BOUNTY_REFUSED'
    })
    laterMs = expiresAtMs - Date.now()
    const before = await world.chain.token.balanceOf(agent.account)
    expect(await agent.api.datanets.refundBounty(named)).toMatchObject({ refundedWei: 100n })
    expect(await world.chain.token.balanceOf(agent.account)).toBe(before + 100n)
    expect(await show(agent, { bounty })).toMatchObject({ state: 'expired', lockedWei: 0n })
    await expect(agent.api.datanets.refundBounty(named)).rejects.toMatchObject({
      code: 'NOTHING_TO_CLAIM'
    })
    const late = agent.api.datanets.fundBounty({ ...named, amountWei: 1n })
    await expect(late).rejects.toMatchObject({ code: 'BOUNTY_REFUSED' })
  }, 60_000)
})
