import { parseCid } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { verifyContribution } from '../../protocol/datanet/contribution.ts'
import { verifyHandOver } from '../../protocol/datanet/hand-over.ts'
import {
  contributionsTree,
  decodeRevision,
  encodeRevision,
  type Revision,
  revisionCid
} from '../../protocol/datanet/revision.ts'
import type { ProgressOptions } from '../api/peer-api.ts'
import type { StoredHandOver, StoredRevision } from '../store/datanets.ts'
import type { KnownDatanet } from './known-datanets.ts'
import type { Parts } from './parts.ts'
import { revisionFiles } from './revision-files.ts'
import { reachable } from './revision-hand-overs.ts'

/** A revision that nobody approved yet, with what is new in it. */
export interface DraftRevision {
  readonly revision: Revision
  readonly stored: StoredRevision
  /** CIDs of the contributions that no revision held before. */
  readonly added: readonly string[]
  readonly handOvers: readonly StoredHandOver[]
}

/**
 * The next revision of `datanet` from everything that its intake host accepted, its directory written
 * to the own store. Refuses NOTHING_TO_PUBLISH when it would hold what the last one holds.
 */
export async function draftRevision(
  parts: Pick<Parts, 'datanetStore' | 'content' | 'now'>,
  datanet: KnownDatanet,
  options: ProgressOptions
): Promise<DraftRevision> {
  const { datanetStore, content, now } = parts
  const id = datanet.id.toString()
  const accepted = datanetStore.contributions(id, 'accepted')
  const added = accepted.filter((item) => item.revision === 0).map((item) => item.cid)
  const handOvers = reachable(
    datanetStore.handOvers({ datanet: id }),
    accepted.map(({ contributor }) => contributor)
  )
  const isHandedOver = handOvers.some(({ revision }) => revision === 0)
  const parent = datanetStore.revision(id)
  const isThinner =
    parent !== undefined && decodeRevision(parent.bytes).rows > accepted.length - added.length
  if (accepted.length === 0 || (added.length === 0 && !isHandedOver && !isThinner)) {
    throw new DatanetError('NOTHING_TO_PUBLISH', { id })
  }
  // Registration order is for ever: earlier revisions first, then the order of arrival.
  const ordered = [
    ...accepted.filter((item) => item.revision > 0).sort((a, b) => a.revision - b.revision),
    ...accepted.filter((item) => item.revision === 0)
  ]
  const contributions = ordered.map(({ bytes, order, cluster }) => ({
    ...verifyContribution(bytes),
    order,
    ...(cluster === undefined ? {} : { cluster })
  }))
  const reviews = ordered.flatMap((item) => datanetStore.reviews(item.cid))
  const ordinal = (parent?.ordinal ?? 0) + 1
  options.onProgress?.({ text: 'writing the revision', done: 0, total: contributions.length })
  const root = await content.publishDirectory(
    revisionFiles(
      datanet.signed,
      ordinal,
      contributions,
      reviews,
      handOvers.map(({ bytes }) => verifyHandOver(bytes, now()))
    )
  )
  const revision: Revision = {
    version: 1,
    datanet: datanet.id,
    manifest: datanet.signed.cid,
    ordinal,
    ...(parent === undefined ? {} : { parent: parseCid(parent.cid) }),
    contributionsRoot: contributionsTree(contributions.map((c) => c.cid)).root,
    rows: contributions.length,
    content: root,
    createdAtMs: now()
  }
  const cid = revisionCid(revision).toString()
  const stored = { datanet: id, ordinal, cid, bytes: encodeRevision(revision), anchored: false }
  return { revision, stored, added, handOvers }
}
