import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildMerkleTree, isInMerkleTree, merkleLeaf } from '../../../protocol/base/merkle.ts'
import { refusal } from './refusal.ts'

const leaves = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map(merkleLeaf), {
  minLength: 1,
  maxLength: 33
})

test('every leaf is proven, and no other is by the same proof', () => {
  fc.assert(
    fc.property(leaves, (list) => {
      const tree = buildMerkleTree(list)
      for (const [index, leaf] of list.entries()) {
        const proof = tree.proof(index)
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(list.length)))
        expect(isInMerkleTree(tree.root, leaf, proof)).toBe(true)
        expect(isInMerkleTree(tree.root, merkleLeaf(leaf), proof)).toBe(false)
      }
    })
  )
})

test('a proof with a changed byte proves nothing', () => {
  fc.assert(
    fc.property(leaves, fc.nat(), fc.nat(), (list, which, where) => {
      const tree = buildMerkleTree(list)
      const index = which % list.length
      const proof = tree.proof(index)
      if (proof.length === 0) return
      const step = Uint8Array.from(proof[where % proof.length] as Uint8Array)
      step[where % 32] = (step[where % 32] as number) ^ 1
      const forged = proof.map((p, i) => (i === where % proof.length ? step : p))
      expect(isInMerkleTree(tree.root, list[index] as Uint8Array, forged)).toBe(false)
    })
  )
})

test('the root depends on the order of leaves that are not one pair', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((t) => merkleLeaf(Buffer.from(t))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array
  ]
  expect(buildMerkleTree([a, b, c]).root).not.toEqual(buildMerkleTree([a, c, b]).root)
})

test('an empty list has the zero root, one leaf is its own root', () => {
  expect(buildMerkleTree([])).toMatchObject({ root: new Uint8Array(32), size: 0 })
  const leaf = merkleLeaf(Buffer.from('x'))
  expect(buildMerkleTree([leaf])).toMatchObject({ root: leaf, size: 1 })
})

test('refuses proofs of leaves that are not there', async () => {
  expect(await refusal(() => buildMerkleTree([]).proof(0))).toBe('INPUT_INVALID')
  expect(await refusal(() => buildMerkleTree([new Uint8Array(32)]).proof(-1))).toBe('INPUT_INVALID')
})
