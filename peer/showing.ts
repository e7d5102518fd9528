import { hkdfSync } from 'node:crypto'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { CID } from 'multiformats/cid'
import { decodeRevision } from '../protocol/datanet/revision.ts'
import { createPublicIpfs, type PublicIpfs, type PublicIpfsInit } from './content/public-ipfs.ts'
import type { Datanets } from './services/datanet/datanets.ts'
import type { NameRevision } from './services/datanet/naming.ts'
import type { Parts } from './services/parts.ts'

/** Roots of the newest revisions that are kept here. */
export function shownRoots(
  { datanetStore }: Pick<Parts, 'datanetStore'>,
  datanets: Pick<Datanets, 'all'>
): CID[] {
  return datanets.all().flatMap(({ id }) => {
    const stored = datanetStore.revision(id.toString())
    return stored === undefined ? [] : [decodeRevision(stored.bytes).content]
  })
}

/** Shows the newest revisions that are kept here to the IPFS network, under a key of their own. */
export async function createShowing(
  parts: Pick<Parts, 'content' | 'datanetStore' | 'wallet' | 'now' | 'log'>,
  datanets: Pick<Datanets, 'all'>,
  name: NameRevision,
  init: PublicIpfsInit
): Promise<PublicIpfs> {
  const { content, datanetStore, wallet } = parts
  const seed = hkdfSync('sha256', wallet.peerKey.raw, '', 'datanet/ipfs', 32)
  const privateKey = await generateKeyPairFromSeed('Ed25519', new Uint8Array(seed))
  const shown = () =>
    datanets.all().flatMap(({ id }) => {
      const datanet = id.toString()
      const stored = datanetStore.revision(datanet)
      if (stored === undefined) return []
      const { content: root } = decodeRevision(stored.bytes)
      const named = async () => {
        const { name: text, record } = await name(datanet)
        return { name: text, record: Uint8Array.from(Buffer.from(record, 'base64')) }
      }
      return [{ datanet, root, name: named }]
    })
  return createPublicIpfs({ ...parts, privateKey, blocks: content.publicBlocks, shown }, init)
}
