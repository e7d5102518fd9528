import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Holdings } from '../../api/accounts-api.ts'
import type { BudgetSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { createAccount } from './account.ts'
import { type CliCommand, command } from './command.ts'
import { fields, table, wrap } from './layout.ts'
import { coin, moneyOf } from './money.ts'
import { accountOf } from './resolve.ts'
import { minute, shortPeer } from './short.ts'
import { walletMoneyCommands } from './wallet-money.ts'

/** A key file is a few hundred bytes. */
const MAX_KEY_BYTES = 65_536
/** Accounts that the chain is asked about at a time. */
const PARALLEL = 8

const PASSPHRASE_FILE = new Option(
  '--passphrase-file <file>',
  'with the passphrase of the key file; mode 600'
)

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
  ...walletMoneyCommands
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
