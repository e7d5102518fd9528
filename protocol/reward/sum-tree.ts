import { merkleLeaf } from '../base/merkle.ts'
import { hashWords, hexWord, uintWord } from '../channel/words.ts'
import type { DropLeaf } from './fold.ts'

/** One step up the tree: the sibling, its sum, and whether it stands on the left. */
export interface DropProofStep {
  /** Lowercase 0x hash; its first 24 bytes are what counts. */
  readonly hash: string
  readonly sumWei: bigint
  readonly isLeft: boolean
}

/** A node: its hash and the sum of the leaves below. */
export interface SumNode {
  readonly hash: Uint8Array
  readonly sumWei: bigint
}

/**
 * A Merkle-sum tree over leaves in any order, as a pool contract would take it: every node carries the
 * sum of the leaves below and its parent hashes both sums. Sums are below 2^96. specs/09-reward.md §Tree
 */
export interface SumTree {
  /** Lowercase 0x hash; zero without leaves. */
  readonly root: string
  readonly totalWei: bigint
  /** From the leaf at `index` up; `index` must be one. */
  proofAt(index: number): readonly DropProofStep[]
}

/** The tree over `leaves` as they stand. Refuses nothing: drop-tree.ts does. */
export function buildSumTree(leaves: readonly DropLeaf[]): SumTree {
  const levels: SumNode[][] = [leaves.map(leafNode)]
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) {
    level = level.flatMap((left, i) => {
      if (i % 2 === 1) return []
      const right = level[i + 1]
      return [right === undefined ? left : parentNode(left, right)]
    })
  }
  const top = levels.at(-1)?.[0] ?? { hash: new Uint8Array(32), sumWei: 0n }
  return {
    root: hex(top.hash),
    totalWei: top.sumWei,
    proofAt(index) {
      const steps: DropProofStep[] = []
      let at = index
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

/** The node of a leaf. */
export function leafNode({ account, cumulativeWei }: DropLeaf): SumNode {
  const data = Buffer.concat([hexWord(account), uintWord(cumulativeWei)])
  return { hash: merkleLeaf(data), sumWei: cumulativeWei }
}

/** The node over two: over 36 bytes of each, its sum and what counts of its hash. */
export function parentNode(left: SumNode, right: SumNode): SumNode {
  const data = [left, right].flatMap(({ hash, sumWei }) => [
    uintWord(sumWei).subarray(20),
    hash.subarray(0, 24)
  ])
  return { hash: hashWords(...data), sumWei: left.sumWei + right.sumWei }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
