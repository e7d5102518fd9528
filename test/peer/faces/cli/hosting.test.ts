import { expect, test } from 'vitest'
import { BREAD, cli, scriptedPeer } from './scripted-peer.ts'

test('hosting is begun and ended, and says what is here', async () => {
  const peer = scriptedPeer()
  expect((await cli(peer, ['datanet', 'host'])).out).toContain('the newest revision is 3')
  expect((await cli(peer, ['datanet', 'host', 'bread', '--stop'])).out).toContain('No more copies')
  expect(peer.did).toEqual([
    ['host', { datanet: BREAD.id, isOn: true }],
    ['host', { datanet: BREAD.id, isOn: false }]
  ])
  expect((await cli(peer, ['datanet', 'clean'])).out).toContain('12 blocks')
})

test('a Datanet is shown with what its hosts proved to keep', async () => {
  const word = { atMs: 1_000, isVerified: false }
  const replicas = [
    { ...word, peer: '12D3KooWfirstfirst', ordinal: 1, isVerified: true },
    { ...word, peer: '12D3KooWthirdthird', ordinal: 0, code: 'PEER_UNREACHABLE' },
    { ...word, peer: '12D3KooWliarliarliar', ordinal: 1 }
  ]
  const { out } = await cli(scriptedPeer({ replicas }), ['datanet', 'show'])
  expect(out).toMatch(/…rstfirst +1 +verified/)
  expect(out).toMatch(/…irdthird +PEER_UNREACHABLE/)
  expect(out).toMatch(/…liarliar +1 +not proven/)
  expect((await cli(scriptedPeer(), ['datanet', 'show'])).out).not.toContain('COPY')
})
