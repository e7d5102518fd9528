import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { createTestWorld, type TestWorld } from '../fixtures/world.ts'
import { cli } from '../peer/faces/cli/scripted-peer.ts'
import { foundLooms } from '../peer/services/contribution/loom-drafts.ts'

let world: TestWorld
let host: Peer
let reader: Peer

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
  reader = await world.peer('reader')
})
afterAll(() => world?.stop())

const run = (peer: Peer, words: string[]) =>
  cli({ api: peer.api, contributed: [], did: [] }, [...words, '--json'])
const place = (name: string) => join(world.dirOf('.'), name)

test('a table that is imported, reviewed and published comes out of another peer as it was', async () => {
  const curator = (await host.api.accounts.create('curator')).address
  await foundLooms(
    host,
    { curator, topic: world.network.topic },
    { schemas: ['qa/1', 'file/1'], files: { mimes: ['text/csv'], maxBytes: 10_000 } }
  )
  await reader.api.datanets.find(world.topic)
  const questions = Array.from({ length: 40 }, (_, i) => ({
    prompt: `How many threads has cloth number ${i}?`,
    completion: `Cloth ${i} has ${i * 17 + 3} threads to the inch, “more or less”.`
  }))
  const lines = [
    ...questions,
    { prompt: 'Whom do I ask?', completion: 'Write to ann@weavers.co.uk about it.' },
    { prompt: 'And what then?', completion: 'buy '.repeat(40) },
    { prompt: 'Nothing?', completion: '' }
  ]
  const table = place('questions.jsonl')
  writeFileSync(table, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const report = place('report.jsonl')
  const given = await run(reader, ['import', table, '--report', report])
  expect(given.code).toBe(7)
  expect(JSON.parse(given.out.split('\n')[0] as string)).toMatchObject({
    records: 43,
    counts: { pending: 40, PERSONAL_DATA_FOUND: 1, SPAM_REFUSED: 1, INPUT_INVALID: 1 }
  })
  expect(readFileSync(report, 'utf8').trim().split('\n')).toHaveLength(3)
  // Once more gives nothing twice.
  const again = await run(reader, ['import', table])
  expect(again.out).toContain('"CONTRIBUTION_DUPLICATE":40')

  const cloths = place('cloths.csv')
  writeFileSync(cloths, 'cloth,threads\n1,20\n')
  const caption = ['--caption', 'Threads to the inch, by cloth.']
  const file = await run(host, ['contribute', '--file', cloths, ...caption])
  const { contribution } = JSON.parse(file.out.split('\n')[0] as string)

  expect((await run(host, ['review', '--approve-all'])).code).toBe(0)
  await host.api.datanets.publish((await host.api.datanets.list())[0]?.id as string)
  const out = place('rows.jsonl')
  const written = await run(reader, ['datanet', 'export', '--out', out])
  expect(JSON.parse(written.out)).toMatchObject({ rows: 41, ordinal: 1 })
  const rows = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const said = rows
    .filter(({ schema }) => schema === 'qa/1')
    .map(({ question, answer }) => ({ prompt: question, completion: answer }))
  expect(said.toSorted((a, b) => (a.prompt < b.prompt ? -1 : 1))).toEqual(
    questions.toSorted((a, b) => (a.prompt < b.prompt ? -1 : 1))
  )
  const chat = place('rows.chat.jsonl')
  const chatted = await run(reader, ['datanet', 'export', '--format', 'chat', '--out', chat])
  expect(JSON.parse(chatted.out)).toMatchObject({ rows: 40, left: 1 })

  // Each of them proves its own, offline.
  const [own] = await reader.api.datanets.submissions({ account: reader.account })
  const proof = place('proof.json')
  const asked = ['contribution', 'proof', own?.contribution as string, '--out', proof]
  const { anchor } = JSON.parse((await run(reader, asked)).out) as { anchor: string }
  const checked = await run(reader, ['contribution', 'verify', proof, '--anchor', anchor])
  expect(JSON.parse(checked.out)).toMatchObject({ isAnchorGiven: true, ordinal: 1, rows: 41 })

  // The file comes from its host to whoever has the revision.
  const copy = place('copy.csv')
  expect((await run(reader, ['contribution', 'file', contribution, '--out', copy])).code).toBe(0)
  expect(readFileSync(copy, 'utf8')).toBe(readFileSync(cloths, 'utf8'))
})
