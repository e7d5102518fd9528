import { unixfs } from '@helia/unixfs'
import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { cidOf, RAW } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { serveBlocks } from '../../protocol/net/blocks.ts'
import { type Block, type BlockRoom, under } from '../../protocol/net/dag.ts'
import type { ExchangePool } from '../../protocol/net/exchange-pool.ts'
import type { SqliteBlockstore } from '../store/blocks.ts'
import { createDirectoryFetching, type DirectoryFetching } from './directory-fetching.ts'
import { createDirectoryNodes, DAG_PB } from './directory-nodes.ts'
import { createDirectoryWriting, type DirectoryWriting } from './directory-writing.ts'
import { createHelia } from './helia.ts'
import { createLinkedFiles } from './linked-blocks.ts'
import { PublicBlockstore } from './public-blocks.ts'
import { type MayServe, ServedBlockstore } from './served-blocks.ts'
import { createSingleFiles, type SingleFiles } from './single-files.ts'

/** A peer's content: UnixFS directories in its own blockstore, readable by any IPFS tool. */
export interface Content extends SingleFiles, DirectoryWriting {
  /**
   * The rows of a file in order, each with its block's CID, from this peer's store alone. Refuses a
   * missing block (CONTENT_UNAVAILABLE) unless `skipMissing`: withdrawn rows are such.
   */
  readRows(
    root: CID,
    path: string,
    options?: ReadOptions & { skipMissing?: boolean }
  ): AsyncGenerator<Block>
  /** Stores rows that directories are made of later, and says which blocks they are. */
  putRows(rows: readonly Uint8Array[]): Array<{ cid: CID; bytes: number }>
  /** The leaves of a file in order, by this peer's store alone (CONTENT_UNAVAILABLE if it lacks the nodes). */
  leaves(root: CID, path: string): readonly CID[]
  /** How many leaves of a file are in this peer's store, as far as it has the nodes above them. */
  held(root: CID, path: string): number
  /** One block of this peer's store. */
  block(cid: CID): Uint8Array | undefined
  /**
   * What the directory at `path` links, by name; nothing where there is no such path. By this peer's
   * store alone (CONTENT_UNAVAILABLE if it lacks the nodes).
   */
  list(root: CID, path: string): ReadonlyMap<string, CID>
  /** Whether the directory has the file, by this peer's store alone (CONTENT_UNAVAILABLE if it lacks the nodes). */
  has(root: CID, path: string): boolean
  /** A file's bytes from this peer's store alone. Refuses CONTENT_UNAVAILABLE, RECORD_TOO_LARGE. */
  readFile(
    root: CID,
    path: string,
    options?: ReadOptions & { maxBytes?: number }
  ): Promise<Uint8Array>
  readonly fetchDirectory: DirectoryFetching
  /** What any IPFS node may have of it. */
  readonly publicBlocks: PublicBlockstore
  /**
   * Removes every block that is not under `roots`, and of withdrawable ones those whose contribution
   * `isKept` does not say is. Nothing may be written meanwhile that is to stay.
   */
  collect(
    roots: readonly CID[],
    isKept: (contribution: string) => boolean
  ): Promise<{ readonly blocks: number; readonly bytes: number }>
  /** Says of which Datanet contributions are whose rows came without it being said. */
  assign(contributions: Iterable<string>, datanet: string): void
  stop(): Promise<void>
}

interface ReadOptions {
  readonly signal?: AbortSignal
}

/**
 * Content over `node`: serves its blocks in bulk and by bitswap until `stop`. With `bulk: false` by
 * bitswap only, as any other IPFS peer would.
 */
