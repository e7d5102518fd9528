import { DatanetError } from '../../protocol/base/errors.ts'
import type { AccountSummary, AccountsApi } from '../api/accounts-api.ts'
import type { WalletAccount } from '../wallet/wallet.ts'
import type { Parts } from './parts.ts'

/** The accounts of this peer's wallet. */
export function createAccounts(parts: Pick<Parts, 'wallet' | 'chain'>): AccountsApi {
  const { wallet, chain } = parts

  return {
    create: async (label) => plain(wallet.create(label)),
    ensure: async (label) => plain(wallet.find(label) ?? wallet.create(label)),
    async find(named) {
      const account = wallet.find(named)
      if (account === undefined) throw new DatanetError('ACCOUNT_UNKNOWN', { account: named })
      return plain(account)
    },
    list: async () => wallet.list().map(plain),
    balance: (address, options) => chain.token.balanceOf(address, options)
  }
}

function plain({ address, label }: WalletAccount): AccountSummary {
  return { address, label }
}
