import { cidFromDigest } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { decodeRevision, type Revision, revisionCid } from '../../../protocol/datanet/revision.ts'
import type { CatalogueEntry } from '../../../protocol/net/documents.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { DatanetPeers } from '../datanet/datanet-peers.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'

/**
 * The chain's newest revision, from the first of the Datanet's peers that shows it. Refuses
 * ANCHOR_MISSING where none does, and what was wrong with the first that was shown.
 */
export type RevisionFinding = (
  datanet: KnownDatanet,
  options: CallOptions
) => Promise<{ readonly revision: Revision; readonly from: string }>

/** Finding revisions among the peers of a Datanet. specs/04-datanet.md §Revision */
export function createRevisionFinding(
  { chain, publications }: Pick<Parts, 'chain' | 'publications'>,
  peers: DatanetPeers
): RevisionFinding {
  /** Refuses a revision that is not the chain's, or not its newest. */
  async function refuseOther({ id, key }: KnownDatanet, revision: Revision, options: CallOptions) {
    const { ordinal } = revision
    const anchored = await chain.registry.anchorOf(key, ordinal, options)
    if (anchored === undefined) throw new DatanetError('ANCHOR_MISSING', { id: `${id}`, key })
    if (!cidFromDigest(Buffer.from(anchored.slice(2), 'hex')).equals(revisionCid(revision))) {
      throw new DatanetError('REVISION_INVALID', { reason: 'the chain anchors another revision' })
    }
    // An older state would bring back what was taken out of it since.
    const head = await chain.registry.head(key, options)
    if (ordinal >= head.ordinal) return
    throw new DatanetError('RECORD_SUPERSEDED', { id: `${id}`, seq: ordinal, head: head.ordinal })
  }

  async function recordFrom(peer: string, datanet: KnownDatanet, options: CallOptions) {
    const { id } = datanet
    const issuer = id.toString()
    return publications.fetch(
      peer,
      { issuer, kind: 'revision', id: issuer },
      async (bytes) => {
        const value = decodeRevision(bytes)
        if (!value.datanet.equals(id)) {
          throw new DatanetError('REVISION_INVALID', { reason: 'it is of another Datanet' })
        }
        // Anybody can write a revision: only the chain's may be remembered as seen.
        await refuseOther(datanet, value, options)
        return { seq: value.ordinal, value }
      },
      options
    )
  }

  return async (datanet, options) => {
    let refusal: DatanetError | undefined
    const isIt = ({ kind }: CatalogueEntry) => kind === 'revision'
    for await (const from of peers.of(datanet, isIt, options)) {
      try {
        return { revision: await recordFrom(from, datanet, options), from }
      } catch (error) {
        if (!isDatanetError(error) || error.code === 'CHAIN_UNREACHABLE') throw error
        refusal ??= error
      }
    }
    throw refusal ?? new DatanetError('ANCHOR_MISSING', { id: `${datanet.id}`, kept: false })
  }
}
