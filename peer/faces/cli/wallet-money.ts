import { Option } from 'commander'
import type { VaultSummary } from '../../api/accounts-api.ts'
import { parseAmount } from '../../api/amounts.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { fields, wrap } from './layout.ts'
import { coin, coins, moneyOf } from './money.ts'
import { accountOf } from './resolve.ts'
import { minute } from './short.ts'

interface WithdrawOptions {
  readonly to?: string
  readonly account?: string
  readonly coin?: boolean
  readonly vault?: boolean
  readonly yes?: boolean
}

const ACCOUNT = new Option('--account <account>', 'address or label; by default the peer’s own')

/** `datanet wallet …`: money into the peer's accounts and its vault, and out of them. */
export const walletMoneyCommands: readonly CliCommand[] = [
  command({
    name: 'wallet vault',
    summary: 'what was put aside for channels to come',
    async run({ api, print, whose, signal }) {
      const vault = await api.accounts.vault({ signal })
      await print.show(vault, async (one) =>
        tellVault(one, await moneyOf(api), whose, print.columns)
      )
    }
  }),
  command<{ vault?: bigint }>({
    name: 'wallet deposit',
    pays: true,
    summary: 'where to pay to; --vault puts aside for channels to come',
    args: '[account]',
    options: [
      new Option(
        '--vault <amount>',
        'of the peer’s own account, out of which channels are opened'
      ).argParser(read.amount)
    ],
    async run({ api, args, options, print, whose, signal }) {
      if (options.vault !== undefined) {
        if (args[0] !== undefined) {
          const hint = 'only the peer’s own account has a vault'
          throw refusal('INPUT_INVALID', { param: 'account' }, { hint })
        }
        const vault = await api.accounts.vaultDeposit(options.vault, { signal })
        await print.show(vault, async (one) =>
          tellVault(one, await moneyOf(api), whose, print.columns)
        )
        return
      }
      const target = await api.accounts.deposit(await accountOf(api, args[0]), { signal })
      await print.show(target, async ({ address, chainId, token, isGiven }) => {
        const { symbol } = (await api.status()).token ?? { symbol: 'tokens' }
        const money = await moneyOf(api)
        const held = await api.accounts.holdings(address, { signal })
        const shown = fields(
          [
            ['pay to', address],
            ['on chain', String(chainId)],
            [symbol, `the token at ${token}`],
            ['holds', `${money(held.balanceWei)}, and ${coin(held.gasWei)} for gas`]
          ],
          print.columns
        )
        const way = isGiven
          ? 'The faucet of this devnet just gave it gas and play money.'
          : `It needs ${symbol} to pay with, and some of the chain’s own coin for gas.`
        return `${shown}\n\n${wrap(way, print.columns)}`
      })
    }
  }),
  command<WithdrawOptions>({
    name: 'wallet withdraw',
    pays: true,
    summary: 'send tokens (--coin: gas coins) away; --vault: take some out of the vault',
    args: '[amount]',
    options: [
      new Option('--to <address>', 'who gets them'),
      new Option('--vault', 'out of the vault, back to the peer’s own account').conflicts([
        'to',
        'coin',
        'account'
      ]),
      new Option('--coin', 'of the chain’s own coin, which pays gas'),
      ACCOUNT,
      new Option('--yes', 'without asking')
    ],
    async run({ api, args, options, print, whose, signal }) {
      const [amount] = args
      const asked =
        amount === undefined || amount === 'all' ? {} : { amountWei: parseAmount(amount) }
      if (options.vault === true) {
        const done = await api.accounts.vaultWithdraw(asked, { signal })
        await print.show(done, async (one) => {
          const money = await moneyOf(api)
          const came = one.returnedWei > 0n ? `${money(one.returnedWei)} came back.\n\n` : ''
          return came + tellVault(one, money, whose, print.columns)
        })
        return
      }
      const { to } = options
      if (to === undefined || amount === undefined) {
        const param = to === undefined ? 'to' : 'amount'
        const hint = 'say how much goes to whom: datanet wallet withdraw 1.5 --to 0x…'
        throw refusal('INPUT_INVALID', { param }, { hint })
      }
      const account = await accountOf(api, options.account)
      const tokens = await moneyOf(api)
      const money = options.coin === true ? coins : tokens
      const said = asked.amountWei === undefined ? 'all it holds' : money(asked.amountWei)
      if (options.yes !== true) {
        const hint = 'nobody to ask: --yes sends without asking'
        if (print.prompt === undefined) throw refusal('INPUT_INVALID', { param: 'yes' }, { hint })
        print.write(`${said}\n  from ${account}\n  to   ${to}\n`)
        const answer = await print.prompt('Send it? It cannot be taken back. [y/N] ')
        if (!/^y(es)?$/i.test(answer.trim())) {
          await print.show({ isSent: false }, () => 'Nothing was sent.')
          return
        }
      }
      const kind = options.coin === true ? { asset: 'coin' as const } : {}
      const sent = await api.accounts.send({ account, to, ...asked, ...kind }, { signal })
      await print.show(sent, ({ txHash, amountWei }) =>
        [`Sent ${money(amountWei)} to ${to}`, `transaction ${txHash}`].join('\n')
      )
    }
  })
]

function tellVault(
  { balanceWei, withdrawingWei, readyAtMs }: VaultSummary,
  money: (amountWei: bigint) => string,
  whose: string,
  width: number
): string {
  if (balanceWei === 0n) {
    const text =
      'The vault is empty. What is put into it by datanet wallet deposit --vault <amount> pays for ' +
      'every channel that is opened, to whichever provider, in one transaction each.'
    return wrap(text, width)
  }
  const holds = `The vault holds ${money(balanceWei)}. Channels are opened out of it.`
  if (readyAtMs === undefined) return wrap(holds, width)
  const out =
    `${holds} ${money(withdrawingWei)} of it is on its way out, and no channel is opened from ` +
    `that. From ${minute(readyAtMs)} on it comes back by:`
  return `${wrap(out, width)}\n\n  npx datanet wallet withdraw --vault${whose}`
}
