import { beforeEach, expect, test } from 'vitest'
import type { BountySummary } from '../../../../peer/api/bounties-api.ts'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { BREAD, CURATOR, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const DNC = 10n ** 18n
const ID = 'bafyreibountybountybountybountybountybountybountybountyzz9'
const ANSWER = 'bafyreianswerone'.padEnd(59, 'a')

let bounty: BountySummary
let did: unknown[][]
let peer: ReturnType<typeof scriptedPeer>

beforeEach(() => {
  did = []
  bounty = {
    ...{ datanet: BREAD.id, bounty: ID, question: 'Why does crust crack?', language: 'en' },
    ...{ schemas: ['text/1', 'qa/1'], requester: OWN, state: 'open', isListed: true },
    ...{ createdAtMs: 0, expiresAtMs: 1_800_000_000_000, lockedWei: 5n * DNC, givenWei: 0n },
    ...{ answers: [], approvals: [], needed: 2 }
  }
  peer = scriptedPeer()
  const noting =
    (name: string, result: () => unknown) =>
    async (argument: unknown): Promise<never> => {
      did.push([name, argument])
      return result() as never
    }
  const datanets = {
    bounties: async () => [bounty],
    openBounty: noting('open', () => bounty),
    fundBounty: noting('fund', () => bounty),
    approveBounty: noting('approve', () => bounty),
    claimBounties: noting('claim', () => ({ account: OWN, claimedWei: 5n * DNC, txHash: '0xab' })),
    refundBounty: noting('refund', () => ({ ...bounty, refundedWei: 2n * DNC, txHash: '0xcd' }))
  } satisfies Partial<PeerApi['datanets']>
  Object.assign((peer.api as { datanets: object }).datanets, datanets)
})

const run = (...words: string[]) => cli(peer, ['bounty', ...words], { columns: 80 })
const named = { datanet: BREAD.id, bounty: ID }

test('bounties are listed and shown in words that fit, and say what to do next', async () => {
  const list = await run('list')
  expect(list.out).toMatch(/BOUNTY +LOCKED +STATE +UNTIL +QUESTION/)
  expect(list.out).toMatch(/bafyreib…ntyzz9 +5 DNC {2}open +2027-01-15 +Why does crust crack\?/)
  expect(list.out).toContain('npx datanet bounty fill <bounty> "…"')
  for (const line of list.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const shown = await run('show', 'bafyreib')
  expect(shown.out).toMatch(/locked +5 DNC[\s\S]*Whoever knows answers it:\n {2}npx datanet/)

  const answers = [{ contribution: ANSWER, status: 'accepted' as const }]
  const approvals = [{ contribution: ANSWER, account: OWN, curators: [CURATOR] }]
  bounty = { ...bounty, answers, approvals }
  const answered = await run('show', ID)
  expect(answered.out).toMatch(/answer +bafyreia\S+, accepted\napproved +\S+ by 1 of 2 curators/)
  expect(answered.out).toContain('npx datanet bounty approve bafyreib')
  bounty = { ...bounty, state: 'expired', givenWei: DNC }
  expect((await run('show', ID)).out).toContain('npx datanet bounty refund bafyreib')
  const filled = { contribution: ANSWER, account: OWN, amountWei: 5n * DNC }
  bounty = { ...bounty, state: 'filled', lockedWei: 0n, filled }
  expect((await run('show', ID)).out).toContain(`npx datanet bounty claim ${OWN}`)
})

test('a question is opened, with money locked for it where that is said', async () => {
  await run('open', 'Why', 'does', 'crust', 'crack?')
  const draft = { datanet: BREAD.id, account: OWN, question: 'Why does crust crack?' }
  expect(did).toEqual([['open', { ...draft, lifeMs: 2_592_000_000 }]])
  did = []
  await run('open', 'Why?', '--budget', '5', '--for', '12h', '--schema', 'qa/1', '--anyway')
  const asked = { ...draft, question: 'Why?', lifeMs: 43_200_000 }
  expect(did).toEqual([
    ['open', { ...asked, budgetWei: 5n * DNC, schemas: ['qa/1'], anyway: true }],
    ['fund', { ...named, amountWei: 5n * DNC }]
  ])
})

test('it is funded, answered, approved, claimed and refunded by the ends of its id', async () => {
  await run('fund', 'bafyreib…zz9', '2.5')
  const filled = await run('fill', 'bafyreib', 'Steam', 'escapes.')
  expect(filled.out).toContain('npx datanet bounty show')
  expect(peer.contributed).toMatchObject([
    {
      ...{ bounty: ID, schema: 'qa/1', language: 'en', licence: 'CC0-1.0', account: OWN },
      content: { question: 'Why does crust crack?', answer: 'Steam escapes.' }
    }
  ])
  bounty = { ...bounty, answers: [{ contribution: ANSWER, status: 'accepted' }] }
  await run('approve', 'bafyreib', 'bafyreia')
  await run('approve', 'bafyreib', '--instead')
  expect((await run('claim')).out).toContain('5 DNC paid to')
  expect((await run('refund', 'bafyreib')).out).toContain('2 DNC came back.')
  expect(did).toEqual([
    ['fund', { ...named, amountWei: (5n * DNC) / 2n }],
    ['approve', { ...named, contribution: ANSWER }],
    ['approve', { ...named, instead: true }],
    ['claim', OWN],
    ['refund', named]
  ])
  const missing = await run('show', 'bafyreixxxx')
  expect(missing).toMatchObject({ code: 4 })
  expect(missing.err).toContain('BOUNTY_UNKNOWN')
})
