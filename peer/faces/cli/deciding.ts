import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type {
  FieldChange,
  ForkSummary,
  ManifestChange,
  ManifestSummary,
  ProposalDetails,
  ProposalSummary
} from '../../api/governance-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { type RuleOptions, ruleOptions, rulesOf } from './datanet-rules.ts'
import { fields, table, wrap } from './layout.ts'
import { means, theOne } from './named.ts'
import { writeBytes } from './proof-file.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { minute, short } from './short.ts'
import { shellWord } from './whose.ts'

interface ChangeOptions extends RuleOptions {
  readonly name?: string
  readonly purpose?: string
  readonly topic?: readonly string[]
  readonly licence?: readonly string[]
  readonly consent?: string
  readonly curator?: readonly string[]
  readonly threshold?: number
  readonly approvals?: number
  readonly treasury?: string
  readonly intakeHost?: string
  readonly note?: string
}

interface ApproveOptions {
  readonly account?: string
  readonly instead?: boolean
}

const many = (flag: string, words: string) => new Option(flag, words).argParser(read.many)

/** `datanet proposal …` and `datanet datanet history`: what curators decide together. */
export const decidingCommands: readonly CliCommand[] = [
  command<ChangeOptions>({
    name: 'proposal change',
    summary: 'propose another manifest to the other curators',
    args: '[datanet]',
    options: [
      new Option('--note <text>', 'why, for the other curators'),
      new Option('--name <text>', 'what it is called'),
      new Option('--purpose <text>', 'what it is for'),
      many('--topic <text>', 'all that it is found by; may be repeated'),
      many('--licence <id>', 'all licences it accepts; may be repeated'),
      new Option('--consent <text>', 'what a contributor agrees to'),
      many('--curator <account>', 'all who decide from then on; may be repeated'),
      new Option('--threshold <n>', 'curators who must agree').argParser(read.count),
      new Option('--approvals <n>', 'approvals a contribution needs').argParser(read.count),
      new Option('--treasury <account>', 'where the common share goes'),
      new Option('--intake-host <peer>', 'the id of the peer that takes in'),
      ...ruleOptions
    ],
    async run({ api, args, options, print, signal }) {
      const { id, name } = await datanetOf(api, args[0])
      const change = await changeOf(api, options)
      const { note } = options
      const draft = { datanet: id, change, ...(note === undefined ? {} : { note }) }
      const proposed = await api.datanets.change(draft, { signal })
      const details = await api.datanets.proposal({ datanet: id, proposal: proposed.proposal })
      await print.show(details, () => proposalText(details, name, print.columns))
    }
  }),
  command({
    name: 'proposal list',
    summary: 'what the curators are asked to decide',
    args: '[datanet]',
    async run({ api, args, print, signal }) {
      const { id, name } = await datanetOf(api, args[0])
      const all = await api.datanets.proposals(id, { signal })
      await print.list(all, () => proposalTable(all, name, print.columns))
    }
  }),
  command<{ bundle?: string }>({
    name: 'proposal show',
    summary: 'one proposal, and what it changes',
    args: '<proposal> [datanet]',
    options: [new Option('--bundle <file>', 'write it there, to be carried to another curator')],
    async run({ api, args, options, print }) {
      const { id, name } = await datanetOf(api, args[1])
      const { proposal } = await proposalOf(api, id, args[0])
      const details = await api.datanets.proposal({ datanet: id, proposal })
      if (options.bundle !== undefined) {
        writeBytes(options.bundle, Buffer.from(`${details.bundle}\n`))
      }
      await print.show(details, () => proposalText(details, name, print.columns, options.bundle))
    }
  }),
  command<ApproveOptions>({
    name: 'proposal approve',
    summary: 'approve a proposal as a curator',
    args: '<proposal> [datanet]',
    options: [
      new Option('--account <account>', 'the curator: address or label (all kept here)'),
      new Option('--instead', 'also if another one for the same place was approved')
    ],
    async run({ api, args, options, print, signal }) {
      const { id, name } = await datanetOf(api, args[1])
      const { proposal } = await proposalOf(api, id, args[0])
      const account =
        options.account === undefined ? undefined : await accountOf(api, options.account)
      const approved = await api.datanets.approve(
        {
          ...{ datanet: id, proposal },
          ...(account === undefined ? {} : { account }),
          ...(options.instead === true ? { instead: true } : {})
        },
        { signal, onProgress: print.progress }
      )
      await print.show(
        approved,
        () => `Approved.\n\n${proposalState(approved, name, print.columns)}`
      )
    }
  }),
  command({
    name: 'proposal carry',
    summary: 'take in a proposal that another curator sent as a file',
    args: '<file>',
    async run({ api, args, print, signal }) {
      const taken = await api.datanets.carry(contentsOf(args[0] ?? ''), { signal })
      const { name } = await api.datanets.show(taken.datanet)
      await print.show(taken, () => proposalState(taken, name, print.columns))
    }
  }),
  command({
    name: 'datanet history',
    summary: 'its manifests, and what each changed',
    args: '[datanet]',
    async run({ api, args, print, signal }) {
      const { id } = await datanetOf(api, args[0])
      const all = await api.datanets.manifests(id, { signal })
      const forks = await api.datanets.forks(id)
      await print.list(all, () =>
        [...all.map((one) => manifestText(one, print.columns)), ...forks.map(forkText)].join('\n\n')
      )
    }
  })
]

function contentsOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const hint = `${file} cannot be read`
    throw refusal('INPUT_INVALID', { file }, { cause, hint })
  }
}

async function changeOf(api: PeerApi, options: ChangeOptions): Promise<ManifestChange> {
  const { topic, licence, approvals, curator } = options
  const curators: string[] = []
  for (const one of curator ?? []) curators.push(await accountOf(api, one))
  const treasury =
    options.treasury === undefined ? undefined : await accountOf(api, options.treasury)
  const { name, purpose, consent, threshold, intakeHost } = options
  return given({
    ...{ name, purpose, consent, threshold, intakeHost, treasury },
    ...{ topics: topic, licences: licence, reviewApprovals: approvals },
    curators: curator === undefined ? undefined : curators,
    ...rulesOf(options)
  })
}

function given(change: Record<string, unknown>): ManifestChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

async function proposalOf(api: PeerApi, id: string, named?: string): Promise<ProposalSummary> {
  const all = await api.datanets.proposals(id)
  const found = all.filter(({ proposal }) => named !== undefined && means(named, proposal))
  return theOne(found, 'PROPOSAL_UNKNOWN', named, 'proposal', 'see them: datanet proposal list')
}

function proposalTable(all: readonly ProposalSummary[], name: string, width: number): string {
  return table(
    [
      { head: 'PROPOSAL', isWhole: true },
      { head: 'WHAT', isWhole: true },
      { head: 'STATE', isWhole: true },
      { head: 'APPROVALS', isWhole: true },
      { head: 'NOTE' }
    ],
    all.map((one) => [
      short(one.proposal),
      `${one.kind} ${one.number}`,
      one.state,
      `${one.approvals.length} of ${one.threshold}`,
      one.note ?? ''
    ]),
    { width, empty: `Nothing is proposed to the curators of “${name}”.` }
  )
}

function proposalText(one: ProposalDetails, name: string, width: number, bundle?: string): string {
  return [
    proposalState(one, name, width),
    ...(one.changes.length === 0 ? [] : ['', changesText(one.changes, width)]),
    ...(bundle === undefined ? [] : ['', `Written to ${bundle}.`])
  ].join('\n')
}

/** A proposal, how far it is, and who has to do what next. */
export function proposalState(one: ProposalSummary, name: string, width: number): string {
  const { approvals, threshold, effectiveAtMs, rows, note, state } = one
  const missing = threshold - approvals.length
  const next =
    state === 'open' && missing > 0
      ? `Another ${missing === 1 ? 'curator' : `${missing} curators`} must approve it, each on their ` +
        `own peer:\n  npx datanet proposal approve ${short(one.proposal)} ${shellWord(name)}`
      : ''
  return [
    fields(
      [
        ['proposal', one.proposal],
        ['what', `${one.kind} ${one.number} of “${name}”`],
        ['state', state],
        ['approvals', `${approvals.length} of ${threshold}: ${approvals.join(', ')}`],
        ['in force', effectiveAtMs === undefined ? '' : `from ${minute(effectiveAtMs)}`],
        ['rows', rows === undefined ? '' : String(rows)],
        ['note', note ?? '']
      ],
      width
    ),
    ...(next === '' ? [] : ['', next])
  ].join('\n')
}

function changesText(changes: readonly FieldChange[], width: number): string {
  return changes
    .flatMap(({ field, before, after }) => [
      field,
      ...(before === undefined ? [] : [`  - ${wrap(before, width - 4, '    ')}`]),
      ...(after === undefined ? [] : [`  + ${wrap(after, width - 4, '    ')}`])
    ])
    .join('\n')
}

/** What was signed twice, for whoever reads. */
export function forkText({ place, curator, first, second }: ForkSummary): string {
  const who = curator === undefined ? 'two with enough approvals' : `two by curator ${curator}`
  return `! ${place}: ${who} are kept as evidence:\n  ${first}\n  ${second}`
}

function manifestText(one: ManifestSummary, width: number): string {
  const head = `${one.seq}  ${one.state}, from ${minute(one.effectiveAtMs)}  ${short(one.manifest)}`
  return one.changes.length === 0 ? head : `${head}\n${changesText(one.changes, width)}`
}
