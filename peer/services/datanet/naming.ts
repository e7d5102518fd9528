import { hkdfSync } from 'node:crypto'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRevision } from '../../../protocol/datanet/revision.ts'
import { ipnsName, signIpns } from '../../../protocol/net/ipns.ts'
import type { NamedRevision } from '../../api/hosting-api.ts'
import type { Parts } from '../parts.ts'

/** How long a name stands without being said again. */
const LIFE_MS = 2_592_000_000

/** A name that any IPFS tool resolves to the newest revision kept here. */
export type NameRevision = (datanet: string) => Promise<NamedRevision>

/**
 * Names of Datanets, each under a key of its own that follows from the peer's: the same after a
 * restart, and nobody can tell whose they are. specs/05-network.md §IPNS
 */
export function createNaming(
  parts: Pick<Parts, 'datanetStore' | 'publications' | 'wallet' | 'peerId' | 'now'>
): NameRevision {
  const { datanetStore, publications, wallet, peerId, now } = parts
  return async function named(datanet) {
    const stored = datanetStore.revision(datanet)
    if (stored === undefined) throw new DatanetError('ANCHOR_MISSING', { id: datanet, kept: false })
    const { content, ordinal } = decodeRevision(stored.bytes)
    const seed = hkdfSync('sha256', wallet.peerKey.raw, '', `datanet/ipns/${datanet}`, 32)
    const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(seed))
    const entry = { value: `/ipfs/${content}`, sequence: ordinal, expiresAtMs: now() + LIFE_MS }
    const bytes = await signIpns(entry, key)
    publications.publish({ issuer: peerId, kind: 'ipns', id: datanet, seq: ordinal, bytes })
    return { ...entry, name: ipnsName(key), record: Buffer.from(bytes).toString('base64') }
  }
}
