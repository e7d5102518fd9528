import { expect, test } from 'vitest'
import type { EvidenceSummary } from '../../../../peer/api/money-api.ts'
import { cli, scriptedPeer } from './scripted-peer.ts'

const evidence = (fill: string, reportedWei?: bigint): EvidenceSummary => ({
  channelId: `0x${fill.repeat(32)}`,
  seq: 7,
  provider: '12D3KooWliarliarliarliar',
  receiptSigner: `0x${'99'.repeat(20)}`,
  callIds: ['01'.repeat(16), '02'.repeat(16)],
  foundAtMs: 1_800_000_000_000,
  ...(reportedWei === undefined ? {} : { reportedWei })
})
const one = evidence('a1')
const reported = evidence('b2', 5n * 10n ** 18n)

test('what providers signed twice is listed, and whether it was reported', async () => {
  const { out, code } = await cli(scriptedPeer({ evidence: [one, reported] }), [
    'receipt',
    'evidence'
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/0xa1a1.* 7 .*liarliar.*not yet/)
  expect(out).toMatch(/0xb2b2.*5 DNC/)
  expect((await cli(scriptedPeer(), ['receipt', 'evidence'])).out).toContain('No provider signed')
})

test('the only one that was not reported is reported without being named', async () => {
  const peer = scriptedPeer({ evidence: [reported, one] })
  const { out, code } = await cli(peer, ['receipt', 'report'])
  expect([code, peer.did]).toEqual([0, [['report', one.channelId]]])
  expect(out).toContain('lost its bond of 50 DNC')
  expect(out).toContain('5 DNC of it are yours')
})

test('of several the channel must be named, and of none it says that nothing was found', async () => {
  const peer = scriptedPeer({ evidence: [one, evidence('c3')] })
  expect((await cli(peer, ['receipt', 'report'])).err).toContain('2 channels fit')
  expect((await cli(peer, ['receipt', 'report', '0xc3c3c3c3'])).code).toBe(0)
  expect(peer.did).toEqual([['report', evidence('c3').channelId]])
  const { err, code } = await cli(scriptedPeer(), ['receipt', 'report'])
  expect(code).not.toBe(0)
  expect(err).toContain('as far as this peer saw')
})
