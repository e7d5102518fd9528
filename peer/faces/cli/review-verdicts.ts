import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { ReviewDraft, Reviewed, ReviewItem } from '../../api/reviews-api.ts'
import { type Call, type CliCommand, command, read } from './command.ts'
import { wrap } from './layout.ts'
import { means, theOne } from './named.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { curatorOf, REVIEW_OPTIONS } from './review.ts'
import { itemText, nextSteps, statsText } from './review-shown.ts'
import { short } from './short.ts'

interface VerdictOptions {
  readonly datanet?: string
  readonly account?: string
  readonly code?: string
  readonly reason?: string
}

const reason = new Option('--reason <text>', 'why, for its author')
const REASONS =
  'off-topic, incorrect, unclear, duplicate, personal-data, licence, harmful, spam or other'

const VERDICTS: ReadonlyArray<{
  readonly verdict: ReviewDraft['verdict']
  readonly summary: string
  readonly options: readonly Option[]
}> = [
  { verdict: 'approve', summary: 'it belongs into the Datanet', options: [] },
  {
    verdict: 'reject',
    summary: 'it does not, and why',
    options: [new Option('--code <code>', REASONS), reason]
  },
  { verdict: 'unsure', summary: 'leave it to others', options: [] },
  {
    verdict: 'flag',
    summary: 'take it from everybody’s desk',
    options: [
      new Option('--code <code>', 'why')
        .choices(['personal-data', 'licence', 'harmful', 'spam'])
        .makeOptionMandatory(),
      reason
    ]
  },
  { verdict: 'clear', summary: 'what was flagged is none of that', options: [reason] }
]

/** `datanet review next|approve|…`: one step at a time, for scripts and for careful people. */
export const reviewVerdictCommands: readonly CliCommand[] = [
  command<VerdictOptions & { readonly most?: number }>({
    name: 'review next',
    summary: 'take what is next, for a while yours alone',
    options: [
      ...REVIEW_OPTIONS,
      new Option('--most <n>', 'how many, 16 at most').argParser(read.count)
    ],
    async run(call) {
      const { api, print, signal, options } = call
      const of = await deskOf(call)
      const query = { ...of.at, most: options.most ?? 1 }
      const items = await api.datanets.reviewNext(query, { signal })
      await print.list(items, (all) => itemsText(all, of.datanet, call))
    }
  }),
  command<VerdictOptions>({
    name: 'review show',
    summary: 'look at an item again',
    args: '<contribution>',
    options: REVIEW_OPTIONS,
    async run(call) {
      const { api, print, signal } = call
      const { at } = await deskOf(call)
      const contribution = await itemOf(call, at)
      const item = await api.datanets.reviewShow({ ...at, contribution }, { signal })
      await print.show(item, (one) => itemText(one, print.columns))
    }
  }),
  command<VerdictOptions>({
    name: 'review held',
    summary: 'what was flagged and waits for your word',
    options: REVIEW_OPTIONS,
    async run(call) {
      const { api, print, signal } = call
      const { at, datanet } = await deskOf(call)
      const items = await api.datanets.reviewHeld({ ...at, most: 16 }, { signal })
      await print.list(items, (all) =>
        all.length === 0 ? `Nothing is held in “${datanet.name}”.` : itemsText(all, datanet, call)
      )
    }
  }),
  ...VERDICTS.map(({ verdict, summary, options }) =>
    command<VerdictOptions>({
      name: `review ${verdict}`,
      summary,
      args: '[contribution]',
      options: [...REVIEW_OPTIONS, ...options],
      async run(call) {
        const { api, print, signal } = call
        const { at, datanet } = await deskOf(call)
        const contribution = await itemOf(call, at)
        const { code, reason } = call.options
        const said = await api.datanets.review(
          {
            ...{ ...at, contribution, verdict },
            ...(code === undefined ? {} : { code }),
            ...(reason === undefined ? {} : { reason })
          },
          { signal }
        )
        await print.show({ contribution, verdict, ...said }, () =>
          wrap(outcome(contribution, said, datanet), print.columns)
        )
      }
    })
  ),
  command<VerdictOptions>({
    name: 'review give',
    summary: 'give items back to the others',
    args: '[contribution...]',
    options: REVIEW_OPTIONS,
    async run(call) {
      const { api, print, signal } = call
      const { at } = await deskOf(call)
      const mine = await api.datanets.reviewNext({ ...at, most: 16, isMine: true }, { signal })
      const contributions = mine
        .map(({ contribution }) => contribution)
        .filter((id) => call.args.length === 0 || call.args.some((named) => means(named, id)))
      await api.datanets.reviewGive({ ...at, contributions }, { signal })
      await print.show({ contributions }, () => `${contributions.length} given back.`)
    }
  }),
  command<VerdictOptions>({
    name: 'review stats',
    summary: 'what the curators did, and how far they agree',
    options: REVIEW_OPTIONS,
    async run(call) {
      const { api, print, signal } = call
      const { at } = await deskOf(call)
      const stats = await api.datanets.reviewStats(at, { signal })
      await print.show(stats, () => statsText(stats, print.columns))
    }
  }),
  command<VerdictOptions & { readonly text?: string }>({
    name: 'review appeal',
    summary: 'have others hear what was rejected',
    args: '<contribution>',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is known'),
      new Option('--account <account>', 'its contributor: address or label'),
      new Option(
        '--text <text>',
        'what they should know; public if it is upheld'
      ).makeOptionMandatory()
    ],
    async run({ api, args: [named = ''], options, print, signal }) {
      const datanet = await datanetOf(api, options.datanet)
      const account = await accountOf(api, options.account)
      const own = await api.datanets.submissions({ account, datanet: datanet.id })
      const found = own.filter(({ contribution }) => means(named, contribution))
      const hint = 'this account handed in no such contribution: datanet contribution list'
      const { contribution } = theOne(found, 'CONTRIBUTION_UNKNOWN', named, 'contribution', hint)
      const draft = { datanet: datanet.id, account, contribution, text: options.text ?? '' }
      const { status } = await api.datanets.appeal(draft, { signal })
      await print.show({ contribution, status }, () =>
        wrap(
          'It goes to curators who have said nothing about it. What they decide is final: ' +
            'datanet contribution status tells it.',
          print.columns
        )
      )
    }
  })
]

