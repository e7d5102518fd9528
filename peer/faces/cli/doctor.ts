import { wrap } from './layout.ts'

/** One finding of `datanet doctor`. */
export interface FindingLine {
  readonly check: string
  readonly mark: 'ok' | 'warn' | 'wrong'
  readonly text: string
  readonly todo?: string
}

const MARK_WIDTH = 7
const CHECK_WIDTH = 11

/** A finding in one line, and in a second one what to do about it. */
export function tellFinding({ check, mark, text, todo }: FindingLine, width: number): string {
  const indent = MARK_WIDTH + CHECK_WIDTH
  const lines = [text, ...(todo === undefined ? [] : [`→ ${todo}`])].map((line) =>
    wrap(line, width - indent, ' '.repeat(indent))
  )
  const margin = `${mark.padEnd(MARK_WIDTH)}${check.padEnd(CHECK_WIDTH)}`
  return margin + lines.join(`\n${' '.repeat(indent)}`)
}

/** What the findings come to together. */
export function tellDiagnosis(findings: readonly FindingLine[]): string {
  const count = (mark: string) => findings.filter((one) => one.mark === mark).length
  const [wrong, warn] = [count('wrong'), count('warn')]
  if (wrong > 0) return `${wrong} wrong: a peer would not start, or not work.`
  return warn > 0 ? 'Nothing is wrong; see the warnings.' : 'Nothing is wrong.'
}
