import type { CID } from 'multiformats/cid'
import { decodeRevision, type Revision } from '../../../protocol/datanet/revision.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import type { Cleaned } from '../../api/hosting-api.ts'
import type { OutboxStore } from '../../store/outbox.ts'
import type { Parts } from '../parts.ts'
import type { RevisionReading } from '../revision/revision-reading.ts'
import type { Revisions } from '../revision/revisions.ts'
import type { Datanets } from './datanets.ts'

/** Anchored revisions of each Datanet whose content stays: who compares needs the one before. */
const KEPT_REVISIONS = 2

/** Forgetting content that nothing refers to any more. */
export type Clean = () => Promise<Cleaned>

/**
 * Removes every block but those of each Datanet's newest revisions, of one that waits for its anchor,
 * of the revisions that models here were built on, and of what was handed in here or waits to be and is
 * in no revision yet. Waits for what is being published or fetched.
 */
export function createCleaning(
  parts: Pick<Parts, 'datanetStore' | 'modelStore' | 'content' | 'log'>,
  datanets: Pick<Datanets, 'all'>,
  revisions: Pick<Revisions, 'alone'>,
  reading: Pick<RevisionReading, 'index'>,
  outbox: Pick<OutboxStore, 'get'>
): Clean {
  const { datanetStore, modelStore, content, log } = parts

  /** What stays whole, and the contributions in it, whose files lie beside it. */
  async function pins(): Promise<{ roots: CID[]; contributions: Set<string> }> {
    const kept = new Map<string, Revision>()
    const pin = (bytes: Uint8Array | undefined) => {
      if (bytes === undefined) return
      const revision = decodeRevision(bytes)
      kept.set(revision.content.toString(), revision)
    }
    for (const { id } of datanets.all()) {
      const datanet = id.toString()
      for (const { bytes } of datanetStore.newest(datanet, KEPT_REVISIONS)) pin(bytes)
      pin(datanetStore.unanchored(datanet)?.bytes)
    }
    for (const { card, issuedAtMs } of modelStore.models()) {
      for (const { datanet, revision } of (await verifyCard(card, issuedAtMs)).card.revisions) {
        pin(datanetStore.revision(datanet.toString(), revision.toString())?.bytes)
      }
    }
    const contributions = new Set<string>()
    for (const revision of kept.values()) {
      for (const { contribution } of await reading.index(revision)) {
        contributions.add(contribution.toString())
      }
    }
    return { roots: [...kept.values()].map(({ content: root }) => root), contributions }
  }

  const isWaiting = (contribution: string) => {
    const status = datanetStore.contribution(contribution)?.status
    if (status === 'pending' || status === 'accepted') return true
    return outbox.get(contribution, 'contribution') !== undefined
  }

  return () =>
    revisions.alone(async () => {
      const { roots, contributions } = await pins()
      const isKept = (id: string) => contributions.has(id) || isWaiting(id)
      const cleaned = await content.collect(roots, isKept)
      // Blocks of reviews that no revision holds yet may be among them.
      datanetStore.forgetReviewLeaves()
      log('cleaning', { ...cleaned })
      return cleaned
    })
}