/** The Datanet, and who sits at its desk. */
async function deskOf({ api, options }: Call<VerdictOptions>) {
  const datanet = await datanetOf(api, options.datanet)
  const account = await curatorOf(api, datanet, options.account)
  return { datanet, at: { datanet: datanet.id, account } }
}

/** The item that is meant: a CID, the ends of one that this curator has, or the only one they have. */
async function itemOf(
  { api, args: [named], signal }: Call<VerdictOptions>,
  at: { datanet: string; account: string }
): Promise<string> {
  if (named !== undefined && /^bafy[a-z2-7]{55}$/.test(named)) return named
  const mine = await api.datanets.reviewNext({ ...at, most: 16, isMine: true }, { signal })
  const held =
    named === undefined ? [] : await api.datanets.reviewHeld({ ...at, most: 16 }, { signal })
  const found = [...mine, ...held].filter(
    ({ contribution }) => named === undefined || means(named, contribution)
  )
  const hint = 'take one first: datanet review next'
  return theOne(found, 'CONTRIBUTION_UNKNOWN', named, 'item', hint).contribution
}

function itemsText(
  items: readonly ReviewItem[],
  { name }: DatanetSummary,
  { print, whose }: Pick<Call, 'print' | 'whose'>
): string {
  if (items.length === 0) return `Nothing waits for you in “${name}”.`
  return items
    .map((item) => `${itemText(item, print.columns)}\n\n${nextSteps(item, whose)}`)
    .join('\n\n')
}

function outcome(contribution: string, said: Reviewed, { name }: DatanetSummary): string {
  const others = said.verdicts ?? []
  const heard = others.length === 0 ? '' : ` Others had said: ${others.join(', ')}.`
  const id = short(contribution)
  if (said.isHeld === true) return `${id} is held until the curators of “${name}” decide.${heard}`
  if (said.status === 'pending') return `Taken. ${id} waits for others.${heard}`
  return `${id} is ${said.status}.${heard}`
}
