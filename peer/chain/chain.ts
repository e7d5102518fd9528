import type { BondContract } from './bond.ts'
import type { BountyContract } from './bounty.ts'
import type { EscrowContract } from './escrow.ts'
import type { PoolContract } from './pool.ts'
import type { ChainReader } from './reader.ts'
import type { RegistryContract } from './registry.ts'
import type { TokenContract } from './token.ts'
import type { ChainTransactions } from './transactions.ts'

/** Where the contracts of one deployment live. Addresses are lowercase 0x strings. */
export interface ChainContracts {
  readonly chainId: bigint
  readonly registry: string
  readonly escrow: string
  readonly pool: string
  readonly bond: string
  /** Absent where the deployment has none: then nothing can be locked for a question. */
  readonly bounty?: string
  /** The token that channels of this deployment are paid in; the zero address: the chain's own coin. */
  readonly token: string
}

/** Every call that waits can be cancelled; the abort passes through unwrapped. */
export interface WaitOptions {
  readonly signal?: AbortSignal
}

/** What is known of a transaction once it is included as deep as the chain was asked to wait for. */
export interface Inclusion {
  readonly txHash: string
  readonly blockNumber: number
  readonly gasUsed: bigint
}

/**
 * The chain in our own terms, with one account that signs what is written. Hashes and addresses are
 * lowercase 0x strings, amounts are bigint in the token's smallest unit, times are unix milliseconds
 * of the chain's clock, signatures are compact 64 bytes. Writes resolve after inclusion; parallel
 * writes are put in order here. Every method refuses with CHAIN_UNREACHABLE when the endpoint does
 * not answer and CHAIN_WRONG when it serves another chain; writes also with CHAIN_REVERTED
 * (details.error is the contract's error name) and FUNDS_INSUFFICIENT.
 */
export interface Chain {
  readonly contracts: ChainContracts
  /** The account that signs what this object writes. */
  readonly account: string
  readonly registry: RegistryContract
  readonly escrow: EscrowContract
  readonly pool: PoolContract
  readonly bond: BondContract
  readonly bounty: BountyContract
  readonly token: TokenContract
  /** Blocks and what the contracts said in them, for who follows the chain. */
  readonly reader: ChainReader
  /** This account's transactions after they were signed. */
  readonly transactions: ChainTransactions
  /** Refuses an endpoint that does not answer or serves another chain than `contracts.chainId`. */
  check(options?: WaitOptions): Promise<void>
  /** The time of the latest block: the clock by which every delay on chain is measured. */
  nowMs(options?: WaitOptions): Promise<number>
  /** The number of the latest block. */
  blockNumber(options?: WaitOptions): Promise<number>
  /** The gas money of `account`, in wei of the chain's own coin. */
  gasBalanceOf(account: string, options?: WaitOptions): Promise<bigint>
  /**
   * Sends coins of the chain to an account that runs no code; `all` that is left once the gas of that
   * is paid. Refuses FUNDS_INSUFFICIENT.
   */
  sendCoins(
    to: string,
    amountWei: bigint | 'all',
    options?: WaitOptions
  ): Promise<Inclusion & { amountWei: bigint }>
  /** Ends what is under way and leaves no timer behind. */
  close(): void
}
