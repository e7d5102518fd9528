import type { BondSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { offerOf } from './channel.ts'
import { type CliCommand, command, read } from './command.ts'
import { table, wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { minute, short } from './short.ts'

/** `datanet bond …`: what a provider loses when it signs two receipts for one place. */
export const bondCommands: readonly CliCommand[] = [
  command({
    name: 'bond show',
    summary: 'what is staked on your receipts, or on those of who serves a model',
    args: '[model]',
    async run({ api, args, print, whose, signal }) {
      const [named] = args
      const isAddress = /^0x[0-9a-fA-F]{40}$/.test(named ?? '')
      const who = named === undefined ? 'own' : isAddress ? named : await offerOf(api, named)
      const bond = await api.receipts.bond(who, { signal })
      await print.show(bond, (one) =>
        tellBond(api, one, { whose, isOwn: who === 'own' }, print.columns)
      )
    }
  }),
  command({
    name: 'bond stake',
    pays: true,
    summary: 'as a provider: stake on your own receipts',
    args: '<amount>',
    async run({ api, args, print, whose, signal }) {
      const bond = await api.receipts.stake(read.amount(args[0] ?? ''), { signal })
      await print.show(bond, (one) => tellBond(api, one, { whose, isOwn: true }, print.columns))
    }
  }),
  command({
    name: 'bond withdraw',
    pays: true,
    summary: 'take a bond back; done again when the delay has passed',
    args: '[amount]',
    async run({ api, args, print, whose, signal }) {
      const draft = args[0] === undefined ? {} : { amountWei: read.amount(args[0]) }
      const done = await api.receipts.unstake(draft, { signal })
      await print.show(done, async (one) => {
        const money = await moneyOf(api)
        const came = one.returnedWei > 0n ? `${money(one.returnedWei)} came back.\n\n` : ''
        return came + (await tellBond(api, one, { whose, isOwn: true }, print.columns))
      })
    }
  })
]

async function tellBond(
  api: PeerApi,
  { receiptSigner, isConvicted, stakeWei, bonds }: BondSummary,
  { whose, isOwn }: { readonly whose: string; readonly isOwn: boolean },
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  const signer = isOwn ? 'your receipts' : `the receipts of ${short(receiptSigner)}`
  if (isConvicted) {
    const text =
      `Two receipts for one call were shown of ${signer}: the bond is gone, and nothing can be ` +
      'staked on that key any more.'
    return wrap(text, width)
  }
  if (bonds.length === 0) {
    const stake = isOwn ? ' datanet bond stake <amount> shows callers that you mean them.' : ''
    return wrap(`Nothing is staked on ${signer}.${stake}`, width)
  }
  const rows = table(
    [
      { head: 'BY', isWhole: true },
      { head: 'STAKE', isRight: true },
      { head: 'ON ITS WAY OUT', isRight: true },
      { head: 'FROM', isWhole: true }
    ],
    bonds.map((one) => [
      short(one.owner),
      money(one.stakeWei),
      one.withdrawingWei === 0n ? '–' : money(one.withdrawingWei),
      one.readyAtMs === undefined ? '–' : minute(one.readyAtMs)
    ]),
    { width, empty: '' }
  )
  const means =
    `${money(stakeWei)} is lost, a tenth of it to who reports it, if two receipts are ever signed ` +
    `for one place by this key.`
  const isLeaving = isOwn && bonds.some(({ readyAtMs }) => readyAtMs !== undefined)
  const next = `\n\nOnce the delay has passed it comes back by:\n  npx datanet bond withdraw${whose}`
  return `${rows}\n\n${wrap(means, width)}${isLeaving ? next : ''}`
}
