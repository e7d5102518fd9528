import type { CID } from 'multiformats/cid'
import { cidOf } from '../../protocol/base/codec.ts'
import { DAG_PB } from './directory-nodes.ts'

/** Children of one node: what @helia/unixfs takes. */
const CHILDREN = 1_024

/** A file, or a part of one, by its top node. */
export interface LaidFile {
  readonly cid: CID
  /** All bytes under it, nodes included. */
  readonly size: number
  /** Of the file alone. */
  readonly fileBytes: number
}

/**
 * The file of these raw leaves in the balanced layout of @helia/unixfs, byte for byte, by hand: a
 * revision of a hundred thousand rows has hundreds of nodes, and the next one has others. `put` is given
 * their blocks. Undefined for a file of no leaves: a directory has none such.
 */
export async function layFile(
  leaves: Iterable<Leaf> | AsyncIterable<Leaf>,
  put: (cid: CID, bytes: Uint8Array) => void
): Promise<LaidFile | undefined> {
  let level: LaidFile[] = []
  let some: LaidFile[] = []
  const add = ({ cid, bytes }: Leaf) => {
    if (some.push({ cid, size: bytes, fileBytes: bytes }) < CHILDREN) return
    level.push(nodeOver(some, put))
    some = []
  }
  // What is a list already does not wait for each of its items.
  if (Symbol.iterator in leaves) for (const leaf of leaves) add(leaf)
  else for await (const leaf of leaves) add(leaf)
  if (some.length > 0) level.push(nodeOver(some, put))
  while (level.length > 1) {
    const next: LaidFile[] = []
    for (let at = 0; at < level.length; at += CHILDREN) {
      next.push(nodeOver(level.slice(at, at + CHILDREN), put))
    }
    level = next
  }
  return level[0]
}

/** A raw block and how long it is. */
interface Leaf {
  readonly cid: CID
  readonly bytes: number
}

/** The dag-pb node of a UnixFS file over `parts`. */
function nodeOver(
  parts: readonly LaidFile[],
  put: (cid: CID, bytes: Uint8Array) => void
): LaidFile {
  const fileBytes = parts.reduce((sum, part) => sum + part.fileBytes, 0)
  const data = createBytes(16 + 10 * parts.length)
  data.byte(0x08, 0x02, 0x18)
  data.varint(fileBytes)
  for (const part of parts) {
    data.byte(0x20)
    data.varint(part.fileBytes)
  }
  const node = createBytes(data.length() + 64 * parts.length + 16)
  for (const { cid, size } of parts) {
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
  const size = parts.reduce((sum, part) => sum + part.size, block.byteLength)
  return { cid, size, fileBytes }
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
