import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { BREAD, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'datanet-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function filesIn(name: string, files: Record<string, string>): string {
  const dir = join(folder, name)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(dir, file, '..'), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  return dir
}

describe('contribute', () => {
  test('hands in each text and markdown file below a folder, titled by heading or file name', async () => {
    const peer = scriptedPeer()
    const dir = filesIn('notes', {
      'a-first.md': '---\nlayout: x\n---\n# Kneading #\n\nTen minutes.\n\n## More\n',
      'b/second_thought.txt': '# no heading in plain text',
      'c.png': 'not text',
      '.hidden.md': 'not this'
    })
    const { out, code } = await cli(peer, ['contribute', dir, '--datanet', 'bread'])
    expect(code).toBe(0)
    expect(peer.contributed).toMatchObject([
      {
        content: { title: 'Kneading', text: 'Ten minutes.\n\n## More' },
        ...{ schema: 'text/1', licence: 'CC0-1.0', account: OWN }
      },
      {
        content: { title: 'second thought', text: '# no heading in plain text' },
        datanet: BREAD.id
      }
    ])
    expect(out).toContain('“Bread” took 2 of 2')
  })

  test('goes on after a file that is held already or refused, and fails for the refused', async () => {
    const dir = filesIn('mixed', { 'a.md': 'known', 'b.md': 'bad', 'c.md': 'good' })
    const peer = scriptedPeer({
      refuse({ content: { text } }) {
        if (text === 'known') throw new DatanetError('CONTRIBUTION_DUPLICATE', {})
        if (text === 'bad') throw new DatanetError('CONTRIBUTION_INVALID', {})
      }
    })
    const { out, code } = await cli(peer, ['contribute', dir, '--json'])
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ status, error }) => status ?? error.code)).toEqual([
      'CONTRIBUTION_DUPLICATE',
      'CONTRIBUTION_INVALID',
      'pending',
      'DONE_IN_PART'
    ])
    expect(code).toBe(7)
    const { out: said } = await cli(peer, ['contribute', dir])
    expect(said).toMatch(/^\S+b\.md: the contribution breaks a rule of the Datanet$/m)
  })

  test('skips what cannot be a text, says why, and is done when the rest was taken', async () => {
    const files = { 'a.md': '', 'b.md': 'x'.repeat(70_000), 'c.txt': '\0\xff' }
    const dir = filesIn('skipped', { ...files, 'd.md': 'good' })
    const { out, code } = await cli(scriptedPeer(), ['contribute', dir])
    expect(code).toBe(0)
    expect(out).toContain('“Bread” took 1 of 4')
    for (const why of ['a.md: empty', 'b.md: longer than 65536 characters', 'c.txt: not text']) {
      expect(out).toContain(why)
    }
    expect(await cli(scriptedPeer(), ['contribute', filesIn('none', files)])).toMatchObject({
      code: 7
    })
  })

  test('a file that changed is added beside its older text only when a person says so', async () => {
    const dataDir = filesIn('data-dir', { 'config.json': '{}' })
    const peer = scriptedPeer()
    const contribute = (text: string, words: string[] = [], answers?: string[]) =>
      cli(peer, ['contribute', filesIn('edited', { 'a.md': text }), ...words], {
        dataDir,
        ...(answers === undefined ? {} : { answers })
      })
    expect((await contribute('The oven is at 220.')).code).toBe(0)
    const edited = await contribute('The oven is at 200.')
    expect(edited.code).toBe(7)
    expect(edited.out).toMatch(/a\.md: changed since it was handed in\. Its older text stays/)
    expect((await contribute('The oven is at 200.', [], ['n'])).code).toBe(0)
    expect(peer.contributed).toHaveLength(1)
    expect((await contribute('The oven is at 200.', [], ['y'])).out).toContain('a.md changed since')
    expect((await contribute('The oven is at 180.', ['--yes'])).code).toBe(0)
    // What stood there once is there still, and is nothing new.
    expect((await contribute('The oven is at 220.')).code).toBe(0)
    expect(peer.contributed.map(({ content }) => `${content.text}`.slice(-4))).toEqual([
      ...['220.', '200.', '180.', '220.']
    ])
  })

  test.each<[string, string[], string, Record<string, unknown>]>([
    [
      'a question and its answer',
      ['--question', 'How hot?', '--answer', '230 degrees'],
      'qa/1',
      { question: 'How hot?', answer: '230 degrees' }
    ],
    [
      'a text',
      ['--text', 'Knead it well.'],
      'text/1',
      { title: 'Knead it well.', text: 'Knead it well.' }
    ],
    [
      'a dialogue',
      ['--turn', 'user: Why salt?', '--turn', 'assistant: For taste.'],
      'dialogue/1',
      {
        turns: [
          { role: 'user', text: 'Why salt?' },
          { role: 'assistant', text: 'For taste.' }
        ]
      }
    ],
    [
      'a label',
      ['--text', 'Burnt again!', '--label', 'bad', '--labels', 'good, bad'],
      'label/1',
      { text: 'Burnt again!', label: 'bad', labels: ['good', 'bad'] }
    ],
    [
      'a correction of an answer',
      ['--correct', 'AB'.repeat(16), '--wrong', '90', '--right', '230'],
      'correction/1',
      { of: { receipt: 'ab'.repeat(16) }, wrong: '90', right: '230' }
    ],
    [
      'a preference',
      ['--question', 'How hot?', '--answer', '90', '--answer', '230', '--better', '2'],
      'preference/1',
      { question: 'How hot?', answers: ['90', '230'], better: 1 }
    ],
    [
      'a rating',
      ['--question', 'How hot?', '--answer', '90', '--rating', '1', '--reason', 'Too cold'],
      'preference/1',
      { question: 'How hot?', answer: '90', rating: 1, reason: 'Too cold' }
    ]
  ])('hands in %s as it is typed', async (_, words, schema, content) => {
    const peer = scriptedPeer()
    const { code, out } = await cli(peer, ['contribute', ...words, '--tags', 'oven, heat'])
    expect(code).toBe(0)
    expect(out).toContain('took 1 of 1')
    expect(peer.contributed).toMatchObject([{ schema, content, tags: ['oven', 'heat'] }])
  })

  test('hands in a file with its bytes', async () => {
    const dir = filesIn('bytes', { 'oven.txt': 'It is hot.' })
    const peer = scriptedPeer()
    const words = ['--file', join(dir, 'oven.txt'), '--caption', 'Careful', '--mime', 'text/plain']
    expect((await cli(peer, ['contribute', ...words])).code).toBe(0)
    const data = Buffer.from('It is hot.').toString('base64')
    const content = { name: 'oven.txt', mime: 'text/plain', caption: 'Careful', data }
    expect(peer.contributed).toMatchObject([{ schema: 'file/1', content }])
    const none = await cli(peer, ['contribute', '--file', join(dir, 'none.txt')])
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('cannot be read')])
  })

  test('hands in the items of a JSONL file, whatever their kinds', async () => {
    const lines = [
      { schema: 'qa/1', content: { question: 'a', answer: 'b' }, language: 'de' },
      { id: 'x', schema: 'text/1', title: 'T', text: 't', order: 3, signed: 'z', licence: 'MIT' }
    ]
    const dir = filesIn('items', {
      'all.jsonl': `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
      'bad.jsonl': '{"schema":"qa/1"}\nnot json\n'
    })
    const peer = scriptedPeer()
    expect((await cli(peer, ['contribute', join(dir, 'all.jsonl')])).code).toBe(0)
    expect(peer.contributed).toMatchObject([
      { schema: 'qa/1', content: { question: 'a', answer: 'b' }, language: 'de' },
      { schema: 'text/1', content: { title: 'T', text: 't' }, licence: 'MIT', language: 'en' }
    ])
    expect(peer.contributed[1]?.content).toEqual({ title: 'T', text: 't' })
    const bad = await cli(scriptedPeer(), ['contribute', join(dir, 'bad.jsonl')])
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('bad.jsonl:2 is no item')])
  })

  test('gives what looks like personal data only when its person says so', async () => {
    const dir = filesIn('personal', { 'a.md': 'Write to ann.' })
    const refuse = ({ allowPersonalData }: { allowPersonalData?: boolean }) => {
      if (allowPersonalData === true) return
      const hint = 'text, line 1: what looks like an email address (ann…uk)'
      throw new DatanetError('PERSONAL_DATA_FOUND', {}, { hint })
    }
    const peer = scriptedPeer({ refuse })
    const alone = await cli(peer, ['contribute', dir])
    expect([alone.code, peer.contributed]).toEqual([7, []])
    expect(alone.out).toContain('an email address (ann…uk)')
    expect(alone.out).toContain('--allow-personal-data')
    expect((await cli(peer, ['contribute', dir], { answers: ['n'] })).code).toBe(0)
    expect(peer.contributed).toEqual([])
    const asked = await cli(peer, ['contribute', dir], { answers: ['y'] })
    expect(asked.out).toContain('line 1: what looks like an email address')
    expect((await cli(peer, ['contribute', dir, '--allow-personal-data'])).code).toBe(0)
    expect(peer.contributed).toHaveLength(2)
  })

  test('asks for one where nothing was named, and tries no more once the account has given enough', async () => {
    const peer = scriptedPeer()
    const { code } = await cli(peer, ['contribute'], { answers: ['Rye', 'It is dark.'] })
    expect([code, peer.contributed]).toMatchObject([0, [{ content: { title: 'Rye' } }]])
    expect((await cli(scriptedPeer(), ['contribute'])).code).toBe(2)
    let asked = 0
    const full = scriptedPeer({
      refuse() {
        asked += 1
        throw new DatanetError('INTAKE_LIMIT', {})
      }
    })
    const dir = filesIn('many', { 'a.md': 'a', 'b.md': 'b', 'c.md': 'c' })
    const said = await cli(full, ['contribute', dir])
    expect([said.code, asked]).toEqual([7, 1])
  })

  test('stops at once where the host cannot be reached', async () => {
    const dir = filesIn('gone', { 'a.md': 'one', 'b.md': 'two' })
    let tries = 0
    const peer = scriptedPeer({
      refuse() {
        tries += 1
        throw new DatanetError('PEER_UNREACHABLE', {})
      }
    })
    expect(await cli(peer, ['contribute', dir])).toMatchObject({ code: 3 })
    expect(tries).toBe(1)
  })

  test('wants to be told a licence where there is a choice', async () => {
    const peer = scriptedPeer({ datanets: [{ ...BREAD, licences: ['CC0-1.0', 'CC-BY-4.0'] }] })
    const dir = filesIn('licence', { 'a.md': 'text' })
    const refused = await cli(peer, ['contribute', dir])
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--licence') })
    await cli(peer, ['contribute', dir, '--licence', 'CC-BY-4.0'])
    expect(peer.contributed).toMatchObject([{ licence: 'CC-BY-4.0' }])
  })
})
