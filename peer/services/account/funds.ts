import { DatanetError } from '../../../protocol/base/errors.ts'
import type {
  AccountSummary,
  AccountsApi,
  DepositTarget,
  ExportedKey,
  Holdings,
  KeyExport,
  KeyImport,
  Sent,
  Transfer
} from '../../api/accounts-api.ts'
import { formatAmount } from '../../api/amounts.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Chain } from '../../chain/chain.ts'
import { openKeystoreFile, readAddress, sealKeystoreFile } from '../../wallet/keystore-file.ts'
import { isTextSignedBy } from '../../wallet/text-signature.ts'
import type { WalletAccount } from '../../wallet/wallet.ts'
import type { Parts } from '../parts.ts'

/** Keys and money of the accounts kept here. specs/10-api.md §Accounts and money */
export type Funds = Pick<
  AccountsApi,
  'holdings' | 'deposit' | 'send' | 'signedText' | 'import' | 'export'
>

/** What a service of money needs beside the parts. */
export interface FundsInit {
  /** The chain with `account` as the one that signs; closed by who asked for it. */
  chainAs(account: WalletAccount): Chain
  /** Asks a devnet's faucet; false where there is none. */
  askFaucet(address: string): Promise<boolean>
}

/** The money of a wallet's accounts. */
export function createFunds(
  parts: Pick<Parts, 'wallet' | 'chain'>,
  { chainAs, askFaucet }: FundsInit
): Funds {
  const { wallet, chain } = parts

  function held(named: string): WalletAccount {
    const account = wallet.find(named)
    if (account === undefined) throw new DatanetError('ACCOUNT_UNKNOWN', { account: named })
    return account
  }

  async function holdings(named: string, options: CallOptions = {}): Promise<Holdings> {
    const account = wallet.find(named)
    const address = account?.address ?? (named.startsWith('0x') ? readAddress(named) : undefined)
    if (address === undefined) throw new DatanetError('ACCOUNT_UNKNOWN', { account: named })
    const [balanceWei, gasWei] = await Promise.all([
      chain.token.balanceOf(address, options),
      chain.gasBalanceOf(address, options)
    ])
    const label = account === undefined ? {} : { label: account.label }
    return { address, ...label, balanceWei, gasWei }
  }

  /** What is sent to a contract of ours, or to its token, nobody gets back. */
  function refuseLost(from: string, to: string): void {
    const { registry, escrow, pool, bond, bounty, token } = chain.contracts
    const refuse = (hint: string) => new DatanetError('INPUT_INVALID', { param: 'to' }, { hint })
    if ([registry, escrow, pool, bond, bounty, token].includes(to)) {
      throw refuse('this is the address of a contract: what is sent there is lost')
    }
    if (to === from) throw refuse('this is the account itself')
  }

  function short(asset: 'gas' | 'token', from: Holdings, neededWei: bigint): DatanetError {
    const hint =
      asset === 'gas'
        ? `${from.address} holds ${formatAmount(from.gasWei, '', 18)} of the chain's own coin, which pays for sending`
        : `${from.address} holds ${formatAmount(from.balanceWei)} of the token, which is less`
    const heldWei = asset === 'gas' ? from.gasWei : from.balanceWei
    return new DatanetError(
      'FUNDS_INSUFFICIENT',
      { asset, account: from.address, heldWei: `${heldWei}`, neededWei: `${neededWei}` },
      { hint }
    )
  }

  /** Does `work` with the chain as `account` uses it. */
  async function as<T>(account: WalletAccount, work: (own: Chain) => Promise<T>): Promise<T> {
    if (account.address === chain.account) return work(chain)
    const own = chainAs(account)
    try {
      return await work(own)
    } finally {
      own.close()
    }
  }

  return {
    holdings,

    async deposit(named, options = {}): Promise<DepositTarget> {
      const { address } = held(named)
      await chain.check(options)
      const { chainId, token } = chain.contracts
      return { address, chainId: Number(chainId), token, isGiven: await askFaucet(address) }
    },

    async signedText({ address, text, signature }) {
      return { isSigned: isTextSignedBy(address, text, signature) }
    },

    async send(
      { account: named, to: text, amountWei: askedWei, asset = 'token' }: Transfer,
      options = {}
    ): Promise<Sent> {
      const account = held(named)
      await chain.check(options)
      const to = readAddress(text)
      refuseLost(account.address, to)
      if (askedWei === 0n) {
        const hint = 'an amount above 0'
        throw new DatanetError('INPUT_INVALID', { param: 'amountWei' }, { hint })
      }
      const before = await holdings(account.address, options)
      const from = account.address
      if (asset === 'coin') {
        if (before.gasWei <= (askedWei ?? 0n)) throw short('gas', before, askedWei ?? 1n)
        const send = (own: Chain) => own.sendCoins(to, askedWei ?? 'all', options)
        const { amountWei, txHash } = await as(account, send)
        return { asset, from, to, amountWei, txHash }
      }
      const amountWei = askedWei ?? before.balanceWei
      if (before.balanceWei < amountWei || amountWei === 0n) {
        throw short('token', before, amountWei === 0n ? 1n : amountWei)
      }
      if (before.gasWei === 0n) throw short('gas', before, 1n)
      const send = (own: Chain) => own.token.transfer(to, amountWei, options)
      const { txHash } = await as(account, send)
      return { asset, from, to, amountWei, txHash }
    },

    async import({ label, keystore, passphrase }: KeyImport): Promise<AccountSummary> {
      wallet.refuseLabel(label)
      const secretKey = await openKeystoreFile(keystore, passphrase)
      const { address } = wallet.add(label, secretKey)
      return { address, label }
    },

    async export({ account: named, passphrase }: KeyExport): Promise<ExportedKey> {
      const { address, label, secretKey } = held(named)
      return { address, label, keystore: await sealKeystoreFile(address, secretKey, passphrase) }
    }
  }
}
