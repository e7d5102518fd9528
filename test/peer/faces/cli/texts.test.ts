import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { MAX_TEXT_BYTES, readTexts } from '../../../../peer/faces/cli/texts.ts'
import { LIMITS } from '../../../../protocol/base/limits.ts'
import { testFolder } from '../../../fixtures/network.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const dir = testFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
  return dir
}

const titles = (dir: string) => readTexts(dir).texts.map(({ title }) => title)

test('links, hidden files, installed packages and other kinds of file stay where they are', () => {
  const outside = folder({ 'secret.md': 'not meant', 'deep/key.txt': 'not meant' })
  const dir = folder({
    'a.md': 'one',
    'B.TXT': 'two',
    '.git/notes.md': 'no',
    'node_modules/left-pad/README.md': 'no',
    'docs/node_modules/x/readme.md': 'no',
    'photo.png': 'no'
  })
  symlinkSync(join(outside, 'secret.md'), join(dir, 'link.md'))
  symlinkSync(outside, join(dir, 'linked'))
  symlinkSync(dir, join(dir, 'circle'))
  expect(titles(dir)).toEqual(['B', 'a'])
})

test('what cannot be one contribution is named with the reason, and keeps nothing back', () => {
  const dir = folder({
    'a.md': 'a text',
    'binary.md': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1),
    'empty.md': '# Only a heading\n',
    'full.md': `# Full\n\n${'x'.repeat(MAX_TEXT_BYTES)}`,
    'latin.txt': Uint8Array.of(0x4d, 0xfc, 0x6e),
    'long.md': 'y'.repeat(MAX_TEXT_BYTES + 1),
    'longer.txt': 'z'.repeat(20 * MAX_TEXT_BYTES)
  })
  const { texts, others } = readTexts(dir)
  expect(texts.map(({ title }) => title)).toEqual(['a', 'Full'])
  expect(others.map(({ file, why }) => [file.slice(dir.length + 1), why])).toEqual([
    ['binary.md', 'not text'],
    ['empty.md', 'empty'],
    ['latin.txt', 'not text'],
    ['long.md', 'longer than 65536 characters'],
    ['longer.txt', 'longer than 65536 characters']
  ])
  expect(MAX_TEXT_BYTES).toBe(LIMITS.contributionTextBytes)
})

test('a title is a heading on one line that fits, or the name of the file', () => {
  const dir = folder({
    'a.md': '---\r\nlayout: x\r\n---\r\n\r\n## Over Windows ##\r\n\r\nText.\r\n',
    'b-c.md': `# ${'long '.repeat(60)}\n\nText.`,
    'd.md': '#\n\nNot a title.',
    'e.md': '# About C#\n\nText with $& in it.',
    'f.md': '# $& and $1\n\nText.'
  })
  expect(titles(dir)).toEqual(['Over Windows', 'b c', 'd', 'About C#', '$& and $1'])
  const [, long, none] = readTexts(dir).texts
  expect(long?.text).toMatch(/^# long/)
  expect(none?.text).toBe('#\n\nNot a title.')
})

test('a heading of spaces and hashes without end costs no time', () => {
  const dir = folder({ 'a.md': `# x${' '.repeat(30_000)}${'# '.repeat(15_000)}y\n\nText.` })
  const startedMs = performance.now()
  expect(titles(dir)).toEqual(['a'])
  expect(performance.now() - startedMs).toBeLessThan(2_000)
})

test('a place that is not there, is empty or is closed is refused', async () => {
  expect(await refusal(() => readTexts(join(testFolder(), 'none')))).toBe('INPUT_INVALID')
  expect(await refusal(() => readTexts(testFolder()))).toBe('INPUT_INVALID')
  expect(await refusal(() => readTexts(folder({ 'a.png': '' })))).toBe('INPUT_INVALID')
  if (process.getuid?.() === 0) return
  const dir = folder({ 'a.md': 'text', 'closed.md': 'text', 'in/b.md': 'text' })
  chmodSync(join(dir, 'closed.md'), 0)
  expect(readTexts(dir).others).toMatchObject([{ why: 'cannot be read' }])
  chmodSync(join(dir, 'in'), 0)
  expect(await refusal(() => readTexts(dir))).toBe('INPUT_INVALID')
  chmodSync(join(dir, 'in'), 0o700)
})
