import { Option } from 'commander'
import type { AccountDetails, HandOverState } from '../../api/accounts-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { type CliCommand, command, read } from './command.ts'
import { fields, table, wrap } from './layout.ts'
import { moneyOf } from './money.ts'
import { accountOf, datanetOf } from './resolve.ts'
import { short } from './short.ts'
import { PLAIN_KEYS } from './tell-start.ts'

interface HandOverOptions {
  readonly to: string
  readonly datanet?: readonly string[]
  readonly signature?: string
}

type State<S extends HandOverState['state']> = Extract<HandOverState, { readonly state: S }>

/** `account create`, which is `wallet create` as well. */
export const createAccount: CliCommand = command({
  name: 'account create',
  summary: 'a new account with a fresh key, kept by this peer',
  args: '<label>',
  async run({ api, args, print }) {
    const created = await api.accounts.create(args[0] ?? '')
    await print.show(created, ({ label, address }) => `${label} is ${address}`)
  }
})

/** `datanet account …`: whom this peer can act for. */
export const accountCommands: readonly CliCommand[] = [
  createAccount,
  command({
    name: 'account list',
    summary: 'the accounts whose keys this peer keeps',
    async run({ api, print }) {
      await print.list(await api.accounts.list(), async (all) => {
        const { keystore } = await api.status()
        const shown = table(
          [{ head: 'ACCOUNT', isWhole: true }, { head: 'LABEL' }],
          all.map(({ address, label }) => [address, label]),
          { width: print.columns, empty: 'No account is kept here.' }
        )
        return keystore === 'encrypted' ? shown : `${shown}\n\nThe keys are ${PLAIN_KEYS}`
      })
    }
  }),
  command({
    name: 'account show',
    summary: 'one account: what it holds, contributed and handed over',
    args: '[account]',
    async run({ api, args, print, signal }) {
      const named = args[0] ?? (await api.status()).account
      const details = await api.accounts.show(named, { signal })
      await print.show(details, (shown) => inWords(api, shown, print.columns))
    }
  }),
  command<HandOverOptions>({
    name: 'account hand-over',
    summary: 'give what an account contributed to a key of its own',
    args: '<account>',
    options: [
      new Option('--to <address>', 'who takes it over').makeOptionMandatory(),
      new Option('--datanet <id>', 'where; may be repeated').argParser(read.many),
      new Option('--signature <hex>', 'of the new owner, where the peer keeps no key of theirs')
    ],
    async run({ api, args, options, print, signal }) {
      const { to, datanet, signature } = options
      const named =
        datanet === undefined ? [] : await Promise.all(datanet.map((d) => datanetOf(api, d)))
      const state = await api.accounts.handOver(
        {
          account: args[0] ?? '',
          to: await accountOf(api, to),
          ...(datanet === undefined ? {} : { datanets: named.map(({ id }) => id) }),
          ...(signature === undefined ? {} : { signature })
        },
        { signal }
      )
      await print.show(state, (said) =>
        said.state === 'to sign'
          ? tellToSign(said, args[0] ?? '')
          : tellSubmitted(said, print.columns)
      )
    }
  }),
  command({
    name: 'account balance',
    summary: 'what an account holds, by the chain',
    args: '[account]',
    async run({ api, args, print, signal }) {
      const account = await accountOf(api, args[0])
      const balanceWei = await api.accounts.balance(account, { signal })
      await print.show({ account, balanceWei }, async () => {
        const money = await moneyOf(api)
        return `${account} holds ${money(balanceWei)}`
      })
    }
  })
]

async function inWords(api: PeerApi, shown: AccountDetails, width: number): Promise<string> {
  const { address, label, balanceWei, contributions, handOvers } = shown
  const holds = balanceWei === undefined ? 'no chain answers' : (await moneyOf(api))(balanceWei)
  const kept = label === undefined ? 'not kept here' : label
  const parts = [
    fields(
      [
        ['account', address],
        ['label', kept],
        ['holds', holds]
      ],
      width
    )
  ]
  const row = (counts: AccountDetails['contributions'][number]) => [
    short(counts.datanet),
    ...[counts.accepted, counts.pending, counts.rejected].map(String)
  ]
  if (contributions.length > 0) {
    const heads = ['ACCEPTED', 'PENDING', 'REJECTED'].map((head) => ({ head, isRight: true }))
    const columns = [{ head: 'CONTRIBUTED TO' }, ...heads]
    parts.push(table(columns, contributions.map(row), { width, empty: '' }))
  }
  for (const { oldAccount, newAccount, datanet, ordinal } of handOvers) {
    const way = oldAccount === address ? `Handed over to ${newAccount}` : `Took over ${oldAccount}`
    const where = datanet === undefined ? '' : ` in ${short(datanet)}`
    const since = ordinal === 0 ? 'not yet published' : `from revision ${ordinal} on`
    parts.push(`${way}\n  ${since}${where}`)
  }
  return parts.join('\n\n')
}

/** What the new owner must sign, alone at the end, so that it can be copied whole. */
function tellToSign({ newAccount, typedData }: State<'to sign'>, account: string): string {
  return [
    `Its new owner must sign this with ${newAccount},`,
    'by eth_signTypedData_v4 of any wallet:',
    '',
    JSON.stringify(typedData),
    '',
    'Then:',
    '',
    `  datanet account hand-over ${account} \\`,
    `    --to ${newAccount} \\`,
    '    --signature 0x…',
    '',
    'Until then who keeps the key of the old account can take everything it earns.'
  ].join('\n')
}

function tellSubmitted({ newAccount, datanets }: State<'submitted'>, width: number): string {
  const lines = datanets.map(({ datanet, ordinal, code }) => {
    if (code !== undefined) return `  ${short(datanet)}  refused: ${code}`
    const since = ordinal ? `since revision ${ordinal}` : 'with the next published revision'
    return `  ${short(datanet)}  ${since}`
  })
  const note =
    'From that revision on, models that are built on it credit the new account. What was earned ' +
    'before stays with the old account: whoever keeps its key can take it, and pays it out.'
  return [`Handed over to ${newAccount}`, '', ...lines, '', wrap(note, width)].join('\n')
}
