import { Option } from 'commander'
import type { DatanetSummary, RevisionSummary } from '../../api/datanets-api.ts'
import { type CliCommand, command, read } from './command.ts'
import { type RuleOptions, ruleOptions, rulesOf } from './datanet-rules.ts'
import { forkText, proposalState } from './deciding.ts'
import { draftOf } from './founding.ts'
import { replicaTable } from './hosting.ts'
import { fields, table } from './layout.ts'
import { percent } from './money.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short, shortPeer } from './short.ts'

interface CreateOptions extends RuleOptions {
  readonly name: string
  readonly topic: readonly string[]
  readonly purpose?: string
  readonly licence?: readonly string[]
  readonly consent?: string
  readonly curator?: readonly string[]
  readonly threshold: number
  readonly approvals: number
  readonly royalty: number
  readonly treasury?: string
}

/** `datanet datanet …`: founding, finding and publishing. */
export const datanetCommands: readonly CliCommand[] = [
  command<CreateOptions>({
    name: 'datanet create',
    summary: 'found a Datanet, with this peer as its intake host',
    options: [
      new Option('--name <text>', 'what it is called').makeOptionMandatory(),
      new Option('--topic <text>', 'what it is found by; may be repeated')
        .argParser(read.many)
        .makeOptionMandatory(),
      new Option('--purpose <text>', 'what it is for'),
      new Option('--licence <id>', 'a licence it accepts; may be repeated (CC0-1.0)').argParser(
        read.many
      ),
      new Option('--consent <text>', 'what a contributor agrees to'),
      new Option('--curator <account>', 'who reviews; may be repeated (curator)').argParser(
        read.many
      ),
      new Option('--threshold <n>', 'curators who must agree').argParser(read.count).default(1),
      new Option('--approvals <n>', 'approvals a contribution needs')
        .argParser(read.count)
        .default(1),
      new Option('--royalty <percent>', 'the least share of a call that is royalty')
        .argParser(read.percent)
        .default(300_000, '30'),
      new Option('--treasury <account>', 'where the common share goes (treasury)'),
      ...ruleOptions
    ],
    async run({ api, options, print, signal }) {
      const curators: string[] = []
      for (const one of options.curator ?? []) curators.push(await accountOf(api, one))
      const { name, topic: topics, purpose, licence: licences, consent } = options
      const draft = await draftOf(api, {
        ...{ name, topics, curators, threshold: options.threshold, approvals: options.approvals },
        royaltyPpm: options.royalty,
        ...(purpose === undefined ? {} : { purpose }),
        ...(licences === undefined ? {} : { licences }),
        ...(consent === undefined ? {} : { consent }),
        ...(options.treasury === undefined
          ? {}
          : { treasury: await accountOf(api, options.treasury) })
      })
      const { languages = [], ...rules } = rulesOf(options)
      const founded = await api.datanets.create(
        { ...draft, ...rules, ...(languages.length === 0 ? {} : { languages }) },
        { signal }
      )
      await print.show(
        founded,
        (one) => `Founded “${one.name}” on chain.\n\n${describe(one, print.columns)}`
      )
    }
  }),
  command<{ topic?: string }>({
    name: 'datanet list',
    summary: 'the Datanets this peer hosts or has met',
    options: [new Option('--topic <text>', 'look for more on the network')],
    async run({ api, options, print, signal }) {
      const found =
        options.topic === undefined
          ? await api.datanets.list()
          : await api.datanets.find(options.topic, { signal })
      await print.list(found, async (all) =>
        datanetTable(all, (await api.status()).peerId, print.columns)
      )
    }
  }),
  command({
    name: 'datanet show',
    summary: 'one Datanet and its newest revision kept here',
    args: '[datanet]',
    async run({ api, args, print, signal }) {
      const datanet = await datanetOf(api, args[0])
      const revision = await api.datanets.head(datanet.id).catch(() => undefined)
      const replicas = await api.datanets.replicas(datanet.id, { signal })
      const forks = await api.datanets.forks(datanet.id)
      const kept = revision === undefined ? {} : { revision }
      const shown = { ...datanet, ...kept, replicas, ...(forks.length === 0 ? {} : { forks }) }
      await print.show(shown, () => {
        const copies = replicaTable(replicas, revision?.ordinal ?? 0, print.columns)
        const parts = [describe(datanet, print.columns, revision), copies, ...forks.map(forkText)]
        return parts.filter((part) => part !== '').join('\n\n')
      })
    }
  }),
  command({
    name: 'datanet publish',
    summary: 'publish and anchor a revision of all that is accepted',
    args: '[datanet]',
    async run({ api, args, print, signal }) {
      const { id, name, curators, threshold } = await datanetOf(api, args[0])
      const own = (await api.accounts.list()).filter(({ address }) => curators.includes(address))
      if (own.length > 0 && own.length < threshold) {
        const proposed = await api.datanets.propose(id, { signal, onProgress: print.progress })
        return print.show(proposed, (one) => proposalState(one, name, print.columns))
      }
      const revision = await api.datanets.publish(id, { signal, onProgress: print.progress })
      await print.show(
        revision,
        ({ ordinal, rows, content }) =>
          `Revision ${ordinal} of “${name}” is anchored on chain.\nrows     ${rows}\ncontent  ${content}`
      )
    }
  })
]

