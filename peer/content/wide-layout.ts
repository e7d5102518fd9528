import type { AddOptions } from '@helia/unixfs'
import type { CID } from 'multiformats/cid'
import { cidOf, RAW } from '../../protocol/base/codec.ts'

type Layout = NonNullable<AddOptions['layout']>
type Piece = Awaited<ReturnType<Layout>>

/** Children of one node: what @helia/unixfs takes. */
const CHILDREN = 1_024
const DAG_PB = 0x70

/**
 * The balanced layout of @helia/unixfs, byte for byte, with the nodes right above raw leaves written
 * by hand: a revision of a hundred thousand rows has hundreds of them, and the next one has others.
 * `put` is given their blocks.
 */
export function wideLayout(put: (cid: CID, bytes: Uint8Array) => void): Layout {
  return async (source, reduce) => {
    const over = (some: Piece[]) => (some.every(isLeaf) ? nodeOver(some, put) : reduce(some))
    let level: Piece[] = []
    let leaves: Piece[] = []
    for await (const leaf of source) {
      if (leaves.length === CHILDREN) {
        level.push(await over(leaves))
        leaves = []
      }
      leaves.push(leaf)
    }
    // The topmost node knows its file's name: the library makes it.
    if (level.length === 0) return reduce(leaves)
    level.push(await over(leaves))
    while (level.length > 1) {
      const next: Piece[] = []
      for (let at = 0; at < level.length; at += CHILDREN) {
        next.push(await reduce(level.slice(at, at + CHILDREN)))
      }
      level = next
    }
    return level[0] as Piece
  }
}

const isLeaf = ({ cid, size }: Piece) => cid.code === RAW && size > 0n

/** The dag-pb node of a UnixFS file over raw leaves. */
function nodeOver(leaves: readonly Piece[], put: (cid: CID, bytes: Uint8Array) => void): Piece {
  const sizes = leaves.map(({ size }) => Number(size))
  const fileSize = sizes.reduce((sum, size) => sum + size, 0)
  const data = createBytes(16 + 9 * leaves.length)
  data.byte(0x08, 0x02)
  data.byte(0x18)
  data.varint(fileSize)
  for (const size of sizes) {
    data.byte(0x20)
    data.varint(size)
  }
  const node = createBytes(data.length() + 64 * leaves.length + 16)
  for (const [n, { cid }] of leaves.entries()) {
    const size = sizes[n] as number
    const { bytes } = cid
    // A link: its CID, an empty name, its size.
    node.byte(0x12)
    node.varint(2 + bytes.byteLength + 2 + 1 + varintBytes(size))
    node.byte(0x0a, bytes.byteLength)
    node.bytes(bytes)
    node.byte(0x12, 0x00, 0x18)
    node.varint(size)
  }
  node.byte(0x0a)
  node.varint(data.length())
  node.bytes(data.done())
  const block = node.done()
  const cid = cidOf(block, DAG_PB)
  put(cid, block)
  // All that the library asks of a node when it makes the one above.
  const unixfs = { fileSize: () => BigInt(fileSize) } as unknown as NonNullable<Piece['unixfs']>
  return { cid, unixfs, size: BigInt(block.byteLength + fileSize) }
}

/** Bytes that are written one after another, at most `most` of them. */
function createBytes(most: number) {
  const buffer = new Uint8Array(most)
  let at = 0
  return {
    length: () => at,
    byte(...values: readonly number[]) {
      for (const value of values) buffer[at++] = value
    },
    bytes(values: Uint8Array) {
      buffer.set(values, at)
      at += values.byteLength
    },
    varint(value: number) {
      for (let rest = value; ; ) {
        const low = rest % 128
        rest = Math.floor(rest / 128)
        buffer[at++] = rest === 0 ? low : low + 128
        if (rest === 0) return
      }
    },
    done: () => buffer.slice(0, at)
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}
