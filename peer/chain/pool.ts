import type { ProvenLeaf, Refutation } from '../../protocol/reward/refutation.ts'
import type { Inclusion, WaitOptions } from './chain.ts'

/** What names one pool: royalties of one operator, under one auditor, in one token. */
export interface PoolKey {
  readonly operator: string
  /** The Datanet (on-chain key) whose curators may veto a drop of this pool. */
  readonly auditor: string
  readonly token: string
}

/** A pool on chain as of the latest block; a pending drop whose delay passed counts as final. */
export interface PoolState {
  readonly creditedWei: bigint
  readonly claimedWei: bigint
  /** The final drop that accounts claim against; undefined before the first. */
  readonly final?: { readonly root: string; readonly totalWei: bigint; readonly drop: string }
  /** From when on the auditor's curators may post; undefined while all credit is given out. */
  readonly silentAtMs?: number
  /** Drops posted so far: the sequence number of the newest, which a veto names. */
  readonly dropSeq: number
  readonly pending?: {
    readonly root: string
    readonly totalWei: bigint
    readonly drop: string
    readonly readyAtMs: number
  }
}

/** One step of a Merkle-sum proof, from the leaf up. */
export interface SumProofStep {
  readonly hash: string
  readonly sumWei: bigint
  /** Whether this sibling stands left of the path. */
  readonly isLeft: boolean
}

/** What one row of a batch of claims came to. */
export type ShareOutcome =
  | { readonly account: string; readonly paidWei: bigint }
  | {
      readonly account: string
      readonly skipped: 'not-in-drop' | 'nothing-new' | 'overdrawn' | 'payment-refused'
    }

/** A drop to post: root and total of its tree, and the digest of the document that explains it. */
export interface DropPosting {
  readonly root: string
  readonly totalWei: bigint
  readonly drop: string
}

/** RewardPool. `poolId` is keccak256(abi.encode(operator, auditor, token)). */
export interface PoolContract {
  /** How long a posted drop can be vetoed before it counts, fixed for this deployment. */
  delayMs(options?: WaitOptions): Promise<number>
  poolId(key: PoolKey): string
  state(key: PoolKey, options?: WaitOptions): Promise<PoolState>
  claimedOf(key: PoolKey, account: string, options?: WaitOptions): Promise<bigint>
  /** Moves captured royalties from the escrow into the pool. */
  collect(key: PoolKey, options?: WaitOptions): Promise<Inclusion & { collectedWei: bigint }>
  /** Posts the pool's next drop; only the operator's own account may. Returns its sequence number. */
  postDrop(
    key: Omit<PoolKey, 'operator'>,
    drop: DropPosting,
    options?: WaitOptions
  ): Promise<Inclusion & { dropSeq: number; readyAtMs: number }>
  /** Ends the pending drop by the auditor's curators' DropVeto signatures (any order). */
  vetoDrop(
    key: PoolKey,
    approvals: readonly Uint8Array[],
    options?: WaitOptions
  ): Promise<Inclusion>
  /** Pays `account` what the final drop owes it and it did not get yet; anyone may send it. */
  claim(
    key: PoolKey,
    account: string,
    cumulativeWei: bigint,
    proof: readonly SumProofStep[],
    options?: WaitOptions
  ): Promise<Inclusion & { paidWei: bigint }>
  /** As `claim` for many accounts of many pools; a bad row is reported and changes nothing else. */
  claimMany(
    shares: ReadonlyArray<{ readonly key: PoolKey; readonly leaves: readonly ProvenLeaf[] }>,
    options?: WaitOptions
  ): Promise<Inclusion & { outcomes: ShareOutcome[] }>
  /** Ends the pending drop by showing what is wrong with it; anyone may. */
  refute(key: PoolKey, refutation: Refutation, options?: WaitOptions): Promise<Inclusion>
  /** Posts for an operator that was silent, by the auditor's curators' DropPost signatures. */
  postForSilent(
    key: PoolKey,
    drop: DropPosting,
    approvals: readonly Uint8Array[],
    options?: WaitOptions
  ): Promise<Inclusion & { dropSeq: number; readyAtMs: number }>
  /** Drops posted for the pool so far, oldest first. */
  dropsOf(
    key: PoolKey,
    options?: WaitOptions
  ): Promise<Array<DropPosting & { readonly dropSeq: number; readonly readyAtMs: number }>>
}
