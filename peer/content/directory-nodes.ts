import type { CID } from 'multiformats/cid'
import { DAG_CBOR, RAW } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { BlockRoom } from '../../protocol/net/dag.ts'

export const DAG_PB = 0x70

interface Node {
  readonly Data?: Uint8Array
  readonly Links: ReadonlyArray<{ readonly Hash: CID; readonly Name?: string }>
}

/** The nodes of UnixFS directories as they lie in blocks. */
export interface DirectoryNodes {
  /** The CIDs in a block, in order. Refuses what is no node (RECORD_MALFORMED). */
  links(cid: CID, bytes: Uint8Array): CID[]
  /** The link of that name in the node; undefined where it has none. */
  named(cid: CID, bytes: Uint8Array, name: string): CID | undefined
  /** What a directory links, by name, however it is laid out; `get` gives its own nodes. */
  list(directory: CID, get: (cid: CID) => Uint8Array): ReadonlyMap<string, CID>
  /**
   * `room` as if the directories that `roots` link by one of `names` were empty: their own nodes are
   * there, and what they link is not. specs/05-network.md §Blocks
   */
  without(room: BlockRoom, roots: readonly CID[], names: readonly string[]): BlockRoom
}

/** A slot of a sharded directory: what is linked under it has a name of its own behind it. */
const SLOT_CHARACTERS = 2

/** Nodes by the codec of dag-pb. */
export function createDirectoryNodes(decode: (bytes: Uint8Array) => unknown): DirectoryNodes {
  function nodeOf(cid: CID, bytes: Uint8Array): Node {
    try {
      if (cid.code !== DAG_PB) throw new Error(`codec ${cid.code}`)
      return decode(bytes) as Node
    } catch (cause) {
      throw new DatanetError('RECORD_MALFORMED', { cid: `${cid}`, reason: 'no dag-pb' }, { cause })
    }
  }

  function links(cid: CID, bytes: Uint8Array): CID[] {
    if (cid.code === RAW || cid.code === DAG_CBOR) return []
    return nodeOf(cid, bytes).Links.map(({ Hash }) => Hash)
  }

  return {
    links,

    named: (cid, bytes, name) => nodeOf(cid, bytes).Links.find(({ Name }) => Name === name)?.Hash,

    list(directory, get) {
      const found = new Map<string, CID>()
      const stack = [directory]
      for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
        const node = nodeOf(cid, get(cid))
        for (const { Hash, Name = '' } of node.Links) {
          if (!isSharded(node)) found.set(Name, Hash)
          else if (Name.length === SLOT_CHARACTERS) stack.push(Hash)
          else found.set(Name.slice(SLOT_CHARACTERS), Hash)
        }
      }
      return found
    },

    without(room, roots, names) {
      const tops = new Set(roots.map(String))
      const emptied = new Set<string>()
      return {
        ...room,
        links(cid, bytes) {
          const id = cid.toString()
          if (!tops.has(id) && !emptied.has(id)) return room.links(cid, bytes)
          const node = cid.code === DAG_PB ? nodeOf(cid, bytes) : undefined
          if (node === undefined) return room.links(cid, bytes)
          const kept = emptied.has(id) ? slotsOf(node) : node.Links
          for (const { Hash, Name = '' } of kept) {
            if (emptied.has(id) || names.includes(Name)) emptied.add(Hash.toString())
          }
          return kept.map(({ Hash }) => Hash)
        }
      }
    }
  }
}

/** The parts of a sharded directory that are directories themselves. */
function slotsOf(node: Node): Node['Links'] {
  return isSharded(node) ? node.Links.filter(({ Name }) => Name?.length === SLOT_CHARACTERS) : []
}

/** By its UnixFS type, the first field of its data. */
function isSharded({ Data }: Node): boolean {
  return Data?.[0] === 8 && Data[1] === 5
}
