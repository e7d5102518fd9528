import { type AddOptions, type UnixFS, unixfs } from '@helia/unixfs'
import type { CID } from 'multiformats/cid'
import { cidOf, RAW } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import type { SqliteBlockstore } from '../store/blocks.ts'
import { layFile } from './wide-layout.ts'

const CHUNK_BYTES = 1_048_576
/** Blocks that are written in one commit: one each would be one sync of the disk each. */
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

/** Writes directories as any IPFS tool reads them. */
export interface DirectoryWriting {
  /** Stores the files as one directory and returns its root. Refuses a row that is empty or over 2 MiB. */
  publishDirectory(
    files: readonly PublishFile[],
    options?: { readonly signal?: AbortSignal }
  ): Promise<CID>
}

/** Writing into `blockstore`, in few commits; what was begun and not ended is a directory of no root. */
export function createDirectoryWriting(blockstore: SqliteBlockstore): DirectoryWriting {
  return {
    async publishDirectory(list, options = {}) {
      const batch = createBatch(blockstore)
      const files = unixfs({ blockstore: batch })
      const byPath = new Map(list.map((file) => [file.path, file]))
      const linked = new Map<string, Linked>()
      for (const file of list) {
        if ('links' in file) linked.set(file.path, await linking(files, file.links, options))
      }
      const source = list.map((file) =>
        'links' in file ? { path: file.path } : { path: file.path, content: NOTHING }
      )
      const own: Partial<AddOptions> = {
        async fileBuilder({ path = '', originalPath }) {
          const file = await layFile(leavesOf(byPath.get(path), batch), batch.add)
          // The library leaves out what it is given nothing for, though its types do not say so.
          if (file === undefined) return undefined as never
          const { cid, size } = file
          return { cid, size: BigInt(size), path, ...(originalPath && { originalPath }) }
        },
        dirBuilder: async ({ path = '' }) => ({
          ...(linked.get(path) as Linked),
          ...{ path, originalPath: path }
        })
      }
      let root: CID | undefined
      for await (const entry of files.addAll(source, { ...IMPORT, ...own, ...options })) {
        root = entry.cid
      }
      batch.flush()
      if (root === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no files' })
      return root
    }
  }
}

interface Linked {
  readonly cid: CID
  readonly size: bigint
}

/** The root of a directory of files that lie elsewhere, and what it counts for: their sizes. */
async function linking(
  files: UnixFS,
  links: Iterable<{ readonly cid: CID; readonly bytes: number }>,
  options: { readonly signal?: AbortSignal }
): Promise<Linked> {
  const byName = new Map([...links].map((link) => [link.cid.toString(), link]))
  const source = [...byName.keys()].map((path) => ({ path, content: NOTHING }))
  const fileBuilder: AddOptions['fileBuilder'] = async ({ path = '' }) => {
    const { cid, bytes } = byName.get(path) as { cid: CID; bytes: number }
    return { cid, size: BigInt(bytes), path, originalPath: path }
  }
  let made: Linked | undefined
  for await (const { cid, size } of files.addAll(source, { ...IMPORT, fileBuilder, ...options })) {
    made = { cid, size }
  }
  if (made === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no files' })
  return made
}

/** Chunks come cut already, so that a row is a leaf; leaves are raw, so that a row's CID is its hash. */
const IMPORT: Partial<AddOptions> = {
  wrapWithDirectory: true,
  rawLeaves: true,
  cidVersion: 1,
  reduceSingleLeafToSelf: false,
  chunker: (source) => source
}

type Batch = Parameters<typeof unixfs>[0]['blockstore'] & {
  add(cid: CID, bytes: Uint8Array): void
  flush(): void
}

/** `blockstore` for an importer, which only puts: blocks are written when there are enough of them. */
function createBatch(blockstore: SqliteBlockstore): Batch {
  let waiting: { cid: CID; bytes: Uint8Array }[] = []
  let size = 0
  function flush(): void {
    blockstore.putBatch(waiting)
    waiting = []
    size = 0
  }
  function add(cid: CID, bytes: Uint8Array): void {
    waiting.push({ cid, bytes })
    size += bytes.byteLength
    if (size >= BATCH_BYTES) flush()
  }
  return {
    add,
    flush,
    async put(cid, bytes) {
      if (!(bytes instanceof Uint8Array)) return blockstore.put(cid, bytes)
      add(cid, bytes)
      return cid
    },
    has(cid) {
      flush()
      return blockstore.has(cid)
    },
    get(cid) {
      flush()
      return blockstore.get(cid)
    }
  }
}

/** The leaves of a file; those that are not blocks yet are written. */
function leavesOf(
  file: PublishFile | undefined,
  batch: Batch
): Iterable<RowLeaf> | AsyncIterable<RowLeaf> {
  if (file === undefined || 'links' in file) return []
  if ('blocks' in file) return file.blocks
  return written(file, batch)
}

interface RowLeaf {
  readonly cid: CID
  readonly bytes: number
}

async function* written(file: PublishFile, batch: Batch): AsyncGenerator<RowLeaf> {
  for await (const bytes of chunks(file)) {
    const cid = cidOf(bytes, RAW)
    batch.add(cid, bytes)
    yield { cid, bytes: bytes.byteLength }
  }
}

/** What an importer is told of a file's content: it is laid out here. */
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
