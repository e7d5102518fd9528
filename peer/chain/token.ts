import type { TypedDomain } from '../../protocol/base/typed-data.ts'
import type { Inclusion, WaitOptions } from './chain.ts'

/** What a token calls itself and how its amounts are written. */
export interface TokenDescription {
  readonly symbol: string
  readonly decimals: number
}

/** What owners of a token can sign instead of sending a transaction to it, as the token itself says. */
export interface TokenSigning {
  /** The domain of its signatures; undefined where it has none that can be found out. */
  domain(options?: WaitOptions): Promise<TypedDomain | undefined>
  /** The number of the owner's next permit; undefined for a token without ERC-2612. */
  permitNonce(owner: string, options?: WaitOptions): Promise<bigint | undefined>
  /** Whether it has EIP-3009. */
  takesAuthorizations(options?: WaitOptions): Promise<boolean>
}

/** What the contracts know the chain's own coin by. specs/07-channel.md §Funding */
export const COIN = `0x${'0'.repeat(40)}`

/** Whether `token` stands for the chain's own coin. */
export function isCoin(token: string): boolean {
  return token === COIN
}

/** The ERC-20 of `contracts.token`, or the chain's own coin. */
export interface TokenContract {
  /** By its own words. Refuses an address without such a token (CHAIN_WRONG). */
  describe(options?: WaitOptions): Promise<TokenDescription>
  readonly signing: TokenSigning
  balanceOf(account: string, options?: WaitOptions): Promise<bigint>
  allowance(owner: string, spender: string, options?: WaitOptions): Promise<bigint>
  approve(spender: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
  transfer(to: string, amountWei: bigint, options?: WaitOptions): Promise<Inclusion>
}
