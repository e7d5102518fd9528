import type { CID } from 'multiformats/cid'
import { type BlockRoom, under } from '../../protocol/net/dag.ts'
import type { DirectoryNodes } from './directory-nodes.ts'

/** Where a revision's directory links its files. specs/04-datanet.md §Files */
const FILES = 'files'

/** Whether a block is of a file that one of the `shown` directories links. Looked up anew when those change. */
export function createLinkedFiles(parts: {
  readonly room: BlockRoom
  readonly nodes: DirectoryNodes
  readonly shown: () => readonly CID[]
}): (cid: CID) => Promise<boolean> {
  const { room, nodes, shown } = parts
  let of = ''
  let linked: Promise<ReadonlySet<string>> = Promise.resolve(new Set())

  /** Without what is not here: who lacks a directory's nodes has nothing of it to show. */
  async function blocksOf(roots: readonly CID[]): Promise<ReadonlySet<string>> {
    const files: CID[] = []
    for (const root of roots) {
      const top = await room.get(root)
      const directory = top === undefined ? undefined : nodes.named(root, top, FILES)
      if (directory === undefined) continue
      const get = (cid: CID) => (room.get(cid) as Uint8Array | undefined) ?? EMPTY
      files.push(...nodes.list(directory, get).values())
    }
    return under(room, files)
  }

  return async (cid) => {
    const roots = shown()
    const now = roots.join()
    if (now !== of) {
      of = now
      linked = blocksOf(roots)
    }
    return (await linked).has(cid.toString())
  }
}

/** A node that links nothing. */
const EMPTY = new Uint8Array()
