import { beforeEach, expect, test } from 'vitest'
import type { BondSummary, UnstakeDraft } from '../../../../peer/api/money-api.ts'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { cli, OWN, scriptedPeer } from './scripted-peer.ts'

const DNC = 10n ** 18n
let bond: BondSummary
let did: unknown[][]
let peer: ReturnType<typeof scriptedPeer>

beforeEach(() => {
  did = []
  bond = { receiptSigner: OWN, isConvicted: false, stakeWei: 0n, bonds: [] }
  peer = scriptedPeer()
  const leaving = { owner: OWN, stakeWei: 5n * DNC, withdrawingWei: 2n * DNC }
  const receipts = {
    async bond(named: string) {
      did.push(['bond', named])
      return bond
    },
    async stake(amountWei: bigint) {
      did.push(['stake', amountWei])
      const one = { owner: OWN, stakeWei: amountWei, withdrawingWei: 0n }
      return { ...bond, stakeWei: amountWei, bonds: [one] }
    },
    async unstake(draft: UnstakeDraft) {
      did.push(['unstake', draft])
      const bonds = [{ ...leaving, readyAtMs: 1_800_000_000_000 }]
      return { ...bond, stakeWei: 5n * DNC, bonds, returnedWei: 0n }
    }
  } satisfies Partial<PeerApi['receipts']>
  Object.assign((peer.api as { receipts: object }).receipts, receipts)
})

test('a bond is staked, shown and withdrawn, in words that fit', async () => {
  const empty = await cli(peer, ['bond', 'show'], { columns: 80 })
  expect(empty.out).toMatch(/Nothing is staked on your receipts\. datanet bond stake/)
  const staked = await cli(peer, ['bond', 'stake', '5'], { columns: 80 })
  expect(staked.out).toMatch(/0xa1a1\S+ +5 DNC[\s\S]*5 DNC is lost, a tenth of it to who reports/)
  const out = await cli(peer, ['bond', 'withdraw', '2'], { columns: 80 })
  expect(out.out).toMatch(/5 DNC +2 DNC +2027[\s\S]*npx datanet bond withdraw\n/)
  await cli(peer, ['bond', 'withdraw'])
  for (const { out: text } of [empty, staked, out]) {
    expect(Math.max(...text.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  }
  expect(did).toEqual([
    ['bond', 'own'],
    ['stake', 5n * DNC],
    ['unstake', { amountWei: 2n * DNC }],
    ['unstake', {}]
  ])
  expect(await cli(peer, ['bond', 'stake', 'much'])).toMatchObject({ code: 2 })
})

test('the bond of others is asked for by the offer for a model, or by the address', async () => {
  bond = { ...bond, isConvicted: true }
  const { out } = await cli(peer, ['bond', 'show', OWN])
  expect(out).toMatch(/Two receipts for one call were shown of the receipts of 0xa1a1/)
  expect((await cli(peer, ['bond', 'show', 'weaknesses'])).code).toBe(0)
  expect(did).toEqual([
    ['bond', OWN],
    ['bond', 'bafyreioffer0']
  ])
})
