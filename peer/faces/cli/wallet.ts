import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Holdings } from '../../api/accounts-api.ts'
import { formatAmount, parseAmount } from '../../api/amounts.ts'
import type { BudgetSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { createAccount } from './account.ts'
import { type CliCommand, command } from './command.ts'
import { fields, table, wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { accountOf } from './resolve.ts'
import { minute, shortPeer } from './short.ts'

/** A key file is a few hundred bytes. */
const MAX_KEY_BYTES = 65_536
/** The coin of every chain that is reached by JSON-RPC. */
const COIN_DECIMALS = 18
/** Accounts that the chain is asked about at a time. */
const PARALLEL = 8

const PASSPHRASE_FILE = new Option(
  '--passphrase-file <file>',
  'with the passphrase of the key file; mode 600'
)
const ACCOUNT = new Option('--account <account>', 'address or label; by default the peer’s own')

interface KeyOptions {
  readonly passphraseFile?: string
}

/** `datanet wallet …`: the keys of this peer, and its money. */
export const walletCommands: readonly CliCommand[] = [
  { ...createAccount, name: 'wallet create' },
  command<KeyOptions & { label?: string }>({
    name: 'wallet import',
    summary: 'take in the key of an encrypted key file (Ethereum V3)',
    args: '<file>',
    options: [new Option('--label <label>', 'what it is called here'), PASSPHRASE_FILE],
    async run({ api, args, options, print, passphrase, signal }) {
      const keystore = readKeyFile(args[0] ?? '')
      const given = { keystore, label: options.label ?? 'imported' }
      const words = await passphrase({ ...fileOf(options), question: 'Passphrase of that file: ' })
      const account = await api.accounts.import({ ...given, passphrase: words }, { signal })
      await print.show(account, ({ label, address }) => `${label} is ${address}`)
    }
  }),
  command<KeyOptions & { out?: string }>({
    name: 'wallet export',
    summary: 'write the key of an account to an encrypted key file',
    args: '[account]',
    options: [new Option('--out <file>', 'where to; never over a file'), PASSPHRASE_FILE],
    async run({ api, args, options, print, passphrase, signal }) {
      const account = await accountOf(api, args[0])
      const file = options.out ?? `datanet-${account}.json`
      if (existsSync(file)) throw notWritten(file, `${file} is there already`)
      const question = 'Passphrase for the file, eight characters or more: '
      const words = await passphrase({ ...fileOf(options), question, isNew: true })
      const key = await api.accounts.export({ account, passphrase: words }, { signal })
      writeKeyFile(file, key.keystore)
      await print.show({ address: key.address, label: key.label, file }, () =>
        [
          `The key of ${key.label} is in ${file}`,
          '',
          wrap(
            'Whoever has the file and its passphrase has the account. Every Ethereum wallet ' +
              'opens it, and another peer does with: datanet wallet import',
            print.columns
          )
        ].join('\n')
      )
    }
  }),
  command({
    name: 'wallet balance',
    summary: 'what each account holds, and what pays its gas',
    args: '[account]',
    async run({ api, args, print, signal }) {
      const named =
        args[0] === undefined
          ? (await api.accounts.list({ signal })).map(({ address }) => address)
          : [await accountOf(api, args[0])]
      const all: Holdings[] = []
      for (let at = 0; at < named.length; at += PARALLEL) {
        const some = named.slice(at, at + PARALLEL)
        all.push(...(await Promise.all(some.map((one) => api.accounts.holdings(one, { signal })))))
      }
      await print.list(all, (held) => balances(api, held, print.columns))
    }
  }),
  command({
    name: 'wallet budget',
    summary: 'what this peer promised to pay today, and what it may still',
    async run({ api, print }) {
      const budget = await api.channels.budget()
      await print.show(budget, async (one) => tellBudget(one, await moneyOf(api), print.columns))
    }
  }),
  command({
    name: 'wallet deposit',
    summary: 'where to pay to; a devnet’s faucet gives play money at once',
    args: '[account]',
    async run({ api, args, print, signal }) {
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
  command<{ to: string; account?: string; coin?: boolean; yes?: boolean }>({
    name: 'wallet withdraw',
    pays: true,
    summary: 'send tokens (--coin: gas coins) away; an amount, or all',
    args: '<amount>',
    options: [
      new Option('--to <address>', 'who gets them').makeOptionMandatory(),
      new Option('--coin', 'of the chain’s own coin, which pays gas'),
      ACCOUNT,
      new Option('--yes', 'without asking')
    ],
    async run({ api, args, options, print, signal }) {
      const [amount = ''] = args
      const isAll = amount === 'all'
      const asked = isAll ? {} : { amountWei: parseAmount(amount) }
      const account = await accountOf(api, options.account)
      const tokens = await moneyOf(api)
      const money = options.coin === true ? coins : tokens
      const said = asked.amountWei === undefined ? 'all it holds' : money(asked.amountWei)
      if (options.yes !== true) {
        const hint = 'nobody to ask: --yes sends without asking'
        if (print.prompt === undefined) throw refusal('INPUT_INVALID', { param: 'yes' }, { hint })
        print.write(`${said}\n  from ${account}\n  to   ${options.to}\n`)
        const answer = await print.prompt('Send it? It cannot be taken back. [y/N] ')
        if (!/^y(es)?$/i.test(answer.trim())) {
          await print.show({ isSent: false }, () => 'Nothing was sent.')
          return
        }
      }
      const kind = options.coin === true ? { asset: 'coin' as const } : {}
      const sent = await api.accounts.send(
        { account, to: options.to, ...asked, ...kind },
        { signal }
      )
      await print.show(sent, ({ to, txHash, amountWei }) =>
        [`Sent ${money(amountWei)} to ${to}`, `transaction ${txHash}`].join('\n')
      )
    }
  })
]

function fileOf({ passphraseFile }: KeyOptions): { readonly file?: string } {
  return passphraseFile === undefined ? {} : { file: passphraseFile }
}

function readKeyFile(path: string): string {
  try {
    if (statSync(path).size > MAX_KEY_BYTES) throw new Error('too large')
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const hint = `${path} is no key file that can be read`
    throw refusal('INPUT_INVALID', { file: path }, { cause, hint })
  }
}

/** For its owner alone, and never over another file: that may be the only copy of a key. */
function writeKeyFile(file: string, keystore: string): void {
  try {
    writeFileSync(file, `${keystore}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw notWritten(file, `${file} cannot be written`, cause)
  }
}

function notWritten(file: string, hint: string, cause?: unknown): Error {
  return refusal('INPUT_INVALID', { file }, { cause, hint })
}

async function balances(api: PeerApi, all: readonly Holdings[], width: number): Promise<string> {
  const money = await moneyOf(api)
  return table(
    [
      { head: 'LABEL' },
      { head: 'ACCOUNT', isWhole: true },
      { head: 'HOLDS', isRight: true },
      { head: 'GAS COIN', isRight: true }
    ],
    all.map(({ label, address, balanceWei, gasWei }) => [
      label ?? '–',
      address,
      money(balanceWei),
      coin(gasWei)
    ]),
    { width, empty: 'No account is kept here.' }
  )
}

function coins(amountWei: bigint): string {
  return formatAmount(amountWei, 'coins of the chain', COIN_DECIMALS)
}

/** To six places: what pays gas is never counted to the last one. */
function coin(amountWei: bigint): string {
  const step = 10n ** 12n
  if (amountWei > 0n && amountWei < step) return 'less than 0.000001'
  return formatAmount(amountWei - (amountWei % step), '', COIN_DECIMALS)
}

function tellBudget(
  budget: BudgetSummary,
  money: (amountWei: bigint) => string,
  width: number
): string {
  const { maxCallWei, spentWei, reservedWei, day, maxProviderDayWei, providers, freesAtMs } = budget
  const none = 'no bound'
  const shown = fields(
    [
      ['a call', `at most ${money(maxCallWei)}`],
      ['a day', day === undefined ? none : `at most ${money(day.limitWei)}`],
      [
        'a provider',
        maxProviderDayWei === undefined ? none : `at most ${money(maxProviderDayWei)} a day`
      ],
      ['promised today', money(spentWei)],
      ['calls that run', reservedWei === 0n ? '' : `may promise ${money(reservedWei)} more`],
      ['left today', day === undefined ? '' : money(day.leftWei)],
      ['next day', `begins ${minute(freesAtMs)}`]
    ],
    width
  )
  if (providers.length === 0) return shown
  const rows = table(
    [
      { head: 'PROVIDER' },
      { head: 'PROMISED TODAY', isRight: true },
      { head: 'LEFT TODAY', isRight: true }
    ],
    providers.map((one) => [
      shortPeer(one.provider),
      money(one.spentWei),
      one.leftWei === undefined ? none : money(one.leftWei)
    ]),
    { width, empty: '' }
  )
  return `${shown}\n\n${rows}`
}
