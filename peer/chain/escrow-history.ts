import type { WaitOptions } from './chain.ts'
import type { ChannelTerms, ClaimRow } from './escrow.ts'

/** What anyone can read of the escrow's past, as long as the endpoint keeps it. */
export interface EscrowHistory {
  /** The terms that a channel was opened with, as the chain tells them; undefined for none. */
  termsOf(channelId: string, options?: WaitOptions): Promise<ChannelTerms | undefined>
  /** Every channel that was ever opened to `operator`, oldest first. */
  channelsOf(
    operator: string,
    options?: WaitOptions
  ): Promise<Array<{ readonly channelId: string; readonly terms: ChannelTerms }>>
  /** Operator and token of every pool under `auditor` that royalty was ever collected into, each once. */
  poolsOf(
    auditor: string,
    options?: WaitOptions
  ): Promise<Array<{ readonly operator: string; readonly token: string }>>
  /**
   * The voucher by which a channel was last claimed, out of the transaction that showed it; undefined
   * when it never was, or by a transaction to another contract.
   */
  claimedBy(channelId: string, options?: WaitOptions): Promise<Omit<ClaimRow, 'terms'> | undefined>
}
