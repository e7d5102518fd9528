import type { Inclusion, WaitOptions } from './chain.ts'

/** What a token calls itself and how its amounts are written. */
export interface TokenDescription {
  readonly symbol: string
  readonly decimals: number
}

/** The ERC-20 of `contracts.token`. */
export interface TokenContract {
  /** By its own words. Refuses an address without such a token (CHAIN_WRONG). */
  describe(options?: WaitOptions): Promise<TokenDescription>
  balanceOf(account: string, options?: WaitOptions): Promise<bigint>
  allowance(owner: string, spender: string, options?: WaitOptions): Promise<bigint>
  approve(spender: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  transfer(to: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
}
