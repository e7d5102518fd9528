import { DatanetError } from '../base/errors.ts'
import { type DropTree, isInDrop } from './drop-tree.ts'
import type { DropLeaf } from './fold.ts'
import { UNASSIGNED } from './split.ts'
import type { DropProofStep } from './sum-tree.ts'

/** An account's proof against a drop: what the pool contract asks for. specs/09-reward.md §Claim */
export interface Claim {
  readonly account: string
  /** All the account was ever owed; the contract pays what it did not pay before. */
  readonly cumulativeWei: bigint
  readonly proof: readonly DropProofStep[]
}

/**
 * The claim of `account` on the drop with these leaves. Refuses an account that has no leaf, got it
 * all (`claimedWei` is what the contract paid so far), or is the unassigned one (NOTHING_TO_CLAIM).
 */
export function buildClaim(
  tree: DropTree,
  leaves: readonly DropLeaf[],
  account: string,
  claimedWei: bigint
): Claim {
  const cumulativeWei = leaves.find((leaf) => leaf.account === account)?.cumulativeWei ?? 0n
  if (cumulativeWei <= claimedWei || account === UNASSIGNED) {
    throw new DatanetError('NOTHING_TO_CLAIM', {
      account,
      cumulativeWei: `${cumulativeWei}`,
      claimedWei: `${claimedWei}`
    })
  }
  return { account, cumulativeWei, proof: tree.proof(account) }
}

/**
 * What `claim` would be paid, in wei, by the pool whose final drop is `drop`. Refuses a proof that
 * does not lead there (DROP_INVALID) and what was paid already (NOTHING_TO_CLAIM).
 */
export function verifyClaim(
  claim: Claim,
  drop: Pick<DropTree, 'root' | 'totalWei'>,
  claimedWei: bigint
): bigint {
  const { account, cumulativeWei, proof } = claim
  if (account === UNASSIGNED || !isInDrop(drop, claim, proof)) {
    throw new DatanetError('DROP_INVALID', { account, reason: 'not in the drop' })
  }
  if (cumulativeWei <= claimedWei) throw new DatanetError('NOTHING_TO_CLAIM', { account })
  return cumulativeWei - claimedWei
}
