import { Option } from 'commander'
import type { DatanetSummary, PendingContribution } from '../../api/datanets-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { desk } from './desk.ts'
import { table, wrap } from './layout.ts'
import type { Print } from './print.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short } from './short.ts'

interface ReviewOptions {
  readonly datanet?: string
  readonly account?: string
  readonly approveAll?: boolean
}

interface Reviewed {
  readonly contribution: string
  readonly title: string
  readonly verdict: 'approve' | 'reject'
  readonly status: string
}

type Verdict = { verdict: 'approve' | 'reject'; reason?: string } | 'skip' | 'quit'

/** `datanet review`: the curators' desk of a Datanet hosted here. */
export const reviewCommands: readonly CliCommand[] = [
  command<ReviewOptions>({
    name: 'review',
    summary: 'decide about what was contributed',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is known'),
      new Option('--account <account>', 'the curator: address or label (one kept here)'),
      new Option('--approve-all', 'approve everything that waits')
    ],
    async run({ api, options, print, signal }) {
      const datanet = await datanetOf(api, options.datanet)
      if (options.approveAll !== true && print.prompt === undefined) {
        const pending = await api.datanets.pending(datanet.id)
        return print.list(pending, (all) => waiting(all, datanet, print.columns))
      }
      const account = await curatorOf(api, datanet, options.account)
      const reviewed: Reviewed[] = []
      let seen = 0
      for await (const item of desk(api, datanet.id, { signal })) {
        signal.throwIfAborted()
        seen += 1
        const { contribution, title } = item
        const said: Verdict =
          options.approveAll === true ? { verdict: 'approve' } : await decide(item, print)
        if (said === 'quit') break
        if (said === 'skip') continue
        const draft = { datanet: datanet.id, contribution, account, ...said }
        const { status } = await api.datanets.review(draft)
        reviewed.push({ contribution, title, verdict: said.verdict, status })
        print.progress({ text: `reviewing ${seen}`, done: 0, total: 0 })
      }
      await print.list(reviewed, (all) => {
        const accepted = all.filter(({ status }) => status === 'accepted').length
        const rejected = all.filter(({ status }) => status === 'rejected').length
        const left = seen - accepted - rejected
        return `${accepted} accepted, ${rejected} rejected, ${left} still wait in “${datanet.name}”.`
      })
    }
  })
]

async function decide(item: PendingContribution, print: Print): Promise<Verdict> {
  const { columns } = print
  print.write(
    `\n${item.title}\n${wrap(shownOf(item).slice(0, 1_200), columns)}\n` +
      `by ${short(item.contributor)}, ${item.licence}, ${item.language}, ${item.schema}\n` +
      notesOn(item)
        .map((note) => `${wrap(`! ${note}`, columns, '  ')}\n`)
        .join('')
  )
  for (;;) {
    const answer = (await print.prompt?.('[a]pprove, [r]eject, [s]kip or [q]uit? ')) ?? 'q'
    const key = answer.trim().toLowerCase()[0]
    if (key === 'a') return { verdict: 'approve' }
    if (key === 's') return 'skip'
    if (key === 'q') return 'quit'
    if (key !== 'r') continue
    const reason = (await print.prompt?.('Why? '))?.trim() ?? ''
    return { verdict: 'reject', ...(reason === '' ? {} : { reason }) }
  }
}

/** What there is to judge: of anything but a plain text every field, also what is never answered from. */
function shownOf({ schema, text, content }: PendingContribution): string {
  if (schema === 'text/1') return text
  return Object.entries(content)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
}

/** What the curator should know about it. */
function notesOn({ findings, cluster, schema, contribution }: PendingContribution): string[] {
  const near = cluster === undefined ? [] : [`nearly the same as ${short(cluster)}`]
  const file = schema === 'file/1' ? [`look at it: datanet contribution file ${contribution}`] : []
  return [...file, ...near, ...findings.map(({ text }) => text)]
}

function waiting(
  pending: readonly PendingContribution[],
  { name }: DatanetSummary,
  width: number
): string {
  return table(
    [{ head: 'CONTRIBUTION', isWhole: true }, { head: 'TITLE' }, { head: 'BY' }, { head: 'NOTES' }],
    pending.map((one) => [
      ...[short(one.contribution), one.title, short(one.contributor), notesOn(one).join('; ')]
    ]),
    { width, empty: `Nothing waits for review in “${name}”.` }
  )
}

async function curatorOf(
  api: PeerApi,
  { name, curators }: DatanetSummary,
  named?: string
): Promise<string> {
  if (named !== undefined) return accountOf(api, named)
  const own = (await api.accounts.list()).find(({ address }) => curators.includes(address))
  if (own !== undefined) return own.address
  throw refusal('REVIEW_REFUSED', {}, { hint: `no curator of “${name}” has its key here` })
}
