import type { CID } from 'multiformats/cid'
import { expect, onTestFinished, test } from 'vitest'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fetchBlocks, serveBlocks } from '../../../protocol/net/blocks.ts'
import type { Block } from '../../../protocol/net/dag.ts'
import { serveExchange } from '../../../protocol/net/exchange.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { testNode } from '../../fixtures/network.ts'

const block = (size: number, fill: number): Block => {
  const bytes = new Uint8Array(size).fill(fill)
  return { cid: cidOf(bytes, RAW), bytes }
}

/** A root over `leaves`, as a room that links know of. */
function dag(leaves: readonly Block[]) {
  const root = block(8, 255)
  const held = new Map([root, ...leaves].map((one) => [one.cid.toString(), one.bytes]))
  const links = (cid: CID) => (cid.equals(root.cid) ? leaves.map((leaf) => leaf.cid) : [])
  return { root: root.cid, room: { get: (cid: CID) => held.get(cid.toString()), links }, links }
}

async function pair() {
  const [server, reader] = await Promise.all([testNode('server'), testNode('reader')])
  const pool = createExchangePool(reader)
  onTestFinished(() => pool.close())
  await reader.dial(server.getMultiaddrs())
  return { server, pool, peer: server.peerId }
}

function emptyRoom(links: (cid: CID) => CID[]) {
  const kept = new Map<string, Uint8Array>()
  return {
    kept,
    get: (cid: CID) => kept.get(cid.toString()),
    has: (cid: CID) => kept.has(cid.toString()),
    put: (blocks: readonly Block[]) =>
      blocks.forEach((one) => {
        kept.set(one.cid.toString(), one.bytes)
      }),
    links
  }
}

// BLOCKS-R2
test('a transfer over its bounds is refused, by its bytes and by its blocks', async () => {
  const { server, pool, peer } = await pair()
  const { root, room, links } = dag([block(600_000, 1), block(600_000, 2), block(600_000, 3)])
  await serveBlocks(server, room)
  const fetch = (bounds: object) => fetchBlocks(pool, peer, root, emptyRoom(links), bounds)
  const refused = { code: 'RECORD_TOO_LARGE' }
  await expect(fetch({ maxBytes: 1_500_000 })).rejects.toMatchObject(refused)
  await expect(fetch({ maxBlocks: 3 })).rejects.toMatchObject(refused)
  expect(await fetch({ maxBytes: 1_800_008, maxBlocks: 4 })).toMatchObject({ blocks: 4 })
})

// BLOCKS-R2
test('a block over the limit of one is refused and not kept', async () => {
  const { server, pool, peer } = await pair()
  const large = block(LIMITS.blockBytes + 1, 4)
  await serveExchange(server, PROTOCOLS.blocks, async function* () {
    yield { blocks: [large] }
    return { blocks: 1 }
  })
  const room = emptyRoom(() => [])
  const asked = fetchBlocks(pool, peer, large.cid, room)
  await expect(asked).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  expect(room.kept.size).toBe(0)
})
