import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The pages of specs/ by file name. */
export const PAGES = new Map(
  readdirSync('specs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, readFileSync(join('specs', name), 'utf8')])
)

/** The page whose name begins with `number`. */
export function page(number: string): string {
  const [, words] = [...PAGES].find(([name]) => name.startsWith(number)) ?? []
  return words ?? ''
}

/** The part of a page under the heading `title`, to the next heading of any level. */
export function section(words: string, title: string): string {
  const [, after] = words.split(new RegExp(`^#+ ${title}$`, 'm'))
  if (after === undefined) throw new Error(`no section ${title}`)
  return after.split(/^#+ /m)[0] ?? ''
}

/** The cells of the table rows in `words`, without backquotes; heads and rules left out. */
export function rows(words: string): string[][] {
  const lines = words.split('\n').filter((line) => line.startsWith('|'))
  return lines
    .filter((_, i) => !(lines[i + 1] ?? '').startsWith('| ---'))
    .filter((line) => !line.startsWith('| ---'))
    .map((line) =>
      line.split(' | ').map((cell) =>
        cell
          .replace(/^\| ?| ?\|$/g, '')
          .replaceAll('`', '')
          .trim()
      )
    )
}

/** Every requirement of every page. */
export function requirements() {
  return [...PAGES].flatMap(([name, words]) =>
    rows(words)
      .filter(([id]) => /^[A-Z]+-[WR]\d+$/.test(id ?? ''))
      .map(([id, rule, code, vectors]) => ({ name, id, rule, code, vectors: vectors ?? '' }))
  )
}

/** The files under `folder` whose names match `ends`. */
export function sources(folder: string, ends: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ends.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}
