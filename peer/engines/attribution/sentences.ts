/** A sentence of a passage, exactly as it stands there. */
export interface Sentence {
  readonly text: string
  /** The heading it stands under; empty in the lead of the passage. */
  readonly heading: string
}

const BOUNDARY = /(?<=[.!?]["'”’)\]]*)\s+(?=["'“‘([]*[\p{Lu}\p{N}])/u
// Not \b, which knows ASCII letters alone: `idéal.` is no `al.`, and `Ö.` is an initial.
const ABBREVIATION =
  /(?<![\p{L}\p{N}_])(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Dr|St|No|Fig|Inc|al|\p{Lu})\.$/u

/**
 * The sentences of `text` in order, each verbatim. Lines are boundaries; a short line without a
 * full stop is the heading of what follows it until the next blank-line-separated heading.
 */
export function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = []
  let heading = ''
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed === '') continue
    if (isHeading(trimmed)) {
      heading = trimmed.replace(/^#+\s*/, '').replace(/:$/, '')
      continue
    }
    for (const part of splitLine(trimmed)) sentences.push({ text: part, heading })
  }
  return sentences
}

function isHeading(line: string): boolean {
  if (/^#+ /.test(line)) return true
  return line.length <= 60 && /[\p{L}:]$/u.test(line) && line.split(' ').length <= 6
}

/** The sentences of one line, by their ends alone. specs/08-receipt.md §Overlap */
export function splitLine(line: string): string[] {
  const parts: string[] = []
  for (const part of line.split(BOUNDARY)) {
    const before = parts.at(-1)
    if (before !== undefined && ABBREVIATION.test(before))
      parts[parts.length - 1] = `${before} ${part}`
    else parts.push(part)
  }
  return parts
}
