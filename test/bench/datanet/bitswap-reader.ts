import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { createContent } from '../../../peer/content/content.ts'
import { createNode } from '../../../peer/net/node.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { parseCid } from '../../../protocol/base/codec.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'

/** Takes blocks of `root` by bitswap alone for `forMs`, as any IPFS node would; how many came in what time. */
export async function fetchByBitswap(
  dir: string,
  { addresses, root, forMs }: { addresses: readonly string[]; root: string; forMs: number }
): Promise<{ blocks: number; ms: number }> {
  const privateKey = await generateKeyPair('Ed25519')
  const node = await createNode({ privateKey, bootstrap: [], dht: false })
  const database = openDatabase(join(dir, 'bitswap.db'))
  const blockstore = new SqliteBlockstore(database)
  const pool = createExchangePool(node)
  const content = await createContent(node, { blockstore, pool, bulk: false })
  await node.dial(addresses.map((address) => multiaddr(address)))
  const fromMs = performance.now()
  const signal = AbortSignal.timeout(forMs)
  await content.fetchDirectory(parseCid(root), [], { signal }).catch((error) => {
    if (!signal.aborted) throw error
  })
  const ms = performance.now() - fromMs
  const blocks = [...blockstore.cids()].length
  pool.close()
  await content.stop()
  await node.stop()
  database.close()
  return { blocks, ms }
}
