import type { ReviewItem, ReviewStats } from '../../api/reviews-api.ts'
import { table, wrap } from './layout.ts'
import { minute, short } from './short.ts'

/** What there is of an item to judge, and what is to be known about it. */
type Judged = Pick<
  ReviewItem,
  'contribution' | 'schema' | 'title' | 'text' | 'content' | 'language' | 'licence' | 'findings'
> &
  Partial<ReviewItem>

/** Of a text that is longer the rest is in `--json`. */
const SHOWN = 1_200

/** An item as a curator reads it. */
export function itemText(item: Judged, width: number): string {
  const { title, language, licence, schema, sourceUrl, tags, appeal, untilMs } = item
  const whole = wordsOf(item)
  const words =
    whole.length <= SHOWN ? whole : `${whole.slice(0, SHOWN)}…\n(all of it: review show --json)`
  const from = [licence, language, schema, ...(tags ?? [])].join(', ')
  return [
    title,
    wrap(words, width),
    from,
    ...(sourceUrl === undefined ? [] : [`from ${sourceUrl}`]),
    ...(appeal === undefined
      ? []
      : [wrap(`It was rejected, and its author says: ${appeal}`, width)]),
    ...notesOn(item).map((note) => wrap(`! ${note}`, width, '  ')),
    ...(untilMs === undefined ? [] : [`yours until ${minute(untilMs)}`])
  ].join('\n')
}

/** What the curator should know about it. */
export function notesOn({ findings, cluster, schema, contribution, flags }: Judged): string[] {
  const near = cluster === undefined ? [] : [`nearly the same as ${short(cluster)}`]
  const file = schema === 'file/1' ? [`look at it: datanet contribution file ${contribution}`] : []
  const flagged = (flags ?? []).map(({ code, reason }) =>
    ['flagged', code, reason].filter((words) => words !== undefined).join(': ')
  )
  return [...flagged, ...file, ...near, ...findings.map(({ text }) => text)]
}

/** What can be said of an item, to be pasted. */
export function nextSteps(item: Pick<ReviewItem, 'contribution' | 'flags'>, whose: string): string {
  const of = `npx datanet review`
  const id = short(item.contribution)
  if (item.flags.length > 0) {
    return `  ${of} clear ${id}${whose}\n  ${of} flag ${id} --code harmful${whose}`
  }
  return [
    `  ${of} approve ${id}${whose}`,
    `  ${of} reject ${id} --code unclear --reason "…"${whose}`,
    `  (or unsure, flag, give)`
  ].join('\n')
}

/** What curators did, one a line. */
export function statsText({ curators, shared, alphaPpm }: ReviewStats, width: number): string {
  const rows = curators.map((one) => [
    ...[short(one.curator), one.approve, one.reject, one.unsure, one.flag].map(String),
    one.decided === 0 ? '' : percent((one.asDecided * 1_000_000) / one.decided),
    ...[one.agreedPpm, one.kappaPpm].map((ppm) => (ppm === undefined ? '' : percent(ppm)))
  ])
  const figures = ['YES', 'NO', 'UNSURE', 'FLAGS', 'AS DECIDED', 'AS OTHERS', 'KAPPA']
  const columns = [
    { head: 'CURATOR', isWhole: true },
    ...figures.map((head) => ({ head, isRight: true }))
  ]
  const all = table(columns, rows, { width, empty: 'Nobody reviewed anything yet.' })
  if (shared === 0) return all
  const alpha = alphaPpm === undefined ? 'not defined' : percent(alphaPpm)
  const words = `Of ${shared} items that several spoke on they agree beyond chance by ${alpha} (Krippendorff’s alpha). 100 % is full agreement, 0 % is what chance gives.`
  return `${all}\n\n${wrap(words, width)}`
}

/** What there is to judge: of anything but a plain text every field, also what is never answered from. */
function wordsOf({ schema, text, content }: Judged): string {
  if (schema === 'text/1') return text
  return Object.entries(content)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
}

function percent(ppm: number): string {
  return `${Math.round(ppm / 10_000)} %`
}
