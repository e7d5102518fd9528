import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { testFolder } from '../../../fixtures/network.ts'
import { cli, scriptedPeer } from './scripted-peer.ts'

function file(name: string, content: string): string {
  const path = join(testFolder(), name)
  writeFileSync(path, content)
  return path
}

test('a CSV is imported by the names of its columns, with quotes, separators and a mark at its head', async () => {
  const table = file(
    'a.csv',
    '\uFEFFTitle,Body,License,Tags,extra\r\n"Rye, dark","It is ""dark"".\nVery.",CC0-1.0,"grain; flour",1\r\nOats,They are light.,,,\r\n'
  )
  const peer = scriptedPeer()
  const { out, code } = await cli(peer, ['import', table, '--language', 'de'])
  expect(code).toBe(0)
  expect(peer.contributed).toMatchObject([
    {
      ...{ schema: 'text/1', content: { title: 'Rye, dark', text: 'It is "dark".\nVery.' } },
      ...{ licence: 'CC0-1.0', tags: ['grain', 'flour'], language: 'de' }
    },
    { content: { title: 'Oats', text: 'They are light.' }, licence: 'CC0-1.0' }
  ])
  expect(out).toMatch(/pending +2/)
})

test.each<[string, string, string, string[], string, Record<string, unknown>]>([
  [
    'questions in a JSONL of instructions',
    'q.jsonl',
    '{"instruction":"How hot?","output":"230","x":1}\n\n',
    [],
    'qa/1',
    { question: 'How hot?', answer: '230' }
  ],
  [
    'chats as models take them, without what a system was told',
    'c.jsonl',
    '{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Why salt?"},{"role":"assistant","content":"Taste."}]}',
    [],
    'dialogue/1',
    {
      turns: [
        { role: 'user', text: 'Why salt?' },
        { role: 'assistant', text: 'Taste.' }
      ]
    }
  ],
  [
    'chats of other names',
    'd.json',
    '[{"conversations":[{"from":"human","value":"Why?"},{"from":"gpt","value":"So."}]}]',
    [],
    'dialogue/1',
    {
      turns: [
        { role: 'user', text: 'Why?' },
        { role: 'assistant', text: 'So.' }
      ]
    }
  ],
  [
    'labels of a TSV',
    'l.tsv',
    'text\tlabel\nBurnt!\tbad\n',
    [],
    'label/1',
    { text: 'Burnt!', label: 'bad' }
  ],
  [
    'preferences by a mapping, from places inside',
    'p.json',
    '[{"prompt":"How hot?","a":{"said":"90"},"b":"230","pick":"1"}]',
    ['--schema', 'preference/1', '--map', 'answers=a.said|b,better=pick'],
    'preference/1',
    { question: 'How hot?', answers: ['90', '230'], better: 1 }
  ],
  [
    'texts of several columns',
    't.csv',
    'name;intro;rest\nRye;It is dark.;It rises slowly.\n',
    ['--map', 'text=intro|rest'],
    'text/1',
    { title: 'Rye', text: 'It is dark.\n\nIt rises slowly.' }
  ],
  [
    'texts without a title',
    'u.jsonl',
    '{"text":"Rye is dark. It rises slowly."}',
    [],
    'text/1',
    { title: 'Rye is dark.', text: 'Rye is dark. It rises slowly.' }
  ]
])('imports %s', async (_, name, content, words, schema, expected) => {
  const peer = scriptedPeer()
  const { code } = await cli(peer, ['import', file(name, content), ...words])
  expect(code).toBe(0)
  expect(peer.contributed.map((one) => [one.schema, one.content])).toEqual([[schema, expected]])
})

test('what was refused is told with its reason and its place, all of it in the report', async () => {
  const lines = Array.from({ length: 12 }, (_, i) => `t${i},${i < 10 ? 'bad' : 'good'} ${i}`)
  const table = file('many.csv', `title,text\n${lines.join('\n')}\nheld,held\nblank,\n`)
  const report = join(testFolder(), 'report.jsonl')
  const refuse = ({ content: { text } }: { content: Record<string, unknown> }) => {
    if (text === 'held') throw new DatanetError('CONTRIBUTION_DUPLICATE', {})
    if (`${text}`.startsWith('bad')) throw new DatanetError('SPAM_REFUSED', {}, { hint: 'why' })
  }
  const peer = scriptedPeer({ refuse })
  const { out, code, err } = await cli(peer, ['import', table, '--report', report])
  expect([code, peer.contributed.length]).toEqual([7, 2])
  expect(out).toMatch(/SPAM_REFUSED +10\n/)
  expect(out).toMatch(/CONTRIBUTION_DUPLICATE +1\n/)
  expect(out).toContain('many.csv:2: the contribution looks like noise')
  expect(out).toContain('… and 3 more')
  expect(err).toContain('11 of 14 were not taken')
  const told = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(told).toHaveLength(11)
  expect(told[0]).toMatchObject({ code: 'INPUT_INVALID', why: expect.stringContaining('no text') })
})

test('a dry run says what there is to say and gives nothing', async () => {
  const table = file('dry.csv', 'title,text\na,fine\nb,bad\n')
  const peer = scriptedPeer({
    check: ({ content: { text } }) =>
      text === 'bad'
        ? [{ code: 'SPAM_REFUSED', kind: 'words', isRefused: true, text: 'most of its words' }]
        : []
  })
  const { out, code } = await cli(peer, ['import', table, '--dry-run'])
  expect([code, peer.contributed]).toEqual([7, []])
  expect(out).toMatch(/fit +1/)
  expect(out).toContain('most of its words')
})

test('a folder is imported table by table, or text by text, and what is no table is said to be none', async () => {
  const folder = join(testFolder(), 'tables')
  mkdirSync(join(folder, 'inner'), { recursive: true })
  writeFileSync(join(folder, 'a.csv'), 'title,text\na,one\n')
  writeFileSync(join(folder, 'inner', 'b.jsonl'), '{"question":"q","answer":"a"}\n')
  const peer = scriptedPeer()
  expect((await cli(peer, ['import', folder])).code).toBe(0)
  expect(peer.contributed.map(({ schema }) => schema)).toEqual(['text/1', 'qa/1'])
  const texts = join(testFolder(), 'texts')
  mkdirSync(texts, { recursive: true })
  writeFileSync(join(texts, 'rye.md'), '# Rye\n\nDark.')
  expect((await cli(peer, ['import', texts])).code).toBe(0)
  expect(peer.contributed.at(-1)?.content).toEqual({ title: 'Rye', text: 'Dark.' })
  for (const [name, content, why] of [
    ['x.json', '{"a":1}', 'is no list'],
    ['x.jsonl', 'nothing', 'is no JSON'],
    ['x.csv', 'a,b\n1,2\n', 'say which columns to read'],
    ['y.csv', 'a,b\n"1,2\n', 'is no CSV']
  ] as const) {
    const { code, err } = await cli(peer, ['import', file(name, content)])
    expect([code, err]).toEqual([2, expect.stringContaining(why)])
  }
})
