import { isUtf8 } from 'node:buffer'
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { refusal } from '../../api/problem.ts'

/** One file as a contribution: its title and its text. */
export interface TextFile {
  readonly file: string
  readonly title: string
  readonly text: string
}

/** A file that cannot be one contribution, and why, in words. */
export interface OtherFile {
  readonly file: string
  readonly why: string
}

/** What was found at a place. */
export interface FoundTexts {
  readonly texts: readonly TextFile[]
  readonly others: readonly OtherFile[]
}

/** What a contribution holds at most. specs/02-encoding.md contributionTextBytes */
export const MAX_TEXT_BYTES = 65_536
const MAX_TITLE_BYTES = 256
/** Above this a file is not even read, whatever of it is no text of the contribution. */
const MAX_FILE_BYTES = 16 * MAX_TEXT_BYTES
const KINDS = new Set(['.md', '.markdown', '.txt'])
/** Other people's texts, which nobody means by a folder of their own. */
const FOREIGN = new Set(['node_modules'])

/**
 * The text and markdown files at `place`, a file or a folder with all below it, in the order of their
 * names; hidden ones, links and installed packages are left out. Refuses a place without any, and one
 * that cannot be read (INPUT_INVALID).
 */
export function readTexts(place: string): FoundTexts {
  const files = filesAt(place)
  if (files.length === 0) {
    const hint = `${place} holds no text or markdown file`
    throw refusal('INPUT_INVALID', { place }, { hint })
  }
  const found = files.map(readText)
  return {
    texts: found.filter((one): one is TextFile => 'text' in one),
    others: found.filter((one): one is OtherFile => 'why' in one)
  }
}

function readText(file: string): TextFile | OtherFile {
  const tooLong = { file, why: `longer than ${MAX_TEXT_BYTES} characters` }
  let bytes: Buffer
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return tooLong
    bytes = readFileSync(file)
  } catch {
    return { file, why: 'cannot be read' }
  }
  if (!isUtf8(bytes) || bytes.includes(0)) return { file, why: 'not text' }
  const found = toText(file, bytes.toString())
  if (found.text === '') return { file, why: 'empty' }
  return Buffer.byteLength(found.text) > MAX_TEXT_BYTES ? tooLong : found
}

/** The title is the first heading that can be one, or the name of the file in words. */
function toText(file: string, source: string): TextFile {
  const text = source.replace(/^\uFEFF/, '').replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '')
  const heading = extname(file) === '.txt' ? null : /^#{1,6}[ \t]+(\S.*)$/m.exec(text)
  const [line = '', words = ''] = heading ?? []
  const title = words
    .trimEnd()
    .replace(/(?<=[ \t])#+$/, '')
    .trimEnd()
  if (title !== '' && Buffer.byteLength(title) <= MAX_TITLE_BYTES) {
    return { file, title, text: text.replace(line, '').trim() }
  }
  const name = basename(file, extname(file)).replace(/[-_]+/g, ' ').trim()
  return { file, title: name, text: text.trim() }
}

function filesAt(place: string): string[] {
  const entries = entriesOf(place)
  if (entries === undefined) return [place]
  return entries
    .filter(({ name }) => !name.startsWith('.') && !FOREIGN.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(place, entry.name)
      if (entry.isDirectory()) return filesAt(path)
      return entry.isFile() && KINDS.has(extname(entry.name).toLowerCase()) ? [path] : []
    })
}

/** What a folder holds; undefined for a file. */
function entriesOf(place: string): Dirent[] | undefined {
  try {
    return statSync(place).isDirectory() ? readdirSync(place, { withFileTypes: true }) : undefined
  } catch (cause) {
    throw refusal('INPUT_INVALID', { place }, { cause, hint: `${place} cannot be read` })
  }
}
