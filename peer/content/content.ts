import { type AddOptions, unixfs } from '@helia/unixfs'
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
import { createHelia } from './helia.ts'
import { type MayServe, ServedBlockstore } from './served-blocks.ts'
import { createSingleFiles, type SingleFiles } from './single-files.ts'

const CHUNK_BYTES = 1_048_576
/** Leaves that are written in one commit. */
const BATCH_BYTES = 4_194_304

/**
 * One file to publish: as it is, as rows of which each becomes one block, or of rows that are blocks; or
 * a directory of files that lie elsewhere, each under its CID.
 */
export type PublishFile = { readonly path: string } & (
  | { readonly content: Uint8Array }
  | { readonly rows: Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
  | { readonly blocks: Iterable<{ readonly cid: CID; readonly bytes: number }> }
  | { readonly links: Iterable<{ readonly cid: CID; readonly bytes: number }> }
)

/** A peer's content: UnixFS directories in its own blockstore, readable by any IPFS tool. */
export interface Content extends SingleFiles {
  /** Stores the files as one directory and returns its root. Refuses a row that is empty or over 2 MiB. */
  publishDirectory(files: readonly PublishFile[], options?: { signal?: AbortSignal }): Promise<CID>
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
  }
): Promise<Content> {
  const { blockstore, pool } = init
  const served = new ServedBlockstore(blockstore, init.mayServe ?? (() => true))
  const helia = await createHelia(node, served)
  const files = unixfs(helia)
  const dagPb = await helia.getCodec(DAG_PB)

  const nodes = createDirectoryNodes((bytes) => dagPb.decode(bytes))

  const room: Required<BlockRoom> = {
    get: (cid) => blockstore.find(cid),
    put: (blocks) => blockstore.putBatch(blocks),
    links: nodes.links,
    without: (roots, names) => nodes.without(room, roots, names)
  }
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

  /** The root of a directory of files that lie elsewhere, and what it counts for: their sizes. */
  async function linking(
    links: Iterable<{ readonly cid: CID; readonly bytes: number }>,
    options: { signal?: AbortSignal }
  ): Promise<{ cid: CID; size: bigint }> {
    const byName = new Map([...links].map((link) => [link.cid.toString(), link]))
    const source = [...byName.keys()].map((path) => ({ path, content: NOTHING }))
    const fileBuilder: AddOptions['fileBuilder'] = async ({ path = '' }) => {
      const { cid, bytes } = byName.get(path) as { cid: CID; bytes: number }
      return { cid, size: BigInt(bytes), path, originalPath: path }
    }
    let made: { cid: CID; size: bigint } | undefined
    const how = { ...IMPORT, fileBuilder, ...options }
    for await (const entry of files.addAll(source, how)) made = entry
    if (made === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no files' })
    return { cid: made.cid, size: made.size }
  }

  return {
    async publishDirectory(list, options = {}) {
      const byPath = new Map(list.map((file) => [file.path, file]))
      const linked = new Map<string, { cid: CID; size: bigint }>()
      for (const file of list) {
        if ('links' in file) linked.set(file.path, await linking(file.links, options))
      }
      const source = list.map((file) =>
        'links' in file ? { path: file.path } : { path: file.path, content: chunks(file) }
      )
      const dirBuilder: AddOptions['dirBuilder'] = async ({ path = '' }) => ({
        ...(linked.get(path) as { cid: CID; size: bigint }),
        ...{ path, originalPath: path }
      })
      const bufferImporter = leavesOf(byPath, blockstore)
      const how = { ...IMPORT, bufferImporter, dirBuilder, ...options }
      let root: CID | undefined
      for await (const entry of files.addAll(source, how)) root = entry.cid
      if (root === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no files' })
      return root
    },

    readRows,

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

/** Chunks come cut already, so that a row is a leaf; leaves are raw, so that a row's CID is its hash. */
const IMPORT: Partial<AddOptions> = {
  wrapWithDirectory: true,
  rawLeaves: true,
  cidVersion: 1,
  reduceSingleLeafToSelf: false,
  chunker: (source) => source
}

type BufferImporter = NonNullable<AddOptions['bufferImporter']>

/** Leaves of files as they come, written in batches; of rows that are blocks already, nothing is. */
function leavesOf(
  files: ReadonlyMap<string, PublishFile>,
  blockstore: SqliteBlockstore
): BufferImporter {
  return async function* leaves(entry) {
    const file = files.get(`${entry.path}`)
    if (file !== undefined && 'blocks' in file) {
      for (const { cid, bytes } of file.blocks) {
        yield async () => ({ cid, size: BigInt(bytes), block: NOTHING })
      }
      return
    }
    let batch: Block[] = []
    let size = 0
    for await (const bytes of entry.content) {
      const cid = cidOf(bytes, RAW)
      batch.push({ cid, bytes })
      size += bytes.byteLength
      if (size >= BATCH_BYTES) {
        blockstore.putBatch(batch)
        batch = []
        size = 0
      }
      yield async () => ({ cid, size: BigInt(bytes.byteLength), block: NOTHING })
    }
    blockstore.putBatch(batch)
  }
}

/** What an importer's leaf holds of its block: it is stored already. */
const NOTHING = new Uint8Array()

async function* chunks(file: PublishFile): AsyncGenerator<Uint8Array> {
  if ('blocks' in file || 'links' in file) return
  if ('content' in file) {
    const { content } = file
    for (let at = 0; at < content.byteLength; at += CHUNK_BYTES) {
      yield content.subarray(at, at + CHUNK_BYTES)
    }
    return
  }
  for await (const row of file.rows) {
    if (row.byteLength === 0 || row.byteLength > LIMITS.blockBytes) {
      throw new DatanetError('INPUT_INVALID', { path: file.path, rowBytes: row.byteLength })
    }
    yield row
  }
}
