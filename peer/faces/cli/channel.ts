import { Option } from 'commander'
import type { ChannelClosing, ChannelSummary, FundingWay } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { table, wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { means, theOne } from './named.ts'
import { modelOf } from './resolve.ts'
import { minute, short, shortPeer } from './short.ts'

/** `datanet channel …`: what stands between a payer and a provider. */
export const channelCommands: readonly CliCommand[] = [
  command<{ model?: string; offer?: string; deposit: bigint }>({
    name: 'channel open',
    pays: true,
    summary: 'open a channel to a provider; asking opens one by itself',
    options: [
      new Option('--model <model>', 'whose offer; by default the newest model met'),
      new Option('--offer <offer>', 'one offer, by its id'),
      new Option('--deposit <amount>', 'what is put in')
        .argParser(read.amount)
        .makeOptionMandatory()
    ],
    async run({ api, options, print, whose, signal }) {
      const offer = options.offer ?? (await offerOf(api, options.model))
      const opened = await api.channels.open({ offer, depositWei: options.deposit }, { signal })
      await print.show(opened, async (one) => {
        const shown = await channelTable(api, [one], whose, print.columns)
        return one.paidBy === undefined ? shown : `${shown}\n\nPaid ${PAID_BY[one.paidBy]}.`
      })
    }
  }),
  command({
    name: 'channel list',
    summary: 'the channels this peer pays or is paid through',
    async run({ api, print, whose }) {
      await print.list(await api.channels.list(), (all) =>
        channelTable(api, all, whose, print.columns)
      )
    }
  }),
  command({
    name: 'channel close',
    summary: 'take a deposit back, at once where the provider agrees',
    args: '[channel]',
    async run({ api, args, print, whose, signal }) {
      const channel = await channelOf(api, args[0])
      const { channelId, authorisedWei, spentWei } = channel
      const isClosed = channel.state === 'closed'
      const done = { channelId, state: 'closed' as const, pendingWei: 0n, returnedWei: 0n }
      const closing = isClosed ? done : await api.channels.close(channelId, { signal })
      const aheadWei = authorisedWei > spentWei ? authorisedWei - spentWei : 0n
      await print.show(closing, async (one) => {
        const money = await moneyOf(api)
        if (isClosed)
          return `Channel ${short(channelId)} is closed already. Nothing was to be done.`
        const told = tellClosing(one, money, whose, print.columns)
        return aheadWei === 0n ? told : `${told}\n\n${tellAhead(money(aheadWei), print.columns)}`
      })
    }
  })
]

const PAID_BY: Readonly<Record<FundingWay, string>> = {
  vault: 'out of the vault, in one transaction',
  coins: 'in coins of the chain, in one transaction',
  allowance: 'by an allowance that was there, in one transaction',
  authorization: 'by an authorization (EIP-3009), in one transaction',
  permit: 'by a permit (ERC-2612), in one transaction',
  approval: 'by an approval and a payment: the token takes no signatures'
}

function tellClosing(
  closing: ChannelClosing,
  money: (amountWei: bigint) => string,
  whose: string,
  width: number
): string {
  const { channelId, state, pendingWei, returnedWei, readyAtMs, agreement, refusedBy } = closing
  const came = returnedWei > 0n ? `${money(returnedWei)} came back to your account. ` : ''
  if (state === 'closing') {
    const text =
      `The provider agreed and sends the transaction, since this account has nothing for gas: ` +
      `${money(pendingWei)} is on its way back.`
    return wrap(came + text, width)
  }
  if (state === 'closed' || readyAtMs === undefined) {
    if (agreement !== undefined) {
      return wrap(`The provider agreed, so the channel is closed at once: ${came}`.trim(), width)
    }
    const rest =
      came === ''
        ? 'It is closed: what was not signed for is back in your account.'
        : 'The channel is closed.'
    return wrap(came + rest, width)
  }
  const why = refusedBy === undefined ? '' : `${WHY[refusedBy] ?? OTHERWISE} (${refusedBy}). `
  return [
    wrap(
      `${came}${why}No further call is made on this channel, and ${money(pendingWei)} is on its ` +
        `way back. ${untilOf(readyAtMs)} the provider can still claim what was signed for; then the ` +
        'peer takes the rest back by itself, within seconds. Where it did not run by then, or ' +
        'idleCloseS is 0, or when the provider may agree by now:',
      width
    ),
    '',
    `  npx datanet channel close ${short(channelId)}${whose}`
  ].join('\n')
}

/** Why a provider did not agree to close at once, by the code that it gave. */
const WHY: Readonly<Record<string, string>> = {
  PEER_UNREACHABLE: 'The provider cannot be reached, so it takes the delay',
  PEER_GONE: 'The provider went away, so it takes the delay',
  PEER_SILENT: 'The provider does not answer, so it takes the delay',
  PROTOCOL_REFUSED: 'The provider cannot close at once, so it takes the delay',
  CHANNEL_BUSY: 'The provider has a call open on it still, so it takes the delay',
  RECEIPTS_BEHIND: 'The provider waits for receipts to be committed to, so it takes the delay',
  FUNDS_INSUFFICIENT: 'Nobody pays the gas of closing at once, so it takes the delay'
}
const OTHERWISE = 'The provider did not agree to close at once, so it takes the delay'

/** What was promised for a call before it was known what it costs. */
function tellAhead(amount: string, width: number): string {
  return wrap(
    `${amount} was signed for ahead, for calls that then cost less or were cut off. It stays with ` +
      'the provider: a voucher cannot be taken back, and only a later call would have used it up.',
    width
  )
}

const SOON_MS = 120_000

function untilOf(readyAtMs: number): string {
  const leftMs = readyAtMs - Date.now()
  if (leftMs > SOON_MS) return `Until ${minute(readyAtMs)}`
  return `For ${Math.max(1, Math.ceil(leftMs / 1_000))} s`
}

/** The paying channel that `named` means: by an id or the ends of one; else the only one that is not closed. */
async function channelOf(api: PeerApi, named?: string): Promise<ChannelSummary> {
  const all = (await api.channels.list()).filter(({ side }) => side === 'payer')
  const left = all.filter(({ state }) => state !== 'closed')
  // Who has closed the only one and asks again is told so.
  const unnamed = left.length > 0 ? left : all.slice(-1)
  const found = named === undefined ? unnamed : all.filter((one) => means(named, one.channelId))
  const hint = 'see those that this peer pays through: datanet channel list'
  return theOne(found, 'CHANNEL_UNKNOWN', named, 'channel', hint)
}

/** The id of the offer for the model that `named` means. Refuses OFFER_UNKNOWN. */
export async function offerOf(api: PeerApi, named?: string): Promise<string> {
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
  whose: string,
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  const rows = table(
    [
      { head: 'CHANNEL', isWhole: true },
      { head: 'SIDE', isWhole: true },
      { head: 'PEER' },
      { head: 'DEPOSIT', isRight: true },
      { head: 'SPENT', isRight: true },
      { head: 'FREE', isRight: true },
      { head: 'STATE', isWhole: true }
    ],
    all.map((one) => [
      short(one.channelId),
      one.side === 'payer' ? 'pays' : 'paid',
      shortPeer(one.peer),
      money(one.depositWei),
      money(one.spentWei),
      one.side === 'payer' ? money(one.withdrawableWei) : '–',
      one.state
    ]),
    { width, empty: 'No channel yet: the first paid question opens one.' }
  )
  const waiting = all.flatMap((one) =>
    one.side === 'payer' && one.readyAtMs !== undefined
      ? [
          `${money(one.withdrawableWei)} comes back by itself after ${minute(one.readyAtMs)}, or by:\n` +
            `  npx datanet channel close ${short(one.channelId)}${whose}`
        ]
      : []
  )
  return [rows, ...(waiting.length > 0 ? ['', ...waiting] : [])].join('\n')
}
