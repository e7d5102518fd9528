import type { Helia } from 'helia'
import type { CID } from 'multiformats/cid'
import { RAW } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { fetchBlocks } from '../../protocol/net/blocks.ts'
import { type BlockRoom, survey } from '../../protocol/net/dag.ts'
import type { ExchangePool, PeerTarget } from '../../protocol/net/exchange-pool.ts'
import { deadline } from '../../protocol/net/waiting.ts'
import { contributionIn, type SqliteBlockstore } from '../store/blocks.ts'

/** Bitswap round trips are slow (4–20 ms each): many at once. */
const PARALLEL = 32
/**
 * How long bitswap looks before the peers are asked in bulk again, twice as long each time: a peer that
 * held a block back at first (specs/04-datanet.md §Withdrawal) does not say when it would give it.
 */
const PATIENCE_MS = 2_000

/** How a directory came: blocks by the bulk exchange, by bitswap, and those that were here before. */
export interface FetchReport {
  readonly bulk: number
  readonly bitswap: number
  /** What each asked peer answered to the bulk exchange, when it was not everything. */
  readonly refusals: readonly { readonly peer: string; readonly error: unknown }[]
}

/** Bounds of one fetch, and what belongs to it. */
export interface FetchOptions {
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
  /** Roots of which most is here: what lies under them is not sent again. */
  readonly known?: readonly CID[]
  /** Told how many rows of contributions have come so far, each time that anything came. */
  readonly onRows?: (rows: number) => void
  /** The Datanet that withdrawable rows are of. */
  readonly datanet?: string
  /** Of the blocks that did not come, those that should have; all unless given. */
  readonly wanted?: (missing: readonly CID[]) => Promise<readonly CID[]>
  /** Directories of the root of which the list alone is brought, and not the files. */
  readonly without?: readonly string[]
}

/**
 * Brings the whole directory here: in bulk from each of `peers` in turn, then what is still missing
 * by bitswap, and both again until it is complete. Nothing is sent again that lies under the `known`
 * roots. Refuses CONTENT_UNAVAILABLE when it is not complete in time; what came is kept.
 */
export type DirectoryFetching = (
  root: CID,
  peers: readonly PeerTarget[],
  options?: FetchOptions
) => Promise<FetchReport>

/** Fetching into `blockstore`, which `room` reads. specs/05-network.md */
export function createDirectoryFetching(parts: {
  readonly helia: Pick<Helia, 'blockstore'>
  readonly room: Required<BlockRoom>
  readonly blockstore: SqliteBlockstore
  readonly pool: ExchangePool
}): DirectoryFetching {
  const { helia, blockstore, pool } = parts

  /** Fetches what is under `missing` by bitswap, breadth first, and tells `onBlock` of each that came. */
  async function byBitswap(
    room: BlockRoom,
    missing: readonly CID[],
    signal: AbortSignal,
    onBlock: () => void
  ): Promise<void> {
    const queue = [...missing]
    const seen = new Set(queue.map(String))
    let bytes = 0
    while (queue.length > 0) {
      const batch = queue.splice(0, PARALLEL)
      const blocks = await Promise.all(
        batch.map(async (cid) => {
          const held = room.get(cid) as Uint8Array | undefined
          return {
            cid,
            held,
            bytes: held ?? (await collect(helia.blockstore.get(cid, { signal })))
          }
        })
      )
      for (const block of blocks) {
        if (block.held === undefined) {
          onBlock()
          bytes += block.bytes.byteLength
        }
        if (bytes > LIMITS.contentBytes || seen.size > LIMITS.contentBlocks) {
          throw new DatanetError('RECORD_TOO_LARGE', { bytes, blocks: seen.size })
        }
        for (const link of room.links(block.cid, block.bytes)) {
          if (seen.has(link.toString())) continue
          seen.add(link.toString())
          queue.push(link)
        }
      }
    }
  }

  return async (root, peers, options = {}) => {
    const caller = options.signal ?? new AbortController().signal
    const { signal, release } = deadline(options.deadlineMs ?? 120_000, caller)
    const refusals = new Map<string, { peer: string; error: unknown }>()
    const wanted = options.wanted ?? (async (missing: readonly CID[]) => missing)
    const { known = [], without = [] } = options
    const room = parts.room.without([root, ...known], without)
    const own: BlockRoom = {
      ...room,
      put(blocks) {
        // One sync for all: what a crash loses of it is fetched again.
        blockstore.putSoon(blocks, options.datanet)
        for (const { cid, bytes } of blocks) {
          if (cid.code === RAW && contributionIn(bytes) !== undefined) rows += 1
        }
        options.onRows?.(rows)
      }
    }
    let rows = 0
    let bulk = 0
    let bitswap = 0
    const missed = async () => wanted((await survey(room, root)).missing)
    try {
      let left = await missed()
      for (let patienceMs = PATIENCE_MS; left.length > 0; patienceMs *= 2) {
        for (const peer of peers) {
          if (left.length === 0) break
          try {
            const some = await fetchBlocks(pool, peer, root, own, { signal, known, without })
            bulk += some.blocks
            left = await wanted(some.missing)
          } catch (error) {
            signal.throwIfAborted()
            refusals.set(String(peer), { peer: String(peer), error })
          }
        }
        if (left.length === 0) break
        left = await missed()
        const turn = deadline(patienceMs, signal)
        try {
          await byBitswap(room, left, turn.signal, () => {
            bitswap += 1
          })
          break
        } catch (error) {
          signal.throwIfAborted()
          if (!turn.signal.aborted) throw error
        } finally {
          turn.release()
        }
        left = await missed()
      }
      return { bulk, bitswap, refusals: [...refusals.values()] }
    } catch (cause) {
      caller.throwIfAborted()
      if (cause instanceof DatanetError) throw cause
      throw new DatanetError('CONTENT_UNAVAILABLE', { cid: `${root}`, bulk }, { cause })
    } finally {
      release()
      await blockstore.settle()
    }
  }
}

async function collect(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
}
