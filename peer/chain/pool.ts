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
  /** Drops posted for the pool so far, oldest first. */
  dropsOf(
    key: PoolKey,
    options?: WaitOptions
  ): Promise<Array<DropPosting & { readonly dropSeq: number; readonly readyAtMs: number }>>
}
