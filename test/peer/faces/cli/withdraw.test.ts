import { expect, test } from 'vitest'
import { BREAD, CURATOR, cli, OWN, scriptedPeer, widthOf } from './scripted-peer.ts'

const ONE = 'bafyreirowone'.padEnd(59, 'a')
const submissions = [ONE, 'bafyreirowtwo'.padEnd(59, 'a')].map((contribution) => ({
  ...{ contribution, datanet: BREAD.id, account: OWN, status: 'accepted' as const },
  ...{ order: 1, takenAtMs: 1_000, schema: 'text/1', title: 'Rye' }
}))

test('what was handed in here is named by its ends, and every host says what it did', async () => {
  const peer = scriptedPeer({ submissions } as object)
  const asked = ['contribution', 'withdraw', 'bafyreirowone', '--yes', '--reason', 'A mistake.']
  const { out, code } = await cli(peer, asked)
  expect(code).toBe(0)
  const draft = { datanet: BREAD.id, contribution: ONE, account: OWN, reason: 'A mistake.' }
  expect(peer.did).toEqual([['withdraw', draft]])
  expect(out).toMatch(/…hosthost +destroyed/)
  expect(out).toMatch(/…herother +not reached +PEER_UNREACHABLE: it hears of it from the others/)
  expect(out).toContain('bafyreitombstone')
  expect(widthOf(out)).toBeLessThanOrEqual(80)
})

test('nothing is destroyed that was not meant: without --yes, or by a name of several', async () => {
  const peer = scriptedPeer({ submissions } as object)
  const unsure = await cli(peer, ['contribution', 'withdraw', 'bafyreirowone'])
  expect(unsure.code).not.toBe(0)
  expect(unsure.err).toContain('--yes')
  const several = await cli(peer, ['contribution', 'withdraw', 'bafyreirow', '--yes'])
  expect(several.err).toContain('2 contributions fit')
  const none = await cli(peer, ['contribution', 'withdraw', 'bafyreinothing', '--yes'])
  expect(none.err).toContain('--datanet')
  expect(peer.did).toEqual([])
})

test('curators take down together: the next one is told what to run', async () => {
  const accounts = [
    { address: OWN, label: 'own' },
    { address: CURATOR, label: 'curator' }
  ]
  const peer = scriptedPeer({ accounts, submissions } as object)
  const asked = ['contribution', 'withdraw', ONE, '--datanet', 'bread', '--takedown', '--yes']
  const { out } = await cli(peer, asked)
  const draft = { datanet: BREAD.id, contribution: ONE, account: CURATOR, isTakedown: true }
  expect(peer.did).toEqual([['withdraw', draft]])
  expect(out).toContain('1 of 2 curators signed')
  expect(out).toContain('--takedown --proposal c2lnbmVk')
  const unasked = await cli(peer, [...asked.slice(0, -1), '--proposal', 'c2lnbmVk'])
  expect(unasked.err).toContain('--yes')
  await cli(peer, [...asked, '--proposal', 'c2lnbmVk'])
  expect(peer.did.at(-1)).toEqual(['withdraw', { ...draft, proposal: 'c2lnbmVk' }])
})
