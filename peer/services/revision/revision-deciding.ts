import { setImmediate } from 'node:timers/promises'
import { sha256 } from '../../../protocol/base/codec.ts'
import { comparedWords } from '../../../protocol/datanet/passage.ts'
import { type Revision, revisionCid } from '../../../protocol/datanet/revision.ts'
import type { GovernanceApi } from '../../api/governance-api.ts'
import type { CallOptions, ProgressOptions } from '../../api/peer-api.ts'
import type { TombstoneSync } from '../contribution/tombstone-sync.ts'
import type { DatanetPeers } from '../datanet/datanet-peers.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { storedReview } from '../review/review-standing.ts'
import { type CheckedRevision, createRevisionChecking } from './revision-checking.ts'
import { createRevisionDiff } from './revision-diff.ts'
import type { RevisionReading } from './revision-reading.ts'
import { parseReviewRow, REVIEWS_PATH } from './revision-reviews.ts'
import type { Revisions } from './revisions.ts'

/** Rows that are registered before others get their turn. */
const TURN = 64

/** What curators do with revisions, and what a new intake host needs of one. */
export interface RevisionDeciding {
  draft(id: string, options: ProgressOptions): Promise<Revision>
  readonly diff: GovernanceApi['diff']
  /** Refuses a revision that does not follow from its own records. */
  check(
    datanet: KnownDatanet,
    revision: Revision,
    options: ProgressOptions
  ): Promise<CheckedRevision>
  anchor(
    datanet: KnownDatanet,
    revision: Revision,
    signatures: readonly Uint8Array[],
    options: ProgressOptions
  ): Promise<void>
  /**
   * Registers what the newest anchored revision holds, in its order, so that registration goes on from
   * there, and announces that this peer takes in.
   */
  takeUp(datanet: KnownDatanet, options: CallOptions): Promise<void>
}

/** The deciding about revisions of one peer. specs/04-datanet.md §Proposal */
export function createRevisionDeciding(
  parts: Pick<Parts, 'datanetStore' | 'chain' | 'content' | 'now'>,
  services: {
    readonly revisions: Revisions
    readonly reading: RevisionReading
    readonly sync: Pick<TombstoneSync, 'sync'>
    readonly peers: DatanetPeers
    readonly datanets: Pick<Datanets, 'announce'>
  }
): RevisionDeciding {
  const { datanetStore, chain, content } = parts
  const { revisions, datanets } = services
  const fetchHead = (id: string, options: ProgressOptions) => revisions.fetch(id, options)
  const readHead = (id: string) => revisions.read(id)

  const look = createRevisionChecking(parts, { ...services, fetchHead, readHead })
  /** Revisions whose every byte is here, since they were made again. */
  const looked = new Set<string>()

  return {
    draft: revisions.draft,
    diff: createRevisionDiff(parts, services.reading),
    anchor: (datanet, revision, signatures, options) =>
      revisions.anchorApproved(datanet, revision, signatures, {
        ...options,
        isHere: looked.has(revisionCid(revision).toString())
      }),
    async check(datanet, revision, options) {
      const checked = await look(datanet, revision, options)
      looked.add(revisionCid(revision).toString())
      return checked
    },

    async takeUp(datanet, options) {
      const id = datanet.id.toString()
      const head = await chain.registry.head(datanet.key, options)
      if (head.ordinal > 0) {
        if (datanetStore.revision(id)?.ordinal !== head.ordinal) await fetchHead(id, options)
        const { revision, contributions } = await readHead(id)
        for (const [n, row] of contributions.entries()) {
          if (n % TURN === 0) await setImmediate()
          const { cid, contribution, bytes, order, cluster } = row
          datanetStore.restoreContribution({
            ...{ cid: cid.toString(), datanet: id, contributor: contribution.contributor },
            textDigest: sha256(new TextEncoder().encode(comparedWords(contribution))),
            ...{ bytes, order, takenAtMs: contribution.createdAtMs, revision: revision.ordinal },
            ...(cluster === undefined ? {} : { cluster })
          })
        }
        for await (const row of content.readRows(revision.content, REVIEWS_PATH)) {
          const { appeal, ...signed } = parseReviewRow(row.bytes)
          const contribution = signed.review.contribution.toString()
          if (datanetStore.contribution(contribution)?.status !== 'accepted') continue
          if (appeal !== undefined) {
            datanetStore.addAppeal({ contribution, cid: `${appeal.cid}`, bytes: appeal.bytes })
          }
          datanetStore.addReview(storedReview(signed))
        }
      }
      datanets.announce(datanet)
    }
  }
}
