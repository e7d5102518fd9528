import { Option } from 'commander'
import type { BountySummary } from '../../api/bounties-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { bountyTable, bountyText } from './bounty-text.ts'
import { type CliCommand, command, read } from './command.ts'
import { licenceOf } from './contribute.ts'
import { wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { means, theOne } from './named.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short } from './short.ts'

interface InDatanet {
  readonly datanet?: string
}

interface OpenOptions extends InDatanet {
  readonly account?: string
  readonly budget?: bigint
  readonly for: number
  readonly language?: string
  readonly schema?: readonly string[]
  readonly allowPersonalData?: boolean
  readonly anyway?: boolean
}

interface FillOptions extends InDatanet {
  readonly account?: string
  readonly licence?: string
  readonly language?: string
  readonly allowPersonalData?: boolean
}

interface ApproveOptions extends InDatanet {
  readonly account?: string
  readonly instead?: boolean
}

const inDatanet = new Option('--datanet <datanet>', 'id or name; needless where one is known')

/** `datanet bounty …`: questions that a Datanet does not answer yet, and money for who answers. */
export const bountyCommands: readonly CliCommand[] = [
  command({
    name: 'bounty list',
    summary: 'open questions, those with the most money first',
    args: '[datanet]',
    async run({ api, args, print, signal, whose }) {
      const { id, name } = await datanetOf(api, args[0])
      const all = await api.datanets.bounties(id, { signal })
      await print.list(all, async (some) =>
        bountyTable(some, { name, money: await moneyOf(api), whose }, print.columns)
      )
    }
  }),
  command<InDatanet>({
    name: 'bounty show',
    summary: 'one of them, its answers, and who approves what',
    args: '<bounty>',
    options: [inDatanet],
    async run({ api, args, options, print, whose }) {
      const bounty = await bountyOf(api, options, args[0])
      await print.show(bounty, async (one) =>
        bountyText(one, { money: await moneyOf(api), whose }, print.columns)
      )
    }
  }),
  command<OpenOptions>({
    name: 'bounty open',
    summary: 'ask in public what nobody answered',
    args: '<question...>',
    pays: true,
    options: [
      inDatanet,
      new Option('--account <account>', 'in whose name: address or label (own)'),
      new Option('--budget <amount>', 'lock as much of the peer’s money for who answers').argParser(
        read.amount
      ),
      new Option('--for <time>', 'how long it stands, such as 12h or 30d')
        .argParser(read.duration)
        .default(2_592_000_000, '30d'),
      new Option('--language <code>', 'of the question; recognised unless given'),
      new Option('--schema <id>', 'in which an answer is wanted; may be repeated').argParser(
        read.many
      ),
      new Option('--allow-personal-data', 'publish it although it holds what looks personal'),
      new Option('--anyway', 'also if nearly the same question is open')
    ],
    async run({ api, args, options, print, signal, whose }) {
      const { id } = await datanetOf(api, options.datanet)
      const { budget, language, schema } = options
      const opened = await api.datanets.openBounty(
        {
          ...{ datanet: id, account: await accountOf(api, options.account) },
          ...{ question: args.join(' ').trim(), lifeMs: options.for },
          ...(budget === undefined ? {} : { budgetWei: budget }),
          ...(language === undefined ? {} : { language }),
          ...(schema === undefined ? {} : { schemas: schema }),
          ...(options.allowPersonalData === true ? { allowPersonalData: true } : {}),
          ...(options.anyway === true ? { anyway: true } : {})
        },
        { signal }
      )
      const named = { datanet: id, bounty: opened.bounty }
      const shown =
        budget === undefined
          ? opened
          : await api.datanets.fundBounty({ ...named, amountWei: budget }, { signal })
      await print.show(shown, async (one) =>
        bountyText(one, { money: await moneyOf(api), whose }, print.columns)
      )
    }
  }),
  command<InDatanet>({
    name: 'bounty fund',
    summary: 'lock money for who answers it',
    args: '<bounty> <amount>',
    pays: true,
    options: [inDatanet],
    async run({ api, args, options, print, signal, whose }) {
      const { datanet, bounty } = await bountyOf(api, options, args[0])
      const amountWei = read.amount(args[1] ?? '')
      const funded = await api.datanets.fundBounty({ datanet, bounty, amountWei }, { signal })
      await print.show(funded, async (one) =>
        bountyText(one, { money: await moneyOf(api), whose }, print.columns)
      )
    }
  }),
  command<FillOptions>({
    name: 'bounty fill',
    summary: 'answer one in your own words',
    args: '<bounty> <answer...>',
    options: [
      inDatanet,
      new Option('--account <account>', 'who answers and earns: address or label (own)'),
      new Option('--licence <id>', 'needless where the Datanet accepts only one'),
      new Option('--language <code>', 'of the answer; that of the question unless given'),
      new Option('--allow-personal-data', 'give it although it holds what looks personal')
    ],
    async run({ api, args, options, print, signal, whose }) {
      const asked = await bountyOf(api, options, args[0])
      const datanet = await datanetOf(api, asked.datanet)
      const answer = args.slice(1).join(' ').trim()
      const given = await api.datanets.contribute(
        {
          ...{ datanet: asked.datanet, account: await accountOf(api, options.account) },
          ...{ schema: 'qa/1', content: { question: asked.question, answer } },
          ...{ bounty: asked.bounty, licence: licenceOf(datanet, options.licence) },
          language: options.language ?? asked.language,
          ...(options.allowPersonalData === true ? { allowPersonalData: true } : {})
        },
        { signal }
      )
      await print.show(given, ({ contribution, status }) => {
        const means =
          `${short(contribution)} is handed in for ${short(asked.bounty)}: ${status}. What is locked ` +
          'is paid once a revision holds it and curators approve that it answers the question:'
        const next = `  npx datanet bounty show ${short(asked.bounty)}${whose}`
        return `${wrap(means, print.columns)}\n${next}`
      })
    }
  }),
  command<ApproveOptions>({
    name: 'bounty approve',
    summary: 'as a curator: it is answered, pay the author',
    args: '<bounty> [answer]',
    options: [
      inDatanet,
      new Option('--account <account>', 'the curator: address or label (all kept here)'),
      new Option('--instead', 'also if another contribution was approved before')
    ],
    async run({ api, args, options, print, signal, whose }) {
      const asked = await bountyOf(api, options, args[0])
      const { datanet, bounty } = asked
      const { account, instead } = options
      const approved = await api.datanets.approveBounty(
        {
          ...{ datanet, bounty },
          ...(args[1] === undefined ? {} : { contribution: answerOf(asked, args[1]) }),
          ...(account === undefined ? {} : { account: await accountOf(api, account) }),
          ...(instead === true ? { instead } : {})
        },
        { signal }
      )
      await print.show(approved, async (one) =>
        bountyText(one, { money: await moneyOf(api), whose }, print.columns)
      )
    }
  }),
  command({
    name: 'bounty claim',
    summary: 'have an account paid what bounties credited it',
    args: '[account]',
    async run({ api, args, print, signal }) {
      const account = await accountOf(api, args[0])
      const claim = await api.datanets.claimBounties(account, { signal })
      await print.show(claim, async (one) => {
        const money = await moneyOf(api)
        return `${money(one.claimedWei)} paid to ${one.account}\ntransaction ${one.txHash}`
      })
    }
  }),
  command<InDatanet>({
    name: 'bounty refund',
    summary: 'take back what you locked for one that has expired',
    args: '<bounty>',
    options: [inDatanet],
    async run({ api, args, options, print, signal }) {
      const { datanet, bounty } = await bountyOf(api, options, args[0])
      const back = await api.datanets.refundBounty({ datanet, bounty }, { signal })
      await print.show(back, async (one) => {
        const money = await moneyOf(api)
        return `${money(one.refundedWei)} came back.\ntransaction ${one.txHash}`
      })
    }
  })
]

/** The bounty that `named` means: an id, or the ends of one. */
async function bountyOf(
  api: PeerApi,
  { datanet }: InDatanet,
  named: string | undefined
): Promise<BountySummary> {
  const { id } = await datanetOf(api, datanet)
  const all = await api.datanets.bounties(id)
  const found = all.filter(({ bounty }) => named !== undefined && means(named, bounty))
  return theOne(found, 'BOUNTY_UNKNOWN', named, 'bounty', 'see them: datanet bounty list')
}

/** The id of an answer that is named by its ends; a whole id may be one that no host told of. */
function answerOf({ answers }: BountySummary, named: string): string {
  const found = answers.filter(({ contribution }) => means(named, contribution))
  if (found.length === 0 && named.length > 40 && !named.includes('…')) return named
  if (found[0] !== undefined && found.length === 1) return found[0].contribution
  const hint = 'no such contribution was handed in for it: datanet bounty show lists them'
  throw refusal('CONTRIBUTION_UNKNOWN', { named }, { hint })
}
