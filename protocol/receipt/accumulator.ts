import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'

/**
 * An append-only Merkle mountain range over 32-byte leaves. Hashes are keccak256 with one byte in
 * front: 0 leaf, 1 node, 2 root; the root commits the count and the peaks, highest first. Both sides
 * of a channel keep only this state. specs/08-receipt.md §Accumulator
 */
export interface Accumulator {
  readonly count: number
  /** One per set bit of `count`, highest first. */
  readonly peaks: readonly Uint8Array[]
}

/** Shows that one leaf stands at one index: the climb to its peak, and all peaks. */
export interface AccumulatorProof {
  readonly path: readonly Uint8Array[]
  readonly peaks: readonly Uint8Array[]
}

/** Nothing appended yet. */
export const EMPTY_ACCUMULATOR: Accumulator = { count: 0, peaks: [] }

/** The accumulator with `leaves` appended in order. Refuses leaves not of 32 bytes (INPUT_INVALID). */
export function appendLeaves(state: Accumulator, ...leaves: readonly Uint8Array[]): Accumulator {
  const peaks = [...state.peaks]
  let { count } = state
  for (const leaf of leaves) {
    let node = leafHash(leaf)
    for (let bit = 1; Math.floor(count / bit) % 2 === 1; bit *= 2) {
      node = nodeHash(peaks.pop() as Uint8Array, node)
    }
    peaks.push(node)
    count++
  }
  return { count, peaks }
}

/** The root as a lowercase 0x hash; zero when nothing was appended. */
export function accumulatorRoot({ count, peaks }: Accumulator): string {
  if (count === 0) return `0x${'0'.repeat(64)}`
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(count))
  return `0x${Buffer.from(tagged(2, size, ...peaks)).toString('hex')}`
}

/** A proof for `index` in the accumulator over all `leaves`. Refuses other indexes (INPUT_INVALID). */
export function proveLeaf(leaves: readonly Uint8Array[], index: number): AccumulatorProof {
  const { start, height } = mountainOf(leaves.length, index)
  const { peaks } = appendLeaves(EMPTY_ACCUMULATOR, ...leaves)
  const path: Uint8Array[] = []
  let level = leaves.slice(start, start + 2 ** height).map(leafHash)
  for (let at = index - start; level.length > 1; at = Math.floor(at / 2)) {
    path.push(level[at ^ 1] as Uint8Array)
    level = level.flatMap((node, i) =>
      i % 2 === 0 ? [nodeHash(node, level[i + 1] as Uint8Array)] : []
    )
  }
  return { path, peaks }
}

/**
 * True when the accumulator of `count` leaves with this root holds `leaf` at `index`; false for any
 * other root, count, index, leaf or proof.
 */
export function isAccumulated(
  { root, count }: { readonly root: string; readonly count: number },
  leaf: Uint8Array,
  index: number,
  proof: AccumulatorProof
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return false
  const { start, height, peak } = mountainOf(count, index)
  if (proof.path.length !== height || proof.peaks.length !== bits(count)) return false
  if (leaf.byteLength !== 32) return false
  let at = index - start
  let node = leafHash(leaf)
  for (const sibling of proof.path) {
    node = at % 2 === 0 ? nodeHash(node, sibling) : nodeHash(sibling, node)
    at = Math.floor(at / 2)
  }
  if (Buffer.compare(node, proof.peaks[peak] as Uint8Array) !== 0) return false
  return accumulatorRoot({ count, peaks: proof.peaks }) === root
}

/** Which perfect tree of the range holds `index`: its first leaf, its height, its place. */
function mountainOf(count: number, index: number) {
  let start = 0
  let peak = 0
  for (let height = Math.floor(Math.log2(Math.max(count, 1))); height >= 0; height--) {
    const width = 2 ** height
    if (Math.floor(count / width) % 2 === 0) continue
    if (index >= start && index < start + width) return { start, height, peak }
    start += width
    peak++
  }
  throw new DatanetError('INPUT_INVALID', { index, count })
}

function bits(count: number): number {
  return count.toString(2).replaceAll('0', '').length
}

function leafHash(leaf: Uint8Array): Uint8Array {
  if (leaf.byteLength !== 32) throw new DatanetError('INPUT_INVALID', { bytes: leaf.byteLength })
  return tagged(0, leaf)
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return tagged(1, left, right)
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return keccak256(Buffer.concat([Uint8Array.of(tag), ...parts]))
}
