import { keccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../protocol/base/codec.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR,
  isAccumulated,
  proveLeaf
} from '../../../protocol/receipt/accumulator.ts'

const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, n) => sha256(Uint8Array.of(n)))
const over = (leaves: readonly Uint8Array[]) => appendLeaves(EMPTY_ACCUMULATOR, ...leaves)
const rootOf = (leaves: readonly Uint8Array[]) => accumulatorRoot(over(leaves))
const hashed = (...parts: (string | Uint8Array)[]) =>
  keccak256(
    Buffer.concat(
      parts.map((p) => (typeof p === 'string' ? Buffer.from(p.replace('0x', ''), 'hex') : p))
    )
  )

describe('the accumulator', () => {
  test('of nothing has the zero root', () => {
    expect(rootOf([])).toBe(`0x${'0'.repeat(64)}`)
  })

  test('of three leaves is what its definition says, by another keccak', () => {
    const [a, b, c] = leavesOf(3).map((leaf) => hashed('00', leaf)) as [string, string, string]
    expect(rootOf(leavesOf(3))).toBe(hashed('02', '0000000000000003', hashed('01', a, b), c))
    expect(rootOf(leavesOf(1))).toBe(hashed('02', '0000000000000001', a))
  })

  test('keeps one peak per bit of the count, and grows the same one by one or at once', () => {
    let state = EMPTY_ACCUMULATOR
    const leaves = leavesOf(70)
    for (const [i, leaf] of leaves.entries()) {
      state = appendLeaves(state, leaf)
      expect(state.count).toBe(i + 1)
      expect(state.peaks.length).toBe([...(i + 1).toString(2)].filter((bit) => bit === '1').length)
    }
    expect(state).toEqual(over(leaves))
  })

  test('does not change the state it grew from', () => {
    const before = over(leavesOf(5))
    const copy = structuredClone(before)
    appendLeaves(before, ...leavesOf(3))
    expect(before).toEqual(copy)
  })

  test('has another root for every count, order and leaf', () => {
    const leaves = leavesOf(20)
    const roots = leaves.map((_, i) => rootOf(leaves.slice(0, i)))
    expect(new Set(roots).size).toBe(roots.length)
    expect(rootOf([...leaves].reverse())).not.toBe(rootOf(leaves))
  })

  test('refuses leaves of another length', () => {
    expect(() => over([new Uint8Array(31)])).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' })
    )
  })
})

describe('a proof', () => {
  test('holds for each leaf at its index', () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 11, 16, 33]) {
      const leaves = leavesOf(count)
      const root = rootOf(leaves)
      for (const [i, leaf] of leaves.entries()) {
        expect(isAccumulated({ root, count }, leaf, i, proveLeaf(leaves, i))).toBe(true)
      }
    }
  })

  test('holds for no other index, count, leaf or root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), (count, at, other) => {
        const leaves = leavesOf(count)
        const root = rootOf(leaves)
        const index = at % count
        const leaf = leaves[index] as Uint8Array
        const proof = proveLeaf(leaves, index)
        const wrong = (index + 1 + (other % (count - 1))) % count
        expect(isAccumulated({ root, count }, leaf, wrong, proof)).toBe(false)
        expect(isAccumulated({ root, count }, leaves[wrong] as Uint8Array, index, proof)).toBe(
          false
        )
        expect(isAccumulated({ root, count: count + 1 + other }, leaf, index, proof)).toBe(false)
        expect(isAccumulated({ root, count: count - 1 }, leaf, index, proof)).toBe(false)
        const longer = rootOf([...leaves, leaf])
        expect(isAccumulated({ root: longer, count }, leaf, index, proof)).toBe(false)
      })
    )
  })

  test('holds for no changed step, missing step or inner node', () => {
    const leaves = leavesOf(11)
    const place = { root: rootOf(leaves), count: 11 }
    const leaf = leaves[2] as Uint8Array
    const { path, peaks } = proveLeaf(leaves, 2)
    const changed = path.map((step, i) => (i === 0 ? new Uint8Array(32) : step))
    expect(isAccumulated(place, leaf, 2, { path: changed, peaks })).toBe(false)
    expect(isAccumulated(place, leaf, 2, { path: path.slice(1), peaks })).toBe(false)
    expect(isAccumulated(place, leaf, 2, { path, peaks: [...peaks].reverse() })).toBe(false)
    expect(isAccumulated(place, leaf, 2, { path, peaks: peaks.slice(1) })).toBe(false)
    expect(isAccumulated(place, peaks[0] as Uint8Array, 0, { path: [], peaks })).toBe(false)
  })

  test.each([-1, 3, 1.5, Number.NaN])('is refused for the index %s of three', (index) => {
    const leaves = leavesOf(3)
    const place = { root: rootOf(leaves), count: 3 }
    const proof = proveLeaf(leaves, 0)
    expect(isAccumulated(place, leaves[0] as Uint8Array, index, proof)).toBe(false)
  })

  test('is not made for an index beyond the leaves', () => {
    for (const index of [3, -1]) {
      expect(() => proveLeaf(leavesOf(3), index)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID' })
      )
    }
  })
})