/** Datanets as rows; `peerId` marks those hosted here. */
export function datanetTable(
  all: readonly DatanetSummary[],
  peerId: string,
  width: number
): string {
  return table(
    [
      { head: 'DATANET', isWhole: true },
      { head: 'NAME' },
      { head: 'TOPICS' },
      { head: 'LICENCES' },
      { head: 'HOST' }
    ],
    all.map((one) => [
      short(one.id),
      one.name,
      one.topics.join(', '),
      one.licences.join(', '),
      one.intakeHost === peerId ? 'here' : shortPeer(one.intakeHost)
    ]),
    { width, empty: 'No Datanet is known here. Look for one: datanet search <topic>' }
  )
}

function describe(one: DatanetSummary, width: number, revision?: RevisionSummary): string {
  const { royaltyPpm, contributorsPpm, builderPpm, curatorsPpm, treasuryPpm } = one.royalty
  const byReviews = one.review.earns === undefined ? '' : ' by their reviews'
  const shares =
    `contributors ${percent(contributorsPpm)}, builder ${percent(builderPpm)}, ` +
    `curators ${percent(curatorsPpm)}${byReviews}, treasury ${percent(treasuryPpm)}`
  return fields(
    [
      ['datanet', one.id],
      ['name', one.name],
      ['purpose', one.purpose],
      ['topics', one.topics.join(', ')],
      ['takes', one.schemas.join(', ')],
      ['languages', (one.languages ?? []).join(', ')],
      ['licences', one.licences.join(', ')],
      ['consent', one.consent],
      ['curators', `${one.threshold} of ${one.curators.join(', ')}`],
      ['royalty', `${percent(royaltyPpm)} of a call: ${shares}`],
      ['host', one.intakeHost],
      ['copies', one.hosts.join(', ')],
      [
        'manifest',
        `number ${one.seq}; changes are announced for ${lasting(one.changeDelayMs)} first`
      ],
      ['revision', revision === undefined ? '' : rowsOf(revision)]
    ],
    width
  )
}

function rowsOf({ ordinal, rows, withdrawn }: RevisionSummary): string {
  return `${ordinal}, ${rows} rows${withdrawn === 0 ? '' : `, ${withdrawn} of them withdrawn since`}`
}

/** A time in the largest unit that it is whole in. */
function lasting(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second']
  ]
  const [unitMs, unit] = units.find(([size]) => ms >= size && ms % size === 0) ?? [1_000, 'second']
  const amount = Math.round(ms / unitMs)
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
