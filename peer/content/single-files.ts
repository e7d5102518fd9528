import type { AddOptions, UnixFS } from '@helia/unixfs'
import { CID } from 'multiformats/cid'
import { DatanetError } from '../../protocol/base/errors.ts'
import { fetchBlocks } from '../../protocol/net/blocks.ts'
import { type Block, type BlockRoom, survey, under } from '../../protocol/net/dag.ts'
import type { ExchangePool, PeerTarget } from '../../protocol/net/exchange-pool.ts'
import type { SqliteBlockstore } from '../store/blocks.ts'

const CHUNK_BYTES = 1_048_576

/** Files on their own, as contributions are. */
export interface SingleFiles {
  /** Stores one file, in raw leaves of at most 1 MiB, and returns its root. */
  addFile(bytes: Uint8Array): Promise<CID>
  /**
   * A file by its root, from this peer's store or in bulk from `peers` in turn. Refuses more than
   * `maxBytes` (RECORD_TOO_LARGE) and what none of them gave (CONTENT_UNAVAILABLE). `forget` removes
   * the blocks that came for it.
   */
  fetchFile(
    root: CID,
    peers: readonly PeerTarget[],
    options: { readonly maxBytes: number; readonly signal?: AbortSignal }
  ): Promise<{ readonly bytes: Uint8Array; forget(): void }>
  /** Seals the file under the contribution's key: it goes when that is withdrawn. */
  ownFile(contribution: string, root: CID, datanet: string): Promise<void>
}

/** A file is its own root: one raw block, or a node over several. */
const FILE_IMPORT: Partial<AddOptions> = {
  rawLeaves: true,
  cidVersion: 1,
  reduceSingleLeafToSelf: true,
  chunker: (source) => source
}

/** Single files in a peer's content. */
export function createSingleFiles(parts: {
  readonly files: UnixFS
  readonly room: BlockRoom
  readonly blockstore: SqliteBlockstore
  readonly pool: ExchangePool
  readonly readRows: (root: CID, path: string) => AsyncGenerator<Block>
}): SingleFiles {
  const { files, room, blockstore, pool, readRows } = parts

  async function bytesOf(root: CID, maxBytes: number): Promise<Uint8Array> {
    const leaves: Uint8Array[] = []
    let size = 0
    for await (const { bytes } of readRows(root, '')) {
      leaves.push(bytes)
      size += bytes.byteLength
      if (size > maxBytes) throw new DatanetError('RECORD_TOO_LARGE', { cid: `${root}`, maxBytes })
    }
    return Buffer.concat(leaves)
  }

  return {
    async addFile(bytes) {
      let root: CID | undefined
      const source = [{ content: chunks(bytes) }]
      for await (const entry of files.addAll(source, FILE_IMPORT)) root = entry.cid
      if (root === undefined) throw new DatanetError('INPUT_INVALID', { reason: 'no file' })
      return root
    },

    async fetchFile(root, peers, { maxBytes, signal }) {
      const came: CID[] = []
      const own: BlockRoom = {
        ...room,
        put(blocks) {
          came.push(...blocks.map(({ cid }) => cid))
          return room.put(blocks)
        }
      }
      const forget = () => {
        for (const cid of came) blockstore.delete(cid)
      }
      // Beside the leaves there are the nodes above them.
      const bounds = {
        maxBytes: maxBytes + CHUNK_BYTES,
        ...(signal === undefined ? {} : { signal })
      }
      try {
        let { missing } = await survey(room, root)
        for (const peer of peers) {
          if (missing.length === 0) break
          ;({ missing } = await fetchBlocks(pool, peer, root, own, bounds))
        }
        return { bytes: await bytesOf(root, maxBytes), forget }
      } catch (error) {
        forget()
        throw error
      }
    },

    async ownFile(contribution, root, datanet) {
      const cids = [...(await under(room, [root]))].map((name) => CID.parse(name))
      blockstore.own(contribution, cids, datanet)
    }
  }
}

function* chunks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    yield bytes.subarray(at, at + CHUNK_BYTES)
  }
}
