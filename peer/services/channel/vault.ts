import { DatanetError } from '../../../protocol/base/errors.ts'
import type { AccountsApi, VaultSummary } from '../../api/accounts-api.ts'
import { formatAmount } from '../../api/amounts.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Parts } from '../parts.ts'

/** The vault of the peer's own account. */
export type Vault = Pick<AccountsApi, 'vault' | 'vaultDeposit' | 'vaultWithdraw'>

/** One deposit for channels to come, of which the escrow pays each by an order. specs/07-channel.md §Vault */
export function createVault({ chain, wallet }: Pick<Parts, 'chain' | 'wallet'>): Vault {
  const account = () => wallet.own.address

  async function vault(options: CallOptions = {}): Promise<VaultSummary> {
    const { token } = chain.contracts
    const { balanceWei, withdrawal } = await chain.escrow.vaultOf(account(), token, options)
    return {
      account: account(),
      balanceWei,
      withdrawingWei: withdrawal?.amountWei ?? 0n,
      ...(withdrawal === undefined ? {} : { readyAtMs: withdrawal.readyAtMs })
    }
  }

  function refuseNothing(amountWei: bigint): void {
    if (amountWei > 0n) return
    throw new DatanetError('INPUT_INVALID', { param: 'amountWei' }, { hint: 'an amount above 0' })
  }

  function refuseMore(amountWei: bigint, heldWei: bigint, where: string): void {
    if (amountWei <= heldWei) return
    throw new DatanetError(
      'FUNDS_INSUFFICIENT',
      { asset: 'token', heldWei: `${heldWei}`, neededWei: `${amountWei}` },
      { hint: `${where} holds ${formatAmount(heldWei)} of the token, which is less` }
    )
  }

  return {
    vault,

    async vaultDeposit(amountWei, options = {}) {
      refuseNothing(amountWei)
      const { token, escrow } = chain.contracts
      refuseMore(amountWei, await chain.token.balanceOf(account(), options), account())
      if ((await chain.token.allowance(account(), escrow, options)) < amountWei) {
        await chain.token.approve(escrow, amountWei, options)
      }
      await chain.escrow.vaultDeposit(account(), token, amountWei, options)
      return vault(options)
    },

    async vaultWithdraw({ amountWei }, options = {}) {
      const { token } = chain.contracts
      const before = await vault(options)
      const { readyAtMs = Number.POSITIVE_INFINITY } = before
      if (readyAtMs <= (await chain.nowMs(options))) {
        await chain.escrow.vaultFinishWithdraw(account(), token, options)
        const after = await vault(options)
        return { ...after, returnedWei: before.balanceWei - after.balanceWei }
      }
      // One that is on its way is begun anew for another amount only.
      const isSame = amountWei === undefined || amountWei === before.withdrawingWei
      if (before.readyAtMs !== undefined && isSame) return { ...before, returnedWei: 0n }
      const askedWei = amountWei ?? before.balanceWei
      refuseNothing(askedWei)
      refuseMore(askedWei, before.balanceWei, 'the vault')
      await chain.escrow.vaultStartWithdraw(token, askedWei, options)
      return { ...(await vault(options)), returnedWei: 0n }
    }
  }
}
