import { Option } from 'commander'
import type { CreditLine, EvidenceSummary, ReceiptSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { type CliCommand, command } from './command.ts'
import { fields, table } from './layout.ts'
import { moneyOf, percent } from './money.ts'
import { means, theOne } from './named.ts'
import { checksOf, explained, isWithoutTexts } from './receipt-words.ts'
import { receiptOf } from './resolve.ts'
import { minute, short, shortPeer } from './short.ts'

/** `datanet receipt …`: the calls this peer made and answered. */
export const receiptCommands: readonly CliCommand[] = [
  command({
    name: 'receipt list',
    summary: 'the receipts of calls made and answered here',
    async run({ api, print }) {
      const all = (await api.receipts.list()).toSorted((a, b) => b.finishedAtMs - a.finishedAtMs)
      await print.list(all, async () =>
        receiptTable(all, await modelNames(api), await moneyOf(api), print.columns)
      )
    }
  }),
  command({
    name: 'receipt show',
    summary: 'one receipt: usage, price, and who was credited',
    args: '[receipt]',
    async run({ api, args, print }) {
      const receipt = await api.receipts.show(await receiptOf(api, args[0]))
      await print.show(receipt, () => describe(api, receipt, print.columns))
    }
  }),
  command<{ fetch?: boolean }>({
    name: 'receipt verify',
    summary: 'check a receipt again, down to the texts that its credits follow from',
    args: '[receipt]',
    options: [
      new Option('--fetch', 'fetch the Datanet where its texts are not here, and check by them')
    ],
    async run({ api, args, options, print }) {
      const id = await receiptOf(api, args[0])
      let receipt = await api.receipts.verify(id)
      if (options.fetch === true && receipt.datanet !== undefined && isWithoutTexts(receipt)) {
        await api.datanets.fetch(receipt.datanet)
        receipt = await api.receipts.verify(id)
      }
      await print.show(
        { ...receipt, isValid: true },
        async () =>
          `${checksOf(receipt, print.columns)}\n\n${await describe(api, receipt, print.columns)}`
      )
    }
  }),
  command({
    name: 'receipt explain',
    summary: 'the answer of a call, with each sentence’s sources and what they have of it',
    args: '[receipt]',
    async run({ api, args, print }) {
      const one = await api.receipts.explain(await receiptOf(api, args[0]))
      await print.show(one, async () => explained(one, print.columns))
    }
  }),
  command({
    name: 'receipt report',
    summary: 'take the bond of who signed two receipts for one call',
    args: '[channel]',
    async run({ api, args, print }) {
      const [named] = args
      const found = (await api.receipts.evidence()).filter((one) =>
        named === undefined ? one.reportedWei === undefined : means(named, one.channelId)
      )
      const hint = 'no provider signed two receipts for one call, as far as this peer saw'
      const { channelId } = theOne(found, 'RECEIPT_UNKNOWN', named, 'channel', hint)
      const done = await api.receipts.report(channelId)
      const money = await moneyOf(api)
      await print.show(
        done,
        async () =>
          `${shortPeer(done.provider)} signed two receipts for one call and lost its bond of ` +
          `${money(done.takenWei)}.\n${money(done.rewardWei)} of it are yours; the rest is burnt.`
      )
    }
  }),
  command({
    name: 'receipt evidence',
    summary: 'providers that signed two receipts for one call, with the proof kept here',
    async run({ api, print }) {
      const all = await api.receipts.evidence()
      await print.list(all, async () => evidenceTable(all, await moneyOf(api), print.columns))
    }
  })
]

function evidenceTable(
  all: readonly EvidenceSummary[],
  money: (amountWei: bigint) => string,
  width: number
): string {
  return table(
    [
      { head: 'CHANNEL', isWhole: true },
      { head: 'PLACE', isRight: true },
      { head: 'PROVIDER' },
      { head: 'FOUND', isWhole: true },
      { head: 'REPORTED', isRight: true }
    ],
    all.map((one) => [
      short(one.channelId),
      `${one.seq}`,
      shortPeer(one.provider),
      minute(one.foundAtMs),
      one.reportedWei === undefined ? 'not yet' : money(one.reportedWei)
    ]),
    { width, empty: 'No provider signed two receipts for one call.' }
  )
}

function receiptTable(
  all: readonly ReceiptSummary[],
  names: ReadonlyMap<string, string>,
  money: (amountWei: bigint) => string,
  width: number
): string {
  return table(
    [
      { head: 'RECEIPT', isWhole: true },
      { head: 'FINISHED', isWhole: true },
      { head: 'OUTCOME', isWhole: true },
      { head: 'MODEL' },
      { head: 'PRICE', isRight: true },
      { head: 'ROYALTY', isRight: true }
    ],
    all.map((one) => [
      short(one.callId),
      minute(one.finishedAtMs),
      one.outcome,
      names.get(one.model) ?? short(one.model),
      money(one.priceWei),
      money(one.royaltyWei)
    ]),
    { width, empty: 'No receipt yet: ask something.' }
  )
}

/** The names of the models met, by their ids. */
async function modelNames(api: PeerApi): Promise<ReadonlyMap<string, string>> {
  return new Map((await api.models.list()).map(({ model }) => [model.model, model.name]))
}

async function describe(api: PeerApi, one: ReceiptSummary, width: number): Promise<string> {
  const money = await moneyOf(api)
  const name = (await modelNames(api)).get(one.model)
  const facts = fields(
    [
      ['receipt', one.callId],
      ['outcome', one.outcome],
      ['finished', minute(one.finishedAtMs)],
      ['model', name === undefined ? one.model : `${name}, ${one.model}`],
      ['provider', one.provider],
      ['channel', `${one.channelId}, place ${one.seq}`],
      ['tokens', `${one.inputTokens} asked, ${one.outputTokens} answered`],
      ['price', `${money(one.priceWei)}, of which ${money(one.royaltyWei)} royalty`],
      ['method', one.method]
    ],
    width
  )
  return `${facts}\n\n${creditTable(one.credits, width)}`
}

function creditTable(credits: readonly CreditLine[], width: number): string {
  return table(
    [
      { head: 'CREDIT', isRight: true },
      { head: 'BASIS' },
      { head: 'ACCOUNT', isWhole: true },
      { head: 'CONTRIBUTION', isWhole: true }
    ],
    credits.map(({ ppm, basis, account, contribution }) => [
      percent(ppm),
      basis,
      account === undefined ? '–' : short(account),
      contribution === undefined ? '–' : short(contribution)
    ]),
    { width, empty: 'nobody was credited' }
  )
}
