import type { Equivocation } from '../../protocol/receipt/equivocation.ts'
import type { Inclusion, WaitOptions } from './chain.ts'

/** What names one bond: who staked, on whose receipts, in which token. */
export interface BondKey {
  readonly owner: string
  readonly receiptSigner: string
  readonly token: string
}

/** A bond on chain; zeros when there is none. */
export interface BondState {
  readonly stakeWei: bigint
  /** The part on its way out, which can still be slashed. Once `readyAtMs` has passed, it can leave. */
  readonly withdrawal?: { readonly amountWei: bigint; readonly readyAtMs: number }
}

/** ProviderBond. Amounts are in the smallest unit of the token. specs/09-reward.md §Bond */
export interface BondContract {
  /** Stakes from this account, which must have approved the bond contract unless it is coins. */
  stake(key: Omit<BondKey, 'owner'>, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  /** Starts (or restarts) a withdrawal from this account's bond. */
  startWithdraw(
    key: Omit<BondKey, 'owner'>,
    amountWei: bigint,
    options?: WaitOptions
  ): Promise<Inclusion>
  finishWithdraw(key: BondKey, options?: WaitOptions): Promise<Inclusion>
  /** Takes the whole bond for two contradicting receipts; a tenth goes to `reporter`. */
  slash(
    key: BondKey,
    proof: Equivocation,
    reporter: string,
    options?: WaitOptions
  ): Promise<Inclusion & { rewardWei: bigint }>
  bondOf(key: BondKey, options?: WaitOptions): Promise<BondState>
  /** Bonds that somebody ever staked on this signer, each once; what is left of them `bondOf` says. */
  bondsOn(receiptSigner: string, options?: WaitOptions): Promise<BondKey[]>
  /** Whether a bond on this signer was ever slashed. */
  isConvicted(receiptSigner: string, options?: WaitOptions): Promise<boolean>
}
