import { stripVTControlCharacters } from 'node:util'

/** Longer lines are hard to read, however wide the terminal is. */
const MAX_COLUMNS = 98
const MIN_COLUMNS = 40

/** Columns of a line: what the terminal has, so that it breaks none of its own accord. */
function lineColumns(): number {
  const { columns: terminal = MAX_COLUMNS } = process.stdout
  return Math.max(MIN_COLUMNS, Math.min(terminal - 2, MAX_COLUMNS))
}

/**
 * `text` in lines that fit, at most 98 columns, control codes not counted, each after `indent`; `first`
 * stands in place of the first one's. A word longer than a line is not broken.
 */
export function paragraph(text: string, indent = '  ', first = indent): string {
  const width = lineColumns() - indent.length
  const lines: string[] = []
  let line = ''
  let length = 0
  for (const word of text.trim().split(/\s+/)) {
    const more = stripVTControlCharacters(word).length
    if (line !== '' && length + 1 + more > width) {
      lines.push(line)
      line = ''
    }
    length = line === '' ? more : length + 1 + more
    line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((words, index) => `${index === 0 ? first : indent}${words}`).join('\n')
}

/** `items` in as many columns as fit, in reading order. */
export function columns(items: readonly string[]): string {
  const width = Math.max(...items.map((item) => stripVTControlCharacters(item).length)) + 3
  const perLine = Math.max(1, Math.floor(lineColumns() / width))
  const lines: string[] = []
  for (let at = 0; at < items.length; at += perLine) {
    const cells = items
      .slice(at, at + perLine)
      .map((item) => item + ' '.repeat(width - stripVTControlCharacters(item).length))
    lines.push(`    ${cells.join('')}`.trimEnd())
  }
  return lines.join('\n')
}
