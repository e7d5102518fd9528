import { basename } from 'node:path'
import { Option } from 'commander'
import { checkInclusion, type InclusionCheck } from '../../api/inclusion.ts'
import type { OwnContribution, Standing } from '../../api/submissions-api.ts'
import { type Call, type CliCommand, command } from './command.ts'
import { fields, table, wrap } from './layout.ts'
import { means, theOne } from './named.ts'
import { readProof, writeBytes, writeProof } from './proof-file.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short } from './short.ts'

interface OwnOptions {
  readonly datanet?: string
  readonly account?: string
}

const OPTIONS = [
  new Option('--datanet <datanet>', 'id or name; all unless given'),
  new Option('--account <account>', 'whose: address or label (own)')
]

/** `datanet contribution`: what was handed in, and what became of it. */
export const contributionCommands: readonly CliCommand[] = [
  command<OwnOptions>({
    name: 'contribution list',
    summary: 'what was handed in from here',
    options: OPTIONS,
    async run(call) {
      const own = await ownOf(call)
      await call.print.list(own, (all) => listed(all, call.print.columns, call.whose))
    }
  }),
  command<OwnOptions>({
    name: 'contribution status',
    summary: 'ask the hosts what became of it',
    args: '[contribution]',
    options: OPTIONS,
    async run(call) {
      const { api, args, print } = call
      const all = await ownOf(call)
      const named = args[0] === undefined ? all : [only(all, args[0])]
      const waiting = named.filter(isWaiting)
      const own = named.filter((one) => !isWaiting(one))
      const told: Standing[] = []
      for (const { datanet, account, one } of perDatanet(own, args[0] !== undefined)) {
        const query = { datanet, account, ...(one === undefined ? {} : { contribution: one }) }
        told.push(...(await api.datanets.standing(query, { signal: call.signal })))
      }
      const unasked = waiting.map(({ contribution, status, code = '' }) => {
        return { ...NOWHERE, contribution, status, reasons: [code] }
      })
      const titles = new Map(named.map(({ contribution, title }) => [contribution, title]))
      await print.list(
        [...told, ...unasked],
        (standings) => stood(standings, titles, print.columns) + toAppeal(told, call.whose)
      )
    }
  }),
  command<OwnOptions>({
    name: 'contribution show',
    summary: 'one of them with all that it holds, and its receipt',
    args: '<contribution>',
    options: OPTIONS,
    async run(call) {
      const { api, args, print } = call
      const { account, contribution } = only(await ownOf(call), args[0])
      const one = await api.datanets.submission({ account, contribution })
      await print.show(one, () =>
        fields(
          [
            ['contribution', one.contribution],
            ['datanet', one.datanet],
            ['account', one.account],
            ['status', one.status],
            ...(one.order === 0
              ? [['waits', one.code ?? ''] as const]
              : [
                  ['number', `${one.order}, taken in ${at(one.takenAtMs)}`] as const,
                  ['by', `${one.host}, which signed for it`] as const
                ]),
            ['near', one.cluster ?? ''],
            ['schema', one.schema],
            ...Object.entries(one.content).map(
              ([name, value]) =>
                [name, typeof value === 'string' ? value : JSON.stringify(value)] as const
            ),
            ['language', one.language],
            ['licence', one.licence],
            ['origin', one.origin]
          ],
          print.columns
        )
      )
    }
  }),
  command<OwnOptions & { readonly out?: string }>({
    name: 'contribution proof',
    summary: 'a file that proves it is in the newest revision',
    args: '<contribution>',
    options: [...OPTIONS, new Option('--out <file>', 'where to; “<contribution>.proof.json” here')],
    async run(call) {
      const { api, args, options, print } = call
      const { account, contribution, datanet } = only(await ownOf(call), args[0])
      const { signed } = await api.datanets.submission({ account, contribution })
      const included = await api.datanets.inclusion({ datanet, contribution })
      const file = options.out ?? `${contribution}.proof.json`
      writeProof(file, { ...included, signed })
      await print.show({ file, ...included }, ({ ordinal, row, rows, anchor }) =>
        [
          `It is row ${row + 1} of ${rows} in revision ${ordinal}. ${file} shows it to anyone, without`,
          'a peer and without the network, who has the digest from the chain:',
          '',
          `  npx datanet contribution verify ${file} --anchor ${anchor}`
        ].join('\n')
      )
    }
  }),
  command<OwnOptions & { readonly out?: string }>({
    name: 'contribution file',
    summary: 'the file that a contribution holds',
    args: '<contribution>',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is known'),
      new Option('--out <file>', 'where to; its own name here')
    ],
    async run({ api, args: [contribution = ''], options, print, signal }) {
      const { id: datanet } = await datanetOf(api, options.datanet)
      const given = await api.datanets.file({ datanet, contribution }, { signal })
      // Its name is a stranger's word: no path.
      const file = options.out ?? (basename(given.name).replace(/^\.+/, '') || contribution)
      writeBytes(file, Buffer.from(given.data, 'base64'))
      const { data: _, ...said } = given
      await print.show({ file, ...said }, (one) => `${one.bytes} bytes, ${one.mime}, in ${file}`)
    }
  }),
  command<{ readonly anchor?: string }>({
    name: 'contribution verify',
    summary: 'check a proof file, without a peer',
    args: '<proof-file>',
    isOffline: true,
    options: [new Option('--anchor <digest>', 'what the chain anchors: 0x and 64 digits')],
    async run({ args: [file = ''], options: { anchor }, print }) {
      const { proof, signed, chainKey } = readProof(file)
      const check = checkInclusion({ proof, signed, ...(anchor === undefined ? {} : { anchor }) })
      await print.show({ ...check, chainKey }, () => verified(check, chainKey, print.columns))
    }
  })
]

