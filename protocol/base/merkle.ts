import { DatanetError } from './errors.ts'
import { keccak256 } from './keccak.ts'

/**
 * A keccak Merkle tree in the form OpenZeppelin's MerkleProof checks: leaves are hashed twice by the
 * caller's encoding (so that no inner node can pass as a leaf), pairs are hashed in sorted order, and
 * leaves keep the order given. specs/02-encoding.md §Merkle trees
 */
export interface MerkleTree {
  readonly root: Uint8Array
  readonly size: number
  proof(index: number): Uint8Array[]
}

/** The tree over `leaves` (32 bytes each). An empty list has the zero root. */
export function buildMerkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const levels: Uint8Array[][] = [[...leaves]]
  for (let level = levels[0] ?? []; level.length > 1; ) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Uint8Array
      const right = level[i + 1]
      next.push(right === undefined ? left : hashPair(left, right))
    }
    levels.push(next)
    level = next
  }
  return {
    root: levels.at(-1)?.[0] ?? new Uint8Array(32),
    size: leaves.length,
    proof(index) {
      if (index < 0 || index >= leaves.length) throw new DatanetError('INPUT_INVALID', { index })
      const out: Uint8Array[] = []
      let at = index
      for (const level of levels.slice(0, -1)) {
        const sibling = level[at ^ 1]
        if (sibling !== undefined) out.push(sibling)
        at >>= 1
      }
      return out
    }
  }
}

/** The root that `proof` leads to from `leaf`. */
export function merkleRootOf(leaf: Uint8Array, proof: readonly Uint8Array[]): Uint8Array {
  return proof.reduce(hashPair, leaf)
}

/** True when `proof` leads from `leaf` to `root`. */
export function isInMerkleTree(
  root: Uint8Array,
  leaf: Uint8Array,
  proof: readonly Uint8Array[]
): boolean {
  return Buffer.compare(merkleRootOf(leaf, proof), root) === 0
}

/** The leaf hash of `data`: keccak twice. */
export function merkleLeaf(data: Uint8Array): Uint8Array {
  return keccak256(keccak256(data))
}

/** Two nodes side by side, as they are hashed: one place for all, since a tree has many. */
const pair = new Uint8Array(64)

function hashPair(a: Uint8Array, b: Uint8Array): Uint8Array {
  const isOrdered = Buffer.compare(a, b) <= 0
  pair.set(isOrdered ? a : b)
  pair.set(isOrdered ? b : a, 32)
  return keccak256(pair)
}
