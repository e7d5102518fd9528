import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEthersChain } from '../../../peer/chain/ethers-chain.ts'
import { createNode } from '../../../peer/net/node.ts'
import type { KnownDatanet } from '../../../peer/services/datanet/known-datanets.ts'
import type { Parts } from '../../../peer/services/parts.ts'
import { createChannelStore } from '../../../peer/store/channels.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { createEvidenceStore } from '../../../peer/store/evidence.ts'
import { openWallet } from '../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../protocol/base/codec.ts'
import { datanetKey, type SignedManifest } from '../../../protocol/datanet/manifest.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import type { OurChain } from './settings.ts'

const founding = {
  cid: cidOf(Buffer.from('bench')),
  manifest: {
    curators: [`0x${'11'.repeat(20)}`],
    threshold: 1,
    royalty: { royaltyPpm: 300_000, contributorsPpm: 700_000 }
  }
} as unknown as SignedManifest

/** The Datanet of the bench: known to both sides already, as after a first call. */
export const DATANET = {
  id: founding.cid,
  key: datanetKey(founding),
  founding,
  signed: founding
} as unknown as KnownDatanet

/** The real parts of a peer that the paid path uses, on a disk of its own: every commit synced. */
export async function createOurParts({ rpcUrl, contracts }: OurChain) {
  const dir = mkdtempSync(join(tmpdir(), 'datanet-pay-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const db = openDatabase(join(dir, 'peer.db'))
  const wallet = await openWallet(db)
  const node = await createNode({ privateKey: wallet.peerKey, bootstrap: [], dht: false })
  const { secretKey } = wallet.own
  const parts = {
    peerId: node.peerId.toString(),
    wallet,
    chain: createEthersChain({ rpc: rpcUrl, contracts, secretKey }),
    pool: createExchangePool(node, { streams: 64 }),
    channelStore: createChannelStore(db),
    evidenceStore: createEvidenceStore(db),
    now: Date.now,
    log: () => {},
    limits: { maxCallWei: 100_000n, depositWei: 10n ** 15n }
  } satisfies Partial<Parts>
  return { db, node, parts }
}
