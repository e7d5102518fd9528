import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildDropTree, isInDrop } from '../../../protocol/reward/drop-tree.ts'
import type { DropLeaf } from '../../../protocol/reward/fold.ts'
import { type DropGap, findRefutation } from '../../../protocol/reward/refutation.ts'
import { buildSumTree, leafNode, parentNode } from '../../../protocol/reward/sum-tree.ts'

const account = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`
const leavesOf = (amounts: readonly number[]): DropLeaf[] =>
  amounts
    .map((amount, i) => ({ account: account(i), cumulativeWei: BigInt(amount) }))
    .filter(({ cumulativeWei }) => cumulativeWei > 0n)
const amounts = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 })
const totalOf = (leaves: readonly DropLeaf[]): bigint =>
  leaves.reduce((sum, { cumulativeWei }) => sum + cumulativeWei, 0n)

/** Climbs a gap as the contract does, with sides that the proof does not choose. */
function topOf({ left, right, proof }: DropGap): { root: string; totalWei: bigint } {
  const climb = (leaf: NonNullable<DropGap['left']>, isLeft: boolean) =>
    leaf.proof.reduce((node, step) => {
      expect(step.isLeft).toBe(isLeft)
      const sibling = { hash: Buffer.from(step.hash.slice(2), 'hex'), sumWei: step.sumWei }
      return isLeft ? parentNode(sibling, node) : parentNode(node, sibling)
    }, leafNode(leaf))
  const [a, b] = [left && climb(left, true), right && climb(right, false)]
  if (a === undefined || b === undefined) {
    const only = (a ?? b) as NonNullable<typeof a>
    return { root: `0x${Buffer.from(only.hash).toString('hex')}`, totalWei: only.sumWei }
  }
  const top = proof.reduce(
    (node, step) => {
      const sibling = { hash: Buffer.from(step.hash.slice(2), 'hex'), sumWei: step.sumWei }
      return step.isLeft ? parentNode(sibling, node) : parentNode(node, sibling)
    },
    parentNode(a, b)
  )
  return { root: `0x${Buffer.from(top.hash).toString('hex')}`, totalWei: top.sumWei }
}

test('a drop that only grows is never refuted', () => {
  fc.assert(
    fc.property(amounts, amounts, (before, more) => {
      const grown = before.map((amount, i) => amount + (more[i] ?? 0))
      const leaves = leavesOf([...grown, ...more.slice(before.length)])
      expect(findRefutation(leavesOf(before), { leaves, totalWei: totalOf(leaves) })).toBe(
        undefined
      )
    })
  )
})

test('whoever lost something or is missing is found, with proofs that hold', () => {
  fc.assert(
    fc.property(amounts, amounts, (before, after) => {
      const [final, leaves] = [leavesOf(before), leavesOf(after)]
      if (leaves.length === 0) return
      const loser = before.findIndex((amount, i) => amount > (after[i] ?? 0))
      const found = findRefutation(final, { leaves, totalWei: totalOf(leaves) })
      if (loser === -1) {
        expect(found).toBe(undefined)
        return
      }
      if (found?.kind !== 'shrunk' && found?.kind !== 'absent') throw new Error('not found')
      expect(found.before.account).toBe(account(loser))
      expect(isInDrop(buildDropTree(final), found.before, found.before.proof)).toBe(true)
      const tree = buildDropTree(leaves)
      if (found.kind === 'shrunk') {
        expect(found.pending.account).toBe(found.before.account)
        expect(isInDrop(tree, found.pending, found.pending.proof)).toBe(true)
        return
      }
      expect(topOf(found.gap)).toEqual({ root: tree.root, totalWei: tree.totalWei })
      const { left, right } = found.gap
      if (left !== undefined) expect(left.account < found.before.account).toBe(true)
      if (right !== undefined) expect(right.account > found.before.account).toBe(true)
    })
  )
})

test('any two leaves that do not ascend are found', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 2, maxLength: 30 }), (order) => {
      const leaves = order.map((n) => ({ account: account(n), cumulativeWei: 1n }))
      const found = findRefutation([], { leaves, totalWei: totalOf(leaves) })
      const isOrdered = order.every((n, i) => i === 0 || (order[i - 1] as number) < n)
      expect(found?.kind).toBe(isOrdered ? undefined : 'unordered')
      if (found?.kind !== 'unordered') return
      const { root, totalWei } = buildSumTree(leaves)
      expect(topOf(found.gap)).toEqual({ root, totalWei })
    })
  )
})

test('a total that the leaves do not add up to is found first', () => {
  const leaves = leavesOf([1, 2, 3])
  expect(findRefutation([], { leaves, totalWei: 7n })?.kind).toBe('total')
  expect(findRefutation([], { leaves: [], totalWei: 7n })).toBe(undefined)
})
