import type { Inclusion, WaitOptions } from './chain.ts'

/** The ERC-20 of `contracts.token`. */
export interface TokenContract {
  balanceOf(account: string, options?: WaitOptions): Promise<bigint>
  allowance(owner: string, spender: string, options?: WaitOptions): Promise<bigint>
  approve(spender: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  transfer(to: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
}
