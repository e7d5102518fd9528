import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { refusal } from '../../api/problem.ts'

/** One file as a contribution: its title and its text. */
export interface TextFile {
  readonly file: string
  readonly title: string
  readonly text: string
}

const KINDS = new Set(['.md', '.markdown', '.txt'])

/**
 * The text and markdown files at `place`, a file or a folder with all below it, in the order of their
 * names; hidden ones are left out. Refuses a place without any (INPUT_INVALID).
 */
export function readTexts(place: string): readonly TextFile[] {
  const files = filesAt(place)
  if (files.length === 0) {
    const hint = `${place} holds no text or markdown file`
    throw refusal('INPUT_INVALID', { place }, { hint })
  }
  return files.map((file) => toText(file, readFileSync(file, 'utf8')))
}

/** The title is the first heading, or the name of the file in words. */
function toText(file: string, source: string): TextFile {
  const text = source.replace(/^\uFEFF/, '').replace(/^---\n[\s\S]*?\n---\n/, '')
  const heading = extname(file) === '.txt' ? null : /^#{1,6}\s+(.+?)\s*#*\s*$/m.exec(text)
  const name = basename(file, extname(file)).replace(/[-_]+/g, ' ').trim()
  const body = heading === null ? text : text.replace(heading[0], '')
  return { file, title: heading?.[1] ?? name, text: body.trim() }
}

function filesAt(place: string): string[] {
  let isFolder: boolean
  try {
    isFolder = statSync(place).isDirectory()
  } catch (cause) {
    throw refusal('INPUT_INVALID', { place }, { cause, hint: `${place} cannot be read` })
  }
  if (!isFolder) return [place]
  return readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(place, entry.name)
      if (entry.isDirectory()) return filesAt(path)
      return entry.isFile() && KINDS.has(extname(entry.name)) ? [path] : []
    })
}
