import { type CliCommand, command } from './command.ts'
import { table } from './layout.ts'
import { moneyOf } from './money.ts'
import { accountOf } from './resolve.ts'
import { PLAIN_KEYS } from './tell-start.ts'

/** `datanet account …`: whom this peer can act for. */
export const accountCommands: readonly CliCommand[] = [
  command({
    name: 'account create',
    summary: 'a new account with a fresh key, kept by this peer',
    args: '<label>',
    async run({ api, args, print }) {
      const created = await api.accounts.create(args[0] ?? '')
      await print.show(created, ({ label, address }) => `${label} is ${address}`)
    }
  }),
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
