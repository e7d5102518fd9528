import type { CID } from 'multiformats/cid'
import { verifyCid } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { type CurationShare, curationOf } from '../../../protocol/datanet/curation.ts'
import type { Manifest } from '../../../protocol/datanet/manifest.ts'
import { decodeRevision, type Revision } from '../../../protocol/datanet/revision.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'

/** What a revision says of whom royalties of models built on it go to. */
export interface RevisionTerms {
  readonly manifest: Manifest
  /** Who shares by reviews, where that manifest has reviews earn. */
  readonly curation?: readonly CurationShare[]
}

/**
 * The manifest that a revision was made under, which says for ever whom royalties of models built on it
 * go to, with who reviewed it where that says so: kept here, or asked of `peers` by its CID. Refuses a revision that nobody gives
 * (ANCHOR_MISSING) and one under a manifest that was never in force here (MANIFEST_BEHIND).
 * specs/09-reward.md §Split
 */
export function createRevisionManifest(
  parts: Pick<Parts, 'datanetStore' | 'pool' | 'peerId'>
): (
  datanet: KnownDatanet,
  revision: CID,
  peers?: readonly string[],
  options?: CallOptions
) => Promise<RevisionTerms> {
  const { datanetStore, pool, peerId } = parts

  async function recordOf(
    id: string,
    cid: CID,
    peers: readonly string[],
    options: CallOptions
  ): Promise<Revision> {
    const kept = datanetStore.revision(id, cid.toString())
    if (kept !== undefined) return decodeRevision(kept.bytes)
    for (const peer of peers.filter((one) => one !== peerId)) {
      try {
        const said = (await pool.request(peer, PROTOCOLS.document, { cid }, options)) as {
          bytes?: unknown
        }
        const { bytes } = said ?? {}
        if (!(bytes instanceof Uint8Array) || bytes.byteLength > LIMITS.recordBytes) continue
        verifyCid(cid, bytes)
        return decodeRevision(bytes)
      } catch (error) {
        if (!isDatanetError(error)) throw error
      }
    }
    throw new DatanetError('ANCHOR_MISSING', { id, revision: `${cid}`, kept: false })
  }

  return async ({ id, founding, signed, history }, revision, peers = [], options = {}) => {
    // Under the only manifest there ever was, nothing has to be looked up.
    if (history.length === 1 && founding.manifest.review.earns === undefined) {
      return { manifest: founding.manifest }
    }
    const asked = [...peers, signed.manifest.intakeHost, ...signed.manifest.hosts]
    const { manifest, curation } = await recordOf(id.toString(), revision, asked, options)
    const found = history.find(({ cid }) => cid.equals(manifest))
    if (found !== undefined) {
      return { manifest: found.manifest, ...(curation === undefined ? {} : { curation }) }
    }
    throw new DatanetError('MANIFEST_BEHIND', { datanet: `${id}`, manifest: `${manifest}` })
  }
}

/**
 * Whom the curators' part goes to under all of `terms`, one for each Datanet of a card: in equal parts of
 * all of them, unless any of them has reviews earn. specs/09-reward.md §Split
 */
export function curatorsOf(terms: readonly RevisionTerms[]): {
  readonly curators: readonly string[]
  readonly curation?: readonly (readonly CurationShare[])[]
} {
  const curators = [...new Set(terms.flatMap(({ manifest }) => manifest.curators))].sort()
  if (terms.every(({ curation }) => curation === undefined)) return { curators }
  const alike = (accounts: readonly string[]) => curationOf(new Map(accounts.map((a) => [a, 1])))
  return {
    curators,
    curation: terms.map(({ manifest, curation }) => curation ?? alike(manifest.curators))
  }
}
