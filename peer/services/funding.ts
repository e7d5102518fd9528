import { DatanetError } from '../../protocol/base/errors.ts'
import type { PayerLedger } from '../../protocol/channel/payer-ledger.ts'
import type { Terms } from '../../protocol/channel/terms.ts'
import { formatAmount } from '../api/amounts.ts'
import type { CallOptions } from '../api/peer-api.ts'
import type { Parts } from './parts.ts'

/** Pays into a channel from the peer's own account. Refuses what it does not hold (FUNDS_INSUFFICIENT). */
export type Fund = (terms: Terms, amountWei: bigint, options: CallOptions) => Promise<void>

/** Funding, one at a time: the allowance is the account's, and two at once would count on the same one. */
export function createFunding({ chain, wallet }: Pick<Parts, 'chain' | 'wallet'>): Fund {
  const { escrow } = chain.contracts
  let funding: Promise<unknown> = Promise.resolve()

  async function fundNow(terms: Terms, amountWei: bigint, options: CallOptions): Promise<void> {
    const account = wallet.own.address
    const balanceWei = await chain.token.balanceOf(account, options)
    if (balanceWei < amountWei) {
      const [holds, needs] = [formatAmount(balanceWei), formatAmount(amountWei)]
      const hint =
        `${account} holds ${holds} of the token, and a deposit of ${needs} is due; ` +
        'datanet wallet deposit says where to pay to'
      throw new DatanetError(
        'FUNDS_INSUFFICIENT',
        { account, balanceWei: `${balanceWei}`, neededWei: `${amountWei}` },
        { hint }
      )
    }
    if ((await chain.token.allowance(account, escrow, options)) < amountWei) {
      await chain.token.approve(escrow, amountWei, options)
    }
    await chain.escrow.fund(terms, amountWei, options)
  }

  return (terms, amountWei, options) => {
    const turn = funding.catch(() => {}).then(() => fundNow(terms, amountWei, options))
    funding = turn
    return turn
  }
}

/** Never seen with a deposit: it was not paid, or not answered, and nothing was promised on it. */
export function isUnfunded({ depositWei, voucher }: PayerLedger): boolean {
  return depositWei === 0n && voucher.cumulativeWei === 0n
}

/** What the deposit still holds once every open call has cost its most, in wei. */
export function freeWei(ledger: PayerLedger): bigint {
  let openWei = 0n
  for (const call of ledger.calls.values()) openWei += call.maxWei - call.coveredWei
  return ledger.depositWei - ledger.voucher.cumulativeWei - openWei
}
