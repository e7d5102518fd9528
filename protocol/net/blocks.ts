import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { RAW, verifyCid } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'
import { type Block, type BlockRoom, survey, under, walk } from './dag.ts'
import { type ServeInit, serveExchange } from './exchange.ts'
import type { AskOptions, ExchangePool, PeerTarget } from './exchange-pool.ts'
import { PROTOCOLS } from './ids.ts'
import { parseWire } from './wire-schema.ts'

/** Blocks that travel in one frame: few enough frames, and each well under the frame limit. */
const PART_BYTES = 262_144
const PART_BLOCKS = 1_024
const MAX_HAVE = 1_024
const MAX_WITHOUT = 8
/** One transfer lasts as long as it takes to send a large Datanet, not as long as a question. */
const SERVE_MS = 600_000

const BlocksAsk = z.object({
  root: field.cid,
  have: z.array(field.cid).max(MAX_HAVE),
  without: z.exactOptional(z.array(field.label).min(1).max(MAX_WITHOUT))
})
const BlocksPart = z.object({
  blocks: z
    .array(
      z.object({
        cid: field.cid,
        bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes')
      })
    )
    .max(PART_BLOCKS)
})

/**
 * Serves the DAGs of `room` on /datanet/blocks/1: the blocks under `root` that it holds, in DAG order,
 * without what lies under `have` and what directories named in `without` link. What it does not hold
 * is left out. specs/05-network.md §Blocks
 */
export function serveBlocks(
  node: Libp2p,
  room: Pick<BlockRoom, 'get' | 'links' | 'without'>,
  init: ServeInit = {}
): Promise<{ stop(): Promise<void> }> {
  return serveExchange(
    node,
    PROTOCOLS.blocks,
    async function* (value, { signal }) {
      const ask = parseWire(BlocksAsk, value)
      let blocks: Block[] = []
      let size = 0
      let sent = 0
      const { root, have, without } = ask
      const shown = without === undefined ? room : (room.without?.([root], without) ?? room)
      for await (const block of walk(shown, root, have)) {
        signal.throwIfAborted()
        if (size + block.bytes.byteLength > PART_BYTES || blocks.length === PART_BLOCKS) {
          if (blocks.length > 0 && !(yield { blocks })) return { blocks: sent }
          sent += blocks.length
          blocks = []
          size = 0
        }
        blocks.push(block)
        size += block.bytes.byteLength
      }
      if (blocks.length > 0 && (yield { blocks })) sent += blocks.length
      return { blocks: sent }
    },
    { deadlineMs: SERVE_MS, ...init }
  )
}

/** Bounds of one transfer. */
export interface FetchBlocksOptions extends AskOptions {
  readonly maxBytes?: number
  readonly maxBlocks?: number
  /** Roots such as the parent revision's: what lies under them and is here is not sent. */
  readonly known?: readonly CID[]
  /** Directories of the root whose own nodes are fetched, and not what they link. */
  readonly without?: readonly string[]
}

/**
 * Fetches from `peer` the blocks under `root` that `room` lacks, and puts each in the room once its
 * hash is checked. Returns how many came and which are still `missing` (the remainder's top CIDs; what
 * lies under them is not known yet). Refuses a block with a wrong hash or one that is not part of the
 * DAG (CID_MISMATCH), and more than the bounds (RECORD_TOO_LARGE); verified blocks stay.
 */
export async function fetchBlocks(
  pool: ExchangePool,
  peer: PeerTarget,
  root: CID,
  room: BlockRoom,
  options: FetchBlocksOptions = {}
): Promise<{ blocks: number; bytes: number; missing: CID[] }> {
  const maxBytes = options.maxBytes ?? LIMITS.contentBytes
  const maxBlocks = options.maxBlocks ?? LIMITS.contentBlocks
  const { have, missing } = await survey(room, root)
  if (missing.length === 0) return { blocks: 0, bytes: 0, missing: [] }
  for (const known of options.known ?? []) {
    const { have: tops } = await survey(room, known)
    // Of what has holes, the largest whole parts.
    have.unshift(...tops.toSorted((a, b) => Number(a.code === RAW) - Number(b.code === RAW)))
  }
  const told = have.slice(0, MAX_HAVE)
  const held = await under(room, told)
  const wanted = new Map([[root.toString(), root]])
  const got = new Set<string>()
  let bytes = 0

  function accept(block: Block): void {
    const name = block.cid.toString()
    // The sender may know less of what we told it than we do.
    if (held.has(name)) return
    if (!wanted.delete(name)) {
      throw new DatanetError('CID_MISMATCH', { cid: name, reason: 'not part of what was asked' })
    }
    got.add(name)
    bytes += block.bytes.byteLength
    if (block.bytes.byteLength > LIMITS.blockBytes || bytes > maxBytes || got.size > maxBlocks) {
      throw new DatanetError('RECORD_TOO_LARGE', { cid: name, bytes, blocks: got.size })
    }
    verifyCid(block.cid, block.bytes)
    for (const link of room.links(block.cid, block.bytes)) {
      if (!got.has(link.toString()) && !held.has(link.toString())) {
        wanted.set(link.toString(), link)
      }
    }
  }

  const { without = [] } = options
  const ask = { root, have: told, ...(without.length === 0 ? {} : { without: [...without] }) }
  const exchange = pool.ask(peer, PROTOCOLS.blocks, ask, options)
  for await (const part of exchange.parts) {
    const { blocks } = parseWire(BlocksPart, part)
    blocks.forEach(accept)
    await room.put(blocks)
  }
  await exchange.end
  return { blocks: got.size, bytes, missing: [...wanted.values()] }
}
