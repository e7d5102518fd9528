import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { merkleLeaf } from '../base/merkle.ts'
import { hashWords, hexWord, uintWord } from '../channel/words.ts'
import type { DropLeaf } from './fold.ts'

/** One step up the tree: the sibling, its sum, and whether it stands on the left. */
export interface DropProofStep {
  /** Lowercase 0x hash. */
  readonly hash: string
  readonly sumWei: bigint
  readonly isLeft: boolean
}

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

interface Node {
  readonly hash: Uint8Array
  readonly sumWei: bigint
}

/**
 * The tree over `leaves`. Refuses leaves that are not strictly ascending by account or not above zero,
 * more than a drop may hold, and a total beyond 128 bits (DROP_INVALID).
 */
export function buildDropTree(leaves: readonly DropLeaf[]): DropTree {
  refuseDisorder(leaves)
  const levels: Node[][] = [leaves.map(leafNode)]
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) {
    level = level.flatMap((left, i) => {
      if (i % 2 === 1) return []
      const right = level[i + 1]
      return [right === undefined ? left : parent(left, right)]
    })
  }
  const top = levels.at(-1)?.[0] ?? { hash: new Uint8Array(32), sumWei: 0n }
  if (top.sumWei >> 128n !== 0n) throw new DatanetError('DROP_INVALID', { reason: 'total' })
  const places = new Map(leaves.map(({ account }, index) => [account, index]))
  return {
    root: hex(top.hash),
    totalWei: top.sumWei,
    proof(account) {
      let at = places.get(account)
      if (at === undefined) throw new DatanetError('NOTHING_TO_CLAIM', { account })
      const steps: DropProofStep[] = []
      for (const level of levels.slice(0, -1)) {
        const sibling = level[at ^ 1]
        if (sibling !== undefined) {
          steps.push({ hash: hex(sibling.hash), sumWei: sibling.sumWei, isLeft: at % 2 === 1 })
        }
        at >>= 1
      }
      return steps
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
    node = isLeft ? parent(sibling, node) : parent(node, sibling)
    // The words of the hash wrap at 256 bits: a larger sum belongs to no drop.
    if (node.sumWei >> 128n !== 0n) return false
  }
  return hex(node.hash) === root && node.sumWei === totalWei
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

function leafNode({ account, cumulativeWei }: DropLeaf): Node {
  const data = Buffer.concat([hexWord(account), uintWord(cumulativeWei)])
  return { hash: merkleLeaf(data), sumWei: cumulativeWei }
}

function parent(left: Node, right: Node): Node {
  const hash = hashWords(left.hash, uintWord(left.sumWei), right.hash, uintWord(right.sumWei))
  return { hash, sumWei: left.sumWei + right.sumWei }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
