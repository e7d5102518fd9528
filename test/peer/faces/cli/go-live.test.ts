import { expect, test } from 'vitest'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { goLive } from '../../../../peer/faces/cli/go-live.ts'
import { createPrint } from '../../../../peer/faces/cli/print.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { BREAD, CURATOR, OWN, scriptedPeer } from './scripted-peer.ts'

const STRANGER = `0x${'e3'.repeat(20)}`
const TEXT = { file: 'rye.md', title: 'Rye', text: 'About rye.' }

test('who handed in the same words first is not approved in their owner’s place', async () => {
  const peer = scriptedPeer({ accounts: [{ address: CURATOR, label: 'curator' }] })
  const waiting = [STRANGER, OWN].map((contributor, index) => ({
    ...TEXT,
    contribution: `bafyreirow${index}`,
    contributor,
    ...{ schema: 'text/1', content: { title: TEXT.title, text: TEXT.text }, language: 'en' },
    licence: 'CC0-1.0',
    origin: 'direct' as const,
    ...{ order: index + 1, findings: [] }
  }))
  const datanets: PeerApi['datanets'] = {
    ...peer.api.datanets,
    pending: async ({ after = 0 }) => waiting.filter(({ order }) => order > after),
    async publish(id) {
      throw new DatanetError('NOTHING_TO_PUBLISH', { id })
    }
  }
  const sink = { write: () => {} }
  const print = createPrint({ isJson: false, out: sink, err: sink })
  const { signal } = new AbortController()
  const api = { ...peer.api, datanets }
  await goLive({ api, datanet: BREAD, account: OWN, print, signal }, [
    { schema: 'text/1', content: { title: TEXT.title, text: TEXT.text } }
  ])
  expect(peer.did).toMatchObject([['review', { contribution: 'bafyreirow1', account: CURATOR }]])
})
