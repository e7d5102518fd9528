import type { CID } from 'multiformats/cid'
import { decodeRevision } from '../../protocol/datanet/revision.ts'
import { verifyCard } from '../../protocol/model/card.ts'
import type { Cleaned } from '../api/hosting-api.ts'
import type { Datanets } from './datanets.ts'
import type { Parts } from './parts.ts'
import type { Revisions } from './revisions.ts'

/** Anchored revisions of each Datanet whose content stays: who compares needs the one before. */
const KEPT_REVISIONS = 2

/** Forgetting content that nothing refers to any more. */
export type Clean = () => Promise<Cleaned>

/**
 * Removes every block but those of each Datanet's newest revisions, of one that waits for its anchor,
 * of the revisions that models here were built on, and of what was handed in here and is in no revision
 * yet. Waits for what is being published or fetched.
 */
export function createCleaning(
  parts: Pick<Parts, 'datanetStore' | 'modelStore' | 'content' | 'log'>,
  datanets: Pick<Datanets, 'all'>,
  revisions: Pick<Revisions, 'alone'>
): Clean {
  const { datanetStore, modelStore, content, log } = parts

  async function pins(): Promise<CID[]> {
    const pinned: CID[] = []
    const pin = (bytes: Uint8Array | undefined) => {
      if (bytes !== undefined) pinned.push(decodeRevision(bytes).content)
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
    return pinned
  }

  const isHere = (contribution: string) => {
    const status = datanetStore.contribution(contribution)?.status
    return status === 'pending' || status === 'accepted'
  }

  return () =>
    revisions.alone(async () => {
      const cleaned = await content.collect(await pins(), isHere)
      // Blocks of reviews that no revision holds yet may be among them.
      datanetStore.forgetReviewLeaves()
      log('cleaning', { ...cleaned })
      return cleaned
    })
}
