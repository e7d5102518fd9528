import { Option } from 'commander'
import type { DatanetSummary, PendingContribution } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import type { ReviewDraft, ReviewItem } from '../../api/reviews-api.ts'
import { type CliCommand, command } from './command.ts'
import { table } from './layout.ts'
import type { Print } from './print.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { itemText, notesOn } from './review-shown.ts'
import { short } from './short.ts'

interface ReviewOptions {
  readonly datanet?: string
  readonly account?: string
  readonly approveAll?: boolean
}

interface Reviewed {
  readonly contribution: string
  readonly title: string
  readonly verdict: ReviewDraft['verdict']
  readonly status: string
}

type Said = Pick<ReviewDraft, 'verdict' | 'code' | 'reason'> | 'skip' | 'quit'

/** Whose Datanet, and as which curator: what every command of review takes. */
export const REVIEW_OPTIONS = [
  new Option('--datanet <datanet>', 'id or name; needless where only one is known'),
  new Option('--account <account>', 'the curator: address or label (one kept here)')
]

/** Taken at once where everything is approved. */
const MANY = 16

/** `datanet review`: a curator's desk, one item after another. */
export const reviewCommands: readonly CliCommand[] = [
  command<ReviewOptions>({
    name: 'review',
    summary: 'decide about what was contributed',
    options: [...REVIEW_OPTIONS, new Option('--approve-all', 'approve everything that waits')],
    async run({ api, options, print, signal }) {
      const datanet = await datanetOf(api, options.datanet)
      const isAll = options.approveAll === true
      if (!isAll && print.prompt === undefined) {
        const pending = await api.datanets.pending({ datanet: datanet.id })
        return print.list(pending, (all) => waiting(all, datanet, print.columns))
      }
      const account = await curatorOf(api, datanet, options.account)
      const reviewed: Reviewed[] = []
      const skipped = new Set<string>()
      const of = { datanet: datanet.id, account }
      const work = { ...of, most: isAll ? MANY : 1 }
      desk: for (;;) {
        signal.throwIfAborted()
        const given = await api.datanets.reviewNext(
          { ...work, most: Math.min(MANY, work.most + skipped.size) },
          { signal }
        )
        const fresh = given.filter(({ contribution }) => !skipped.has(contribution))
        if (fresh.length === 0) break
        for (const item of fresh) {
          signal.throwIfAborted()
          const { contribution, title } = item
          const said: Said = isAll ? { verdict: 'approve' } : await decide(item, print)
          if (said === 'quit') {
            skipped.add(contribution)
            break desk
          }
          if (said === 'skip') {
            skipped.add(contribution)
            continue
          }
          const { status } = await api.datanets.review({ ...of, contribution, ...said })
          reviewed.push({ contribution, title, verdict: said.verdict, status })
          print.progress({ text: `reviewing ${reviewed.length}`, done: 0, total: 0 })
        }
      }
      // What was passed over is for others at once.
      await api.datanets.reviewGive({ ...of, contributions: [...skipped] }, { signal })
      await print.list(reviewed, (all) => {
        const accepted = all.filter(({ status }) => status === 'accepted').length
        const rejected = all.filter(({ status }) => status === 'rejected').length
        const left = all.length + skipped.size - accepted - rejected
        return `${accepted} accepted, ${rejected} rejected, ${left} still wait in “${datanet.name}”.`
      })
    }
  })
]

/** The curator that is meant: the one named, or the one whose key is here. Refuses none (REVIEW_REFUSED). */
export async function curatorOf(
  api: PeerApi,
  { name, curators }: DatanetSummary,
  named?: string
): Promise<string> {
  if (named !== undefined) return accountOf(api, named)
  const own = (await api.accounts.list()).find(({ address }) => curators.includes(address))
  if (own !== undefined) return own.address
  throw refusal('REVIEW_REFUSED', {}, { hint: `no curator of “${name}” has its key here` })
}

async function decide(item: ReviewItem, print: Print): Promise<Said> {
  print.write(`\n${itemText(item, print.columns)}\n`)
  for (;;) {
    const question = '[a]pprove, [r]eject, [u]nsure, [f]lag, [s]kip or [q]uit? '
    const answer = (await print.prompt?.(question)) ?? 'q'
    const key = answer.trim().toLowerCase()[0]
    if (key === 'a') return { verdict: 'approve' }
    if (key === 'u') return { verdict: 'unsure' }
    if (key === 's') return 'skip'
    if (key === 'q') return 'quit'
    if (key === 'f') {
      const code = (await print.prompt?.('personal-data, licence, harmful or spam? '))?.trim() ?? ''
      if (FLAGS.has(code)) return { verdict: 'flag', code }
      continue
    }
    if (key !== 'r') continue
    const reason = (await print.prompt?.('Why? '))?.trim() ?? ''
    return { verdict: 'reject', ...(reason === '' ? {} : { reason }) }
  }
}

const FLAGS: ReadonlySet<string> = new Set(['personal-data', 'licence', 'harmful', 'spam'])

function waiting(
  pending: readonly PendingContribution[],
  { name }: DatanetSummary,
  width: number
): string {
  return table(
    [
      { head: 'CONTRIBUTION', isWhole: true },
      { head: 'TITLE' },
      { head: 'KIND' },
      { head: 'NOTES' }
    ],
    pending.map((one) => [
      ...[short(one.contribution), one.title, one.schema, notesOn(one).join('; ')]
    ]),
    { width, empty: `Nothing waits for review in “${name}”.` }
  )
}
