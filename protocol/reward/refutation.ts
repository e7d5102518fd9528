import type { DropLeaf } from './fold.ts'
import { UNASSIGNED } from './split.ts'
import { buildSumTree, type DropProofStep, type SumTree } from './sum-tree.ts'

/** A leaf with its way up. */
export interface ProvenLeaf extends DropLeaf {
  readonly proof: readonly DropProofStep[]
}

/**
 * Two leaves side by side in a tree; without `left` the first one, without `right` the last one. The
 * proof of the left leaf has only siblings on its left, that of the right one only on its right;
 * `proof` goes on from the node over both.
 */
export interface DropGap {
  readonly left?: ProvenLeaf
  readonly right?: ProvenLeaf
  readonly proof: readonly DropProofStep[]
}

/** What ends a pending drop at the pool contract without anybody's consent. specs/09-reward.md §Refutation */
export type Refutation =
  | { readonly kind: 'total'; readonly pending: ProvenLeaf }
  | { readonly kind: 'unordered'; readonly gap: DropGap }
  | { readonly kind: 'shrunk'; readonly before: ProvenLeaf; readonly pending: ProvenLeaf }
  | { readonly kind: 'absent'; readonly before: ProvenLeaf; readonly gap: DropGap }

/**
 * A proof against the pending drop with these leaves and this posted total, given the leaves of the
 * final one; undefined when it gives out its total, is in order and takes nothing from anyone.
 */
export function findRefutation(
  final: readonly DropLeaf[],
  pending: { readonly leaves: readonly DropLeaf[]; readonly totalWei: bigint }
): Refutation | undefined {
  const { leaves } = pending
  const tree = buildSumTree(leaves)
  const [first] = leaves
  if (first === undefined) return undefined
  if (tree.totalWei !== pending.totalWei) {
    return { kind: 'total', pending: { ...first, proof: tree.proofAt(0) } }
  }
  for (const [i, { account }] of leaves.entries()) {
    const last = leaves[i - 1]
    if (last !== undefined && last.account >= account) {
      return { kind: 'unordered', gap: gapAt(tree, leaves, i) }
    }
  }
  // In order from here on, so that each account has one place.
  const places = new Map(leaves.map(({ account }, i) => [account, i]))
  const finalTree = buildSumTree(final)
  for (const [i, leaf] of final.entries()) {
    if (leaf.account === UNASSIGNED) continue
    const before = { ...leaf, proof: finalTree.proofAt(i) }
    const place = places.get(leaf.account)
    if (place === undefined) {
      const next = leaves.findIndex(({ account }) => account > leaf.account)
      const gap = gapAt(tree, leaves, next === -1 ? leaves.length : next)
      return { kind: 'absent', before, gap }
    }
    const now = leaves[place] as DropLeaf
    if (now.cumulativeWei < leaf.cumulativeWei) {
      return { kind: 'shrunk', before, pending: { ...now, proof: tree.proofAt(place) } }
    }
  }
  return undefined
}

/** The gap in front of the leaf at `index`; behind the last one for `leaves.length`. */
function gapAt(tree: SumTree, leaves: readonly DropLeaf[], index: number): DropGap {
  const [left, right] = [leaves[index - 1], leaves[index]]
  const leftSteps = left === undefined ? [] : tree.proofAt(index - 1)
  const rightSteps = right === undefined ? [] : tree.proofAt(index)
  // Where the sides change, the two paths have met.
  const met = leftSteps.findIndex(({ isLeft }) => !isLeft)
  const leftMost = met === -1 ? leftSteps : leftSteps.slice(0, met)
  const turn = rightSteps.findIndex(({ isLeft }) => isLeft)
  const rightMost = turn === -1 ? rightSteps : rightSteps.slice(0, turn)
  return {
    ...(left === undefined ? {} : { left: { ...left, proof: leftMost } }),
    ...(right === undefined ? {} : { right: { ...right, proof: rightMost } }),
    proof: left === undefined || right === undefined ? [] : leftSteps.slice(met + 1)
  }
}