export async function createContent(
  node: Libp2p,
  init: {
    readonly blockstore: SqliteBlockstore
    readonly pool: ExchangePool
    readonly bulk?: boolean
    /** Whether withdrawable rows may be given to others; always unless given. */
    readonly mayServe?: MayServe
    /** Roots of the revisions whose files any IPFS node may have; none unless given. */
    readonly shown?: () => readonly CID[]
  }
): Promise<Content> {
  const { blockstore, pool } = init
  const served = new ServedBlockstore(blockstore, init.mayServe ?? (() => true))
  const publicBlocks = new PublicBlockstore(served, (cid) => isLinked(cid))
  const helia = await createHelia(node, publicBlocks)
  const files = unixfs(helia)
  const dagPb = await helia.getCodec(DAG_PB)

  const nodes = createDirectoryNodes((bytes) => dagPb.decode(bytes))

  const room: Required<BlockRoom> = {
    get: (cid) => blockstore.find(cid),
    has: (cid) => blockstore.has(cid),
    put: (blocks) => blockstore.putBatch(blocks),
    links: nodes.links,
    without: (roots, names) => nodes.without(room, roots, names)
  }
  const isLinked = createLinkedFiles({ room, nodes, shown: init.shown ?? (() => []) })
  const serving =
    init.bulk === false
      ? undefined
      : await serveBlocks(node, {
          get: (cid) => served.find(cid),
          links: nodes.links,
          without: (roots, names) =>
            nodes.without({ ...room, get: (cid) => served.find(cid) }, roots, names)
        })

  function local(cid: CID): Uint8Array {
    const bytes = blockstore.find(cid)
    if (bytes === undefined) throw new DatanetError('CONTENT_UNAVAILABLE', { cid: `${cid}` })
    return bytes
  }

  /** The CID at `path`, found in this peer's store alone; undefined when there is no such path. */
  function find(root: CID, path: string): CID | undefined {
    let at = root
    for (const name of path.split('/').filter((part) => part !== '')) {
      const link = nodes.named(at, local(at), name)
      if (link === undefined) return undefined
      at = link
    }
    return at
  }

  function resolve(root: CID, path: string): CID {
    const found = find(root, path)
    if (found === undefined) throw new DatanetError('CONTENT_UNAVAILABLE', { cid: `${root}`, path })
    return found
  }

  async function* readRows(
    root: CID,
    path: string,
    options: ReadOptions & { skipMissing?: boolean } = {}
  ): AsyncGenerator<Block> {
    const stack = [resolve(root, path)]
    for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
      options.signal?.throwIfAborted()
      const bytes = options.skipMissing === true ? room.get(cid) : local(cid)
      if (bytes === undefined) continue
      if (cid.code === RAW) yield { cid, bytes: bytes as Uint8Array }
      else stack.push(...room.links(cid, bytes as Uint8Array).reverse())
    }
  }

  return {
    ...createDirectoryWriting(blockstore),

    readRows,

    publicBlocks,

    putRows(rows) {
      const blocks = rows.map((bytes) => ({ cid: cidOf(bytes, RAW), bytes }))
      blockstore.putBatch(blocks)
      return blocks.map(({ cid, bytes }) => ({ cid, bytes: bytes.byteLength }))
    },

    leaves(root, path) {
      const found: CID[] = []
      const stack = [resolve(root, path)]
      for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
        if (cid.code === RAW) found.push(cid)
        else stack.push(...room.links(cid, local(cid)).reverse())
      }
      return found
    },

    held(root, path) {
      let count = 0
      const stack: CID[] = []
      try {
        stack.push(resolve(root, path))
      } catch {
        // Not even the nodes above are here.
        return count
      }
      for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
        if (cid.code === RAW) {
          if (blockstore.has(cid)) count += 1
          continue
        }
        const bytes = blockstore.find(cid)
        if (bytes !== undefined) stack.push(...room.links(cid, bytes))
      }
      return count
    },

    block: (cid) => blockstore.find(cid),

    has: (root, path) => find(root, path) !== undefined,

    list(root, path) {
      const directory = find(root, path)
      return directory === undefined ? new Map() : nodes.list(directory, local)
    },

    async readFile(root, path, options = {}) {
      const maxBytes = options.maxBytes ?? LIMITS.contentBytes
      const parts: Uint8Array[] = []
      let size = 0
      for await (const { bytes } of readRows(root, path, options)) {
        parts.push(bytes)
        size += bytes.byteLength
        if (size > maxBytes) throw new DatanetError('RECORD_TOO_LARGE', { path, maxBytes })
      }
      return Buffer.concat(parts)
    },

    fetchDirectory: createDirectoryFetching({ helia, room, blockstore, pool }),

    ...createSingleFiles({ files, room, blockstore, pool, readRows }),

    async collect(roots, isKept) {
      const reached = await under(room, roots)
      return blockstore.collect((cid) => reached.has(cid.toString()), isKept)
    },

    assign: (contributions, datanet) => blockstore.keys.assign(contributions, datanet),

    async stop() {
      await serving?.stop()
      await helia.stop()
    }
  }
}
