import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OwnContribution, Standing } from '../../../../peer/api/submissions-api.ts'
import { testFolder } from '../../../fixtures/network.ts'
import { vectors } from '../../../vector-cases.ts'
import { BREAD, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const [RYE, OATS] = ['rye', 'oats'].map((name) => `bafyrei${name.repeat(12)}`.slice(0, 40)) as [
  string,
  string
]
const own = (contribution: string, order: number): OwnContribution => ({
  ...{ contribution, datanet: BREAD.id, account: OWN, status: 'pending', order },
  ...{ takenAtMs: Date.UTC(2026, 10, 21, 9, order), schema: 'text/1', title: `About ${order}` }
})
const stands = (contribution: string, change: Partial<Standing>): Standing => ({
  ...{ contribution, status: 'pending', order: 1, takenAtMs: 1, revision: 0, reasons: [] },
  ...change
})
const SUBMISSIONS = [own(RYE, 1), own(OATS, 2)]

test('what was handed in is listed, or it is said how to', async () => {
  const { out, code } = await cli(scriptedPeer({ submissions: SUBMISSIONS }), [
    'contribution',
    'list'
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/About 1 +text\/1 +pending +2026-11-21 09:01/)
  const none = await cli(scriptedPeer({ submissions: [] }), ['contribution', 'list'])
  expect(none.out).toContain('npx datanet contribute <file-or-folder>')
})

test('hosts are asked once for all, and say where each stands and why', async () => {
  const standings = [
    stands(RYE, { status: 'accepted', revision: 3 }),
    stands(OATS, { status: 'rejected', reasons: ['Known already.'], cluster: RYE })
  ]
  const peer = scriptedPeer({ submissions: SUBMISSIONS, standings })
  const { out } = await cli(peer, ['contribution', 'status'])
  expect(out).toMatch(/About 1 +accepted +revision 3/)
  expect(out).toMatch(/About 2 +rejected, near-duplicate +Known already\./)
  expect(peer.did).toEqual([['standing', { datanet: BREAD.id, account: OWN }]])
  const one = await cli(peer, ['contribution', 'status', OATS.slice(0, 12), '--json'])
  expect(JSON.parse(one.out)).toMatchObject({ contribution: OATS, status: 'rejected' })
})

test('what waits for a host, or was refused by one, is said without asking', async () => {
  const waits = { takenAtMs: 0, status: 'queued', code: 'PEER_UNREACHABLE' } as const
  const refused = { takenAtMs: 0, status: 'refused', code: 'CONTRIBUTION_DUPLICATE' } as const
  const submissions = [
    { ...own(RYE, 0), ...waits, title: 'About rye' },
    { ...own(OATS, 0), ...refused, title: 'About oats' }
  ]
  const peer = scriptedPeer({ submissions })
  const { out } = await cli(peer, ['contribution', 'list'])
  expect(out).toMatch(/About rye +text\/1 +queued +PEER_UNREACHABLE/)
  const { out: stood } = await cli(peer, ['contribution', 'status'])
  expect(stood).toMatch(/About oats +refused +CONTRIBUTION_DUPLICATE/)
  expect(peer.did).toEqual([])
})

test('one of them is shown whole, and of what is not known it is said so', async () => {
  const peer = scriptedPeer({ submissions: SUBMISSIONS })
  const { out } = await cli(peer, ['contribution', 'show', RYE.slice(0, 12)])
  expect(out).toMatch(/^text +Rise\.$/m)
  expect(out).toMatch(/^by +12D3KooWhost, which signed for it$/m)
  const other = await cli(peer, ['contribution', 'show', 'bafyreinothing'])
  expect([other.code, other.err]).toEqual([4, expect.stringContaining('CONTRIBUTION_UNKNOWN')])
})

test('a proof is checked without a peer, and says what is left to look at', async () => {
  const proof = { ...vectors('04-inclusion'), chainKey: '0xkey' }
  const file = join(testFolder(), 'proof.json')
  const signed = Buffer.from(vectors('04-contribution').valid[0].bytes, 'hex').toString('base64')
  const write = (bytes: string) =>
    writeFileSync(
      file,
      JSON.stringify({ ...proof, signed, proof: Buffer.from(bytes, 'hex').toString('base64') })
    )
  write(proof.valid[0].bytes)
  // It is the proof of another contribution.
  const other = await cli(unconnected(), ['contribution', 'verify', file])
  expect([other.code, other.err]).toEqual([
    expect.any(Number),
    expect.stringContaining('CID_MISMATCH')
  ])
  writeFileSync(file, 'nothing')
  const none = await cli(unconnected(), ['contribution', 'verify', file])
  expect(none.err).toContain('is no proof of a contribution')
})

/** A peer that fails whoever talks to it. */
function unconnected() {
  const peer = scriptedPeer()
  const api = new Proxy(peer.api, {
    get() {
      throw new Error('it needs no peer')
    }
  })
  return { ...peer, api }
}
