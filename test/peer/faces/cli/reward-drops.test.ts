import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type {
  DropCheck,
  DropVote,
  DropVoteDraft,
  SilentVoteDraft
} from '../../../../peer/api/money-api.ts'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { CURATOR, cli, scriptedPeer } from './scripted-peer.ts'

const ROOT = `0x${'70'.repeat(32)}`
const TX = `0x${'77'.repeat(32)}`
const drop = (fill: string, over: Partial<DropCheck> = {}): DropCheck => ({
  pool: `0x${fill.repeat(32)}`,
  operator: `0x${'0a'.repeat(20)}`,
  datanet: 'bafydatanet',
  dropSeq: 3,
  root: ROOT,
  totalWei: 10n ** 18n,
  readyAtMs: 1_800_000_000_000,
  verdict: 'holds',
  isCurated: true,
  ...over
})
const honest = drop('a1')
const wrong = drop('b2', {
  verdict: 'wrong',
  code: 'DROP_INVALID',
  reason: 'not what receipts give'
})
const shrunk = drop('c3', {
  ...{ verdict: 'wrong', reason: 'less than before' },
  refutableBy: 'shrunk'
})

let dir: string
let checks: DropCheck[]
let did: unknown[][]
let peer: ReturnType<typeof scriptedPeer>
/** Who has signed here when `veto` is asked for. */
let curators: string[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'datanet-veto-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  checks = [honest, wrong, shrunk]
  did = []
  curators = [CURATOR]
  peer = scriptedPeer()
  const rewards = {
    check: async () => checks,
    async refute(pool: string) {
      did.push(['refute', pool])
      return { pool, dropSeq: 3, shown: 'shrunk' as const, txHash: TX }
    },
    async veto({ pool, approvals = [] }: DropVoteDraft): Promise<DropVote> {
      did.push(['veto', pool, approvals])
      const all = [...approvals, ...curators.map(() => '0x5150')]
      const signed = [...approvals.map((_, i) => `0x${i}`), ...curators]
      const typedData = { domain: {}, types: {}, primaryType: 'DropVeto', message: {} }
      const vote = { pool, dropSeq: 3, root: ROOT, signed, approvals: all, needed: 2, typedData }
      return signed.length < 2 ? vote : { ...vote, txHash: TX }
    },
    async silent() {
      const late = { silentAtMs: 1_700_000_000_000, isSilent: true }
      const shown = { operator: honest.operator, datanet: 'bafydatanet' }
      const sums = { creditedWei: 3n * 10n ** 18n, givenWei: 10n ** 18n }
      const soon = { silentAtMs: 1_900_000_000_000, isSilent: false }
      return [
        { pool: honest.pool, ...shown, ...sums, ...soon },
        { pool: shrunk.pool, ...shown, ...sums, ...late }
      ]
    },
    async postSilent({ pool, approvals = [], document = 'ZHJvcA==' }: SilentVoteDraft) {
      const vote: DropVote = await peer.api.rewards.veto({ pool, approvals })
      did.push(['post', document])
      return { ...vote, document, ...(vote.txHash === undefined ? {} : { claimableAtMs: 1 }) }
    }
  } satisfies Partial<PeerApi['rewards']>
  Object.assign((peer.api as { rewards: object }).rewards, rewards)
})

test('drops in their delay are shown with what is wrong and what to do', async () => {
  const { out, code } = await cli(peer, ['reward', 'check'], { columns: 80 })
  expect(code).toBe(0)
  expect(out).toMatch(/0xa1a1a1…\S+ +3 +1 DNC +\S+ \S+ +holds/)
  expect(out).toMatch(/not what receipts give\.\n {2}npx datanet reward veto 0xb2/)
  expect(out).toMatch(/less than before\.\n {2}npx datanet reward refute 0xc3/)
  expect(Math.max(...out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  checks = []
  expect((await cli(peer, ['reward', 'check'])).out).toContain('No drop is in its delay')
})

test('the only one that can be refuted is, without being named', async () => {
  const { out, code } = await cli(peer, ['reward', 'refute'])
  expect([code, did]).toEqual([0, [['refute', shrunk.pool]]])
  expect(out).toContain('an account got less than before')
})

test('one curator’s word goes to the next in a file, until it is sent', async () => {
  const file = join(dir, 'veto.json')
  const words = ['reward', 'veto', '0xb2b2b2b2']
  const begun = await cli(peer, [...words, '--out', file], { columns: 200 })
  expect(begun.out).toMatch(/1 of 2 curators signed: nothing is sent yet[\s\S]*veto --with /)
  const kept = JSON.parse(readFileSync(file, 'utf8'))
  expect(kept).toEqual({ pool: wrong.pool, dropSeq: 3, root: ROOT, approvals: ['0x5150'] })
  const done = await cli(peer, ['reward', 'veto', '--with', file])
  expect(done.out).toMatch(/Drop 3 is ended: 2 of 2 curators signed\.\ntransaction 0x77/)
  expect(did).toEqual([
    ['veto', wrong.pool, []],
    ['veto', wrong.pool, ['0x5150']]
  ])
  // Of a wallet, from elsewhere.
  await cli(peer, [...words, '--signature', '0x0102'])
  expect(did.at(-1)).toEqual(['veto', wrong.pool, ['0x0102']])
})

test('a file of another drop, and one that is none, are refused', async () => {
  const file = join(dir, 'old.json')
  const old = { pool: wrong.pool, dropSeq: 2, root: ROOT, approvals: [] }
  for (const text of [JSON.stringify(old), '{}', 'veto it', '{"pool":"0x"}']) {
    writeFileSync(file, text)
    expect(await cli(peer, ['reward', 'veto', '--with', file])).toMatchObject({ code: 2 })
  }
  expect(did).toEqual([])
})

test('a drop that holds is vetoed only by who says so, and without a key it is told how', async () => {
  const words = ['reward', 'veto', '0xa1a1a1a1']
  expect(await cli(peer, words)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
  expect((await cli(peer, words, { answers: ['n'] })).out).toContain('Nothing was signed.')
  expect(did).toEqual([])
  curators = []
  expect((await cli(peer, [...words, '--yes'])).out).toContain('handed in by --signature')
  expect(did).toEqual([['veto', honest.pool, []]])
})

test('curators post for the only operator that was silent, with the document that they sign', async () => {
  const shown = await cli(peer, ['reward', 'silent'], { columns: 80 })
  expect(shown.out).toMatch(/0xa1a1a1…\S+ +3 DNC +1 DNC +from 2030/)
  expect(shown.out).toMatch(/0xc3c3c3…\S+ +3 DNC +1 DNC +now[\s\S]*reward post-silent 0xc3c3c3/)
  expect(Math.max(...shown.out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  const file = join(dir, 'post.json')
  const begun = await cli(peer, ['reward', 'post-silent', '--out', file], { columns: 200 })
  expect(begun.out).toMatch(/nothing is sent yet[\s\S]*reward post-silent --with /)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ document: 'ZHJvcA==' })
  const done = await cli(peer, ['reward', 'post-silent', '--with', file])
  expect(done.out).toMatch(/Drop 3 is posted, to claim from 1970/)
  expect(did.filter(([what]) => what === 'post')).toEqual([
    ['post', 'ZHJvcA=='],
    ['post', 'ZHJvcA==']
  ])
  // A veto is no drop.
  await cli(peer, ['reward', 'veto', '0xb2b2b2b2', '--out', file])
  expect(await cli(peer, ['reward', 'post-silent', '--with', file])).toMatchObject({ code: 2 })
})
