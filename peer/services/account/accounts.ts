import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type {
  AccountSummary,
  AccountsApi,
  ContributionCount,
  HandOverSummary
} from '../../api/accounts-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { WalletAccount } from '../../wallet/wallet.ts'
import { createVault } from '../channel/vault.ts'
import type { Datanets } from '../datanet/datanets.ts'
import { createHandOvers } from '../datanet/hand-overs.ts'
import type { Parts } from '../parts.ts'
import type { Funds } from './funds.ts'

/** The accounts of this peer's wallet, and what is known of them. specs/04-datanet.md §Hand-over */
export function createAccounts(
  parts: Pick<Parts, 'accountStore' | 'datanetStore' | 'wallet' | 'chain' | 'pool' | 'now'>,
  datanets: Datanets,
  funds: Funds
): AccountsApi {
  const { accountStore, datanetStore, wallet, chain } = parts
  const handOver = createHandOvers(parts, datanets)

  function held(named: string): WalletAccount {
    const account = wallet.find(named)
    if (account === undefined) throw new DatanetError('ACCOUNT_UNKNOWN', { account: named })
    return account
  }

  /** As the host where it is one, else by what hosts said when it was handed in. */
  function contributions(account: string): ContributionCount[] {
    const known = datanetStore.countOf(account)
    const hosted = new Set(known.map(({ datanet }) => datanet))
    const elsewhere = accountStore.countOf(account).filter(({ datanet }) => !hosted.has(datanet))
    const byDatanet = new Map<string, ContributionCount>()
    for (const { datanet, status, count } of [...known, ...elsewhere]) {
      const before = byDatanet.get(datanet) ?? { datanet, pending: 0, accepted: 0, rejected: 0 }
      byDatanet.set(datanet, { ...before, [status]: count })
    }
    return [...byDatanet.values()]
  }

  function handOvers(account: string): HandOverSummary[] {
    const known = datanetStore.handOvers({ account })
    const own = accountStore.handOver(account)
    const isUnmet =
      own?.bytes !== undefined && !known.some(({ oldAccount }) => oldAccount === account)
    const shown = known.map(({ oldAccount, newAccount, datanet, revision }) => ({
      oldAccount,
      newAccount,
      datanet,
      ordinal: revision
    }))
    return isUnmet
      ? [...shown, { oldAccount: account, newAccount: own.newAccount, ordinal: 0 }]
      : shown
  }

  /** Undefined without a chain that answers: the rest is worth showing all the same. */
  async function balance(address: string, options: CallOptions): Promise<bigint | undefined> {
    try {
      return await chain.token.balanceOf(address, options)
    } catch (error) {
      if (isDatanetError(error) && /^CHAIN_/.test(error.code)) return undefined
      throw error
    }
  }

  return {
    ...funds,
    ...createVault(parts),
    create: async (label) => plain(wallet.create(label)),
    async ensure(label) {
      const known = wallet.find(label)
      return plain(known?.label === label ? known : wallet.create(label))
    },
    find: async (named) => plain(held(named)),
    list: async () => wallet.list().map(plain),
    balance: (address, options) => chain.token.balanceOf(address, options),
    handOver: (draft, options = {}) => handOver(held(draft.account), draft, options),

    async show(named, options = {}) {
      const account = wallet.find(named)
      const isAddress = /^0x[0-9a-fA-F]{40}$/.test(named)
      const address = account?.address ?? (isAddress ? named.toLowerCase() : held(named).address)
      const balanceWei = await balance(address, options)
      return {
        address,
        ...(account === undefined ? {} : { label: account.label }),
        ...(balanceWei === undefined ? {} : { balanceWei }),
        contributions: contributions(address),
        handOvers: handOvers(address)
      }
    }
  }
}

function plain({ address, label }: WalletAccount): AccountSummary {
  return { address, label }
}