/** What holds, and what is left to look at where no anchor was given. */
function verified(check: InclusionCheck, chainKey: string, width: number): string {
  const rest = check.isAnchorGiven
    ? 'The digest is the one that you gave.'
    : `What is left: that the chain anchors ${check.anchor} at ordinal ${check.ordinal} of ${chainKey}. Give it with --anchor.`
  const shown = fields(
    [
      ['contribution', check.contribution],
      ['title', check.title],
      ['by', check.contributor],
      ['datanet', check.datanet],
      ['revision', `${check.ordinal}, row ${check.row + 1} of ${check.rows}`],
      ['anchor', check.anchor]
    ],
    width
  )
  return `${shown}\n\nSigned by its contributor, and in its place. ${wrap(rest, width)}`
}

/** A host's word on one, or that no host has it. */
type Told = Omit<Standing, 'status'> & { readonly status: OwnContribution['status'] }

const NOWHERE = { order: 0, takenAtMs: 0, revision: 0 }

/** Whether it waits here for a host, or was refused by one: then no host is asked about it. */
function isWaiting({ status }: OwnContribution): boolean {
  return status === 'queued' || status === 'refused'
}

/** What the account handed in, as this peer knows it. */
async function ownOf({ api, options }: Call<OwnOptions>): Promise<readonly OwnContribution[]> {
  const account = await accountOf(api, options.account)
  const datanet =
    options.datanet === undefined ? undefined : (await datanetOf(api, options.datanet)).id
  return api.datanets.submissions({ account, ...(datanet === undefined ? {} : { datanet }) })
}

/** The one of `all` that `named` means. Refuses none and several. */
export function only(all: readonly OwnContribution[], named = ''): OwnContribution {
  const found = all.filter(({ contribution }) => means(named, contribution))
  const hint = 'this account handed in no such contribution: datanet contribution list'
  return theOne(found, 'CONTRIBUTION_UNKNOWN', named, 'contribution', hint)
}

/** Hosts are asked once for each account and Datanet, or once for the one that is meant. */
function perDatanet(own: readonly OwnContribution[], isOne: boolean) {
  const asked = new Map<string, { datanet: string; account: string; one: string | undefined }>()
  for (const { datanet, account, contribution } of own) {
    asked.set(`${datanet} ${account}`, { datanet, account, one: isOne ? contribution : undefined })
  }
  return asked.values()
}

function listed(own: readonly OwnContribution[], width: number, whose: string): string {
  const empty = `Nothing was handed in from here yet:\n\n  npx datanet contribute <file-or-folder>${whose}`
  return table(
    [
      { head: 'CONTRIBUTION', isWhole: true },
      { head: 'TITLE' },
      { head: 'KIND' },
      { head: 'STATUS' },
      { head: 'HANDED IN' }
    ],
    own.map((one) => [
      ...[short(one.contribution), one.title, one.schema, one.status],
      one.order === 0 ? (one.code ?? '') : at(one.takenAtMs)
    ]),
    { width, empty }
  )
}

function stood(
  standings: readonly Told[],
  titles: ReadonlyMap<string, string>,
  width: number
): string {
  const rows = standings.map((one) => [
    short(one.contribution),
    titles.get(one.contribution) ?? '',
    statusOf(one),
    one.revision === 0 ? '' : `revision ${one.revision}`,
    one.reasons.join(' · ')
  ])
  return table(
    [
      { head: 'CONTRIBUTION', isWhole: true },
      { head: 'TITLE' },
      { head: 'STATUS' },
      { head: 'IN' },
      { head: 'WHY' }
    ],
    rows,
    { width, empty: 'Their hosts know of none.' }
  )
}

function statusOf({ status, cluster, isHeld, appeal }: Told): string {
  const more = [
    ...(cluster === undefined ? [] : ['near-duplicate']),
    ...(isHeld === true ? ['flagged'] : []),
    ...(appeal === 'open' ? ['heard again'] : appeal === 'decided' ? ['for good'] : [])
  ]
  return [status, ...more].join(', ')
}

/** What can still be done about a rejection. */
function toAppeal(standings: readonly Standing[], whose: string): string {
  const one = standings.find(({ appeal }) => appeal === 'possible')
  if (one === undefined) return ''
  const id = short(one.contribution)
  return `\n\nOther curators hear it again, once:\n\n  npx datanet review appeal ${id} --text "…"${whose}`
}

function at(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
