import { Option } from 'commander'
import type { DiffRow, RevisionDiff } from '../../api/governance-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { table } from './layout.ts'
import { datanetOf } from './resolve.ts'
import { short } from './short.ts'

/** `datanet datanet diff`: what one revision has otherwise than another. */
export const revisionDiffCommand: CliCommand = command<{ datanet?: string }>({
  name: 'datanet diff',
  summary: 'what came and went between two revisions',
  args: '[from] [to]',
  options: [new Option('--datanet <datanet>', 'id or name; needless where only one is known')],
  async run({ api, args, options, print, signal }) {
    const { id, name } = await datanetOf(api, options.datanet)
    const [from, to] = args.map(ordinalOf)
    const draft = {
      datanet: id,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to })
    }
    const diff = await api.datanets.diff(draft, { signal })
    await print.show(diff, (one) => diffText(one, name, print.columns))
  }
})

function ordinalOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  const hint = `a revision is named by its number: 1, 2…, not ${text}`
  throw refusal('INPUT_INVALID', { revision: text }, { hint })
}

function diffText(diff: RevisionDiff, name: string, width: number): string {
  const { from, to, fromRows, toRows, added, withdrawn, handedOver, counts } = diff
  const head = `“${name}”, from revision ${from} (${fromRows} rows) to ${to} (${toRows} rows)`
  const parts = [
    section(`+ ${counts.added} added`, added, counts.added, width),
    section(`- ${counts.withdrawn} withdrawn`, withdrawn, counts.withdrawn, width),
    ...(counts.handedOver === 0
      ? []
      : [
          [
            `= ${counts.handedOver} accounts handed over`,
            ...handedOver.map(({ oldAccount, newAccount }) => `  ${oldAccount} → ${newAccount}`)
          ].join('\n')
        ])
  ]
  return [head, ...parts].join('\n\n')
}

function section(head: string, rows: readonly DiffRow[], all: number, width: number): string {
  if (rows.length === 0) return head
  const more = all > rows.length ? `\n  and ${all - rows.length} more` : ''
  const listed = table(
    [{ head: 'CONTRIBUTION', isWhole: true }, { head: 'BY', isWhole: true }, { head: 'TITLE' }],
    rows.map((one) => [short(one.contribution), short(one.contributor), one.title ?? '']),
    { width, empty: '' }
  )
  return `${head}\n${listed}${more}`
}
