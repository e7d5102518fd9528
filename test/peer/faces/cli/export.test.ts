import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import { testFolder } from '../../../fixtures/network.ts'
import { BREAD, cli, scriptedPeer } from './scripted-peer.ts'

const common = (order: number) => ({
  ...{ language: 'en', licence: 'CC-BY-4.0', author: 'Ann', contributor: '0xann' },
  ...{ origin: 'direct', createdAtMs: 1_700_000_000_000 + order, order }
})
const ROWS: Record<string, unknown>[] = [
  { id: 'a', schema: 'text/1', title: 'Rye', text: 'It is "dark",\nand rises.', ...common(1) },
  { id: 'b', schema: 'qa/1', question: 'How hot?', answer: '230', ...common(2), tags: ['oven'] },
  {
    ...{ id: 'c', schema: 'dialogue/1' },
    turns: [
      { role: 'user', text: 'Why?' },
      { role: 'assistant', text: 'So.' }
    ],
    ...common(3)
  },
  { id: 'd', schema: 'preference/1', question: 'q', answers: ['x', 'y'], better: 1, ...common(4) },
  { id: 'e', schema: 'preference/1', question: 'q', answer: 'bad', rating: 1, ...common(5) },
  { id: 'f', schema: 'file/1', file: 'bafy', mime: 'image/png', name: 'n', bytes: 9, ...common(6) }
]

async function exported(format: string, words: string[] = []) {
  const peer = scriptedPeer({ rows: ROWS })
  const out = join(testFolder(), `out.${format}`)
  const said = await cli(peer, ['datanet', 'export', '--format', format, '--out', out, ...words])
  return { ...said, file: out, peer }
}

test('JSONL is every row as it stands, from page to page', async () => {
  const { file, out, code, peer } = await exported('jsonl')
  expect(code).toBe(0)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(ROWS)
  expect(out).toContain('6 of 6 rows of revision 4')
  expect(peer.did.map(([, query]) => (query as { from?: number }).from)).toEqual([undefined, 2, 4])
})

test('CSV is read by others as the same values', async () => {
  const { file } = await exported('csv')
  const records = parse(readFileSync(file, 'utf8'), { columns: true }) as Record<string, string>[]
  expect(records).toHaveLength(6)
  expect(records[0]).toMatchObject({ id: 'a', text: 'It is "dark",\nand rises.', order: '1' })
  expect(JSON.parse(records[2]?.turns ?? '')).toEqual(ROWS[2]?.turns)
})

test('Parquet is read by others as the same values, with only the columns that are used', async () => {
  const { file } = await exported('parquet')
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) })
  expect(rows).toHaveLength(6)
  expect(rows[0]).toMatchObject({ id: 'a', title: 'Rye', order: 1n, question: null })
  expect(rows[3]).toMatchObject({ better: 1n, answers: '["x","y"]' })
  expect(rows[0]).not.toHaveProperty('wrong')
})

test('chat is what fine-tuning takes, with whose it is beside it, and nothing that was rated low', async () => {
  const { file, out } = await exported('chat')
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ messages }) => messages.at(-1).content)).toEqual([
    ...['It is "dark",\nand rises.', '230', 'So.', 'y']
  ])
  expect(lines[1]).toEqual({
    messages: [
      { role: 'user', content: 'How hot?' },
      { role: 'assistant', content: '230' }
    ]
  })
  const credits = readFileSync(`${file}.credits.jsonl`, 'utf8').trim().split('\n')
  expect(JSON.parse(credits[3] ?? '')).toMatchObject({ line: 4, id: 'd', author: 'Ann' })
  expect(out).toContain('4 of 6 rows of revision 4')
  expect(out).toContain('2 others did not fit')
})

test('filters are asked of the peer, and what it refuses leaves no file', async () => {
  const words = ['--origin', 'direct', '--licence', 'CC0-1.0', '--language', 'en', '--unique']
  const { peer } = await exported('jsonl', words)
  expect(peer.did[0]).toEqual([
    'rows',
    {
      ...{ datanet: BREAD.id, origins: ['direct'], licences: ['CC0-1.0'], languages: ['en'] },
      isUnique: true
    }
  ])
  const file = join(testFolder(), 'none.jsonl')
  const refusing = scriptedPeer({
    get rows(): never {
      throw new Error('never')
    }
  })
  expect((await cli(refusing, ['datanet', 'export', '--out', file])).code).not.toBe(0)
  expect(existsSync(file)).toBe(false)
  const nowhere = await cli(scriptedPeer({ rows: ROWS }), [
    ...['datanet', 'export', '--out', join(testFolder(), 'no', 'such', 'folder.jsonl')]
  ])
  expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('cannot be written')])
})
