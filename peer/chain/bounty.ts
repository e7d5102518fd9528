import type { Lock } from '../../protocol/datanet/bounty-lock.ts'
import type { Inclusion, WaitOptions } from './chain.ts'
import type { TokenAuthorization, TokenPermit } from './escrow.ts'
import type { Lineage } from './registry.ts'
import type { SubmitJournal } from './transactions.ts'

/** What a lock holds, by the chain's newest block; zero and false when nobody ever funded it. */
export interface LockState {
  readonly lockedWei: bigint
  readonly isFilled: boolean
}

/** A signature of the funder in place of an allowance; none where there is one, and for coins. */
export type FundingSignature =
  | { readonly permit: TokenPermit }
  | { readonly authorization: TokenAuthorization }

/** A lock to be paid out, where its contribution lies, and its curators' Fill signatures (any order). */
export interface FillRequest {
  readonly lock: Lock
  /** Digest of the contribution's CID. */
  readonly contribution: string
  readonly account: string
  readonly row: number
  /** Of the contribution's leaf, from below. */
  readonly proof: readonly Uint8Array[]
  readonly lineage: Lineage
  readonly approvals: readonly Uint8Array[]
}

/**
 * BountyEscrow. Amounts are in the smallest unit of the lock's token. Where a chain is configured
 * without it every method refuses BOUNTIES_OFF. specs/04-datanet.md §Bounty escrow
 */
export interface BountyContract {
  /**
   * Locks money of this account, by its allowance, as coins, or by `signature`. `journal.signed` runs
   * before it is sent.
   */
  fund(
    lock: Lock,
    amountWei: bigint,
    journal: SubmitJournal,
    signature?: FundingSignature,
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Credits all that a lock holds to the request's account; anyone may send it. */
  fill(request: FillRequest, options?: WaitOptions): Promise<Inclusion & { amountWei: bigint }>
  /** Pays `funder` back what it gave to a lock that expired; anyone may send it. */
  refund(
    lock: Lock,
    funder: string,
    options?: WaitOptions
  ): Promise<Inclusion & { amountWei: bigint }>
  /** Pays `account` what fills credited it in `token`; anyone may send it. */
  claim(
    account: string,
    token: string,
    options?: WaitOptions
  ): Promise<Inclusion & { amountWei: bigint }>
  lockOf(id: string, options?: WaitOptions): Promise<LockState>
  /** What `funder` gave to a lock and did not get back. */
  fundedBy(id: string, funder: string, options?: WaitOptions): Promise<bigint>
  creditOf(account: string, token: string, options?: WaitOptions): Promise<bigint>
}
