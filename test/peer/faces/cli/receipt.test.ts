import { expect, test } from 'vitest'
import type { EvidenceSummary } from '../../../../peer/api/money-api.ts'
import { explained } from '../../../../peer/faces/cli/receipt-words.ts'
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

test('what was checked and what could not be is said line by line, and more once the texts are here', async () => {
  const peer = scriptedPeer()
  const before = await cli(peer, ['receipt', 'verify'])
  expect(before.code).toBe(0)
  expect(before.out).toContain('✓ The signature is the provider’s')
  expect(before.out).toMatch(/– Whether the evidence .* is not recomputed: .*\s+.*--fetch/)
  const { out } = await cli(peer, ['receipt', 'verify', '--fetch'])
  expect(out).toContain('✓ The evidence is what the answer and the texts')
  expect(peer.did.map(([what]) => what)).toEqual(['verify', 'verify', 'fetch', 'verify'])
})

test('an answer is explained sentence by sentence within 80 columns', async () => {
  const account = `0x${'ab'.repeat(20)}`
  const contribution = 'bafyreihsnz24rz552k2zxbcrv7hmilfipsqdujfubabmkaeu5ieyjzjcha'
  const text = 'A rolling hitch grips a taut line without slipping while sailors shift the load.'
  const sentences = [
    {
      text: `${text} ${text}`,
      parts: [
        { basis: 'span', ppm: 900_000, contribution, account, title: 'Knots and what they hold' },
        { basis: 'retrieved', ppm: 60_000, contribution },
        { basis: 'unattributed', ppm: 40_000 }
      ]
    }
  ]
  const receipt = await scriptedPeer().api.receipts.list()
  const explanation = {
    ...{ receipt: receipt[0] as (typeof receipt)[0], question: 'What holds?', answer: text },
    sentences
  }
  const { out, code } = await cli(scriptedPeer({ explanation }), ['receipt', 'explain'])
  expect(code).toBe(0)
  expect(out).toContain('“What holds?”')
  expect(out).toMatch(/ 90 % {2}word by word: Knots and what they hold, bafyreih…jzjcha/)
  expect(out).toMatch(/ 4 % {2}nobody’s/)
  const lines = explained(explanation, 80).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
})
