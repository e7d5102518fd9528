import { Option } from 'commander'
import type { ChannelSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { table } from './layout.ts'
import { moneyOf } from './money.ts'
import { modelOf } from './resolve.ts'
import { short, shortPeer } from './short.ts'

/** `datanet channel …`: what stands between a payer and a provider. */
export const channelCommands: readonly CliCommand[] = [
  command<{ model?: string; offer?: string; deposit: bigint }>({
    name: 'channel open',
    summary: 'open a channel to a provider; asking opens one by itself',
    options: [
      new Option('--model <model>', 'whose offer; by default the newest model met'),
      new Option('--offer <offer>', 'one offer, by its id'),
      new Option('--deposit <amount>', 'what is put in')
        .argParser(read.amount)
        .makeOptionMandatory()
    ],
    async run({ api, options, print, signal }) {
      const offer = options.offer ?? (await offerOf(api, options.model))
      const opened = await api.channels.open({ offer, depositWei: options.deposit }, { signal })
      await print.show(opened, (one) => channelTable(api, [one], print.columns))
    }
  }),
  command({
    name: 'channel list',
    summary: 'the channels this peer pays or is paid through',
    async run({ api, print }) {
      await print.list(await api.channels.list(), (all) => channelTable(api, all, print.columns))
    }
  })
]

async function offerOf(api: PeerApi, named?: string): Promise<string> {
  const all = await api.models.list()
  const model = modelOf(
    all.map((one) => one.model),
    named
  )
  const offer = all.find((one) => one.model.model === model.model)?.offers[0]
  if (offer === undefined) throw refusal('OFFER_UNKNOWN', { model: model.name })
  return offer.offer
}

async function channelTable(
  api: PeerApi,
  all: readonly ChannelSummary[],
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  return table(
    [
      { head: 'CHANNEL', isWhole: true },
      { head: 'SIDE' },
      { head: 'PEER' },
      { head: 'DEPOSIT', isRight: true },
      { head: 'SPENT', isRight: true },
      { head: 'CLAIMED', isRight: true },
      { head: 'RECEIPTS', isRight: true }
    ],
    all.map((one) => [
      short(one.channelId),
      one.side,
      shortPeer(one.peer),
      money(one.depositWei),
      money(one.spentWei),
      money(one.claimedWei),
      String(one.receipts)
    ]),
    { width, empty: 'No channel yet: the first paid question opens one.' }
  )
}
