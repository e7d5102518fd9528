import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { hexWord } from '../channel/words.ts'
import type { DropLeaf } from './fold.ts'
import { buildSumTree, type DropProofStep, leafNode, parentNode } from './sum-tree.ts'

/**
 * A Merkle-sum tree: every node carries the sum of the leaves below and its parent hashes both sums,
 * so the total at the root cannot hide a leaf. specs/09-reward.md §Tree
 */
export interface DropTree {
  /** Lowercase 0x hash; zero without leaves. */
  readonly root: string
  readonly totalWei: bigint
  /** From the account's leaf up. Refuses accounts without a leaf (NOTHING_TO_CLAIM). */
  proof(account: string): readonly DropProofStep[]
}

/**
 * The tree over `leaves`. Refuses leaves that are not strictly ascending by account or not above zero,
 * more than a drop may hold, and a total beyond 96 bits (DROP_INVALID).
 */
export function buildDropTree(leaves: readonly DropLeaf[]): DropTree {
  refuseDisorder(leaves)
  const { root, totalWei, proofAt } = buildSumTree(leaves)
  if (totalWei >> 96n !== 0n) throw new DatanetError('DROP_INVALID', { reason: 'total' })
  const places = new Map(leaves.map(({ account }, index) => [account, index]))
  return {
    root,
    totalWei,
    proof(account) {
      const at = places.get(account)
      if (at === undefined) throw new DatanetError('NOTHING_TO_CLAIM', { account })
      return proofAt(at)
    }
  }
}

/** True when `proof` leads from the leaf to the root and the total, as the pool contract checks it. */
export function isInDrop(
  { root, totalWei }: Pick<DropTree, 'root' | 'totalWei'>,
  leaf: DropLeaf,
  proof: readonly DropProofStep[]
): boolean {
  let node = leafNode(leaf)
  for (const { hash, sumWei, isLeft } of proof) {
    const sibling = { hash: hexWord(hash), sumWei }
    node = isLeft ? parentNode(sibling, node) : parentNode(node, sibling)
    // A hash has 96 bits of each sum: what is beyond them belongs to no drop.
    if (node.sumWei >> 96n !== 0n) return false
  }
  return `0x${Buffer.from(node.hash).toString('hex')}` === root && node.sumWei === totalWei
}

function refuseDisorder(leaves: readonly DropLeaf[]): void {
  if (leaves.length > LIMITS.dropLeaves) {
    throw new DatanetError('DROP_INVALID', { leaves: leaves.length })
  }
  for (const [i, { account, cumulativeWei }] of leaves.entries()) {
    const last = leaves[i - 1]
    if (cumulativeWei <= 0n || (last !== undefined && last.account >= account)) {
      throw new DatanetError('DROP_INVALID', { account, reason: 'order or amount' })
    }
  }
}
