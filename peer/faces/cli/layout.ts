/** A column of a table: its head, whether it holds figures, and whether it is never cut. */
export interface Column {
  readonly head: string
  readonly isRight?: boolean
  readonly isWhole?: boolean
}

const GAP = '  '
const MIN_WIDTH = 8

/**
 * `rows` under their heads, aligned, no line longer than `width`: what is too long is cut in the
 * widest columns, never in figures and in what names a thing. `empty` is what stands in place of a table without rows.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width, empty }: { readonly width: number; readonly empty: string }
): string {
  if (rows.length === 0) return empty
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => row.map(oneLine))]
  const widths = columns.map((_, i) =>
    Math.max(...lines.map((line) => [...(line[i] ?? '')].length))
  )
  const total = () => widths.reduce((sum, w) => sum + w, GAP.length * (widths.length - 1))
  while (total() > width) {
    const widest = widths
      .map((w, i) => (isWhole(columns[i]) ? 0 : w))
      .reduce((best, w, i, all) => (w > (all[best] ?? 0) ? i : best), 0)
    if ((widths[widest] ?? 0) <= MIN_WIDTH || isWhole(columns[widest])) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return lines
    .map((line) =>
      line
        .map((cell, i) => {
          const room = widths[i] ?? 0
          const fitting = cut(cell, room)
          const pad = ' '.repeat(room - [...fitting].length)
          return columns[i]?.isRight === true ? pad + fitting : fitting + pad
        })
        .join(GAP)
        .trimEnd()
    )
    .join('\n')
}

/** Names and values under each other; long values are wrapped beside their names. */
export function fields(entries: readonly (readonly [string, string])[], width: number): string {
  const shown = entries.filter(([, value]) => value !== '')
  const room = Math.max(0, ...shown.map(([name]) => name.length)) + GAP.length
  return shown
    .map(([name, value]) => `${name.padEnd(room)}${wrap(value, width - room, ' '.repeat(room))}`)
    .join('\n')
}

/** `text` in lines of at most `width` characters, each after the first behind `indent`. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${indent}`)
}

function isWhole(column: Column | undefined): boolean {
  return column?.isRight === true || column?.isWhole === true
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function cut(text: string, room: number): string {
  const characters = [...text]
  return characters.length <= room
    ? text
    : `${characters.slice(0, Math.max(0, room - 1)).join('')}…`
}
