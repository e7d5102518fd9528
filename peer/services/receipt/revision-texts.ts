import { isDatanetError } from '../../../protocol/base/errors.ts'
import { verifyCard } from '../../../protocol/model/card.ts'
import type { Receipt } from '../../../protocol/receipt/receipt.ts'
import { createGround } from '../../engines/attribution/ground.ts'
import { readCorpus } from '../../engines/retrieval/corpus.ts'
import { passagesOf } from '../revision/revision-passages.ts'
import type { Revisions } from '../revision/revisions.ts'
import type { KeptAnswer } from './kept-answers.ts'
import type { Texts } from './recomputing.ts'

/** What a receipt's model was built from. */
export interface Ground {
  readonly datanet: string
  readonly revision: string
}

/** The texts of revisions kept here, read for checking receipts; those of the last one stay read. */
export interface RevisionTexts {
  /** By the card that a receipt names; undefined where that is no card of one revision. */
  groundOf(receipt: Receipt, said: KeptAnswer): Promise<Ground | undefined>
  /** Gives why not, where the texts are not here. */
  read(ground: Ground | undefined): Promise<Texts | 'TEXTS_NOT_HERE' | 'MODEL_UNKNOWN'>
}

/** Reading over this peer's own store. specs/08-receipt.md §Recomputing */
export function createRevisionTexts(revisions: Pick<Revisions, 'read'>): RevisionTexts {
  let last: { readonly key: string; readonly texts: Texts } | undefined

  return {
    async groundOf({ model, finishedAtMs }, { card }) {
      try {
        const signed = await verifyCard(card, finishedAtMs)
        const [one, ...more] = signed.card.revisions
        if (!signed.cid.equals(model) || one === undefined || more.length > 0) return undefined
        return { datanet: one.datanet.toString(), revision: one.revision.toString() }
      } catch (error) {
        if (isDatanetError(error)) return undefined
        throw error
      }
    },
    async read(ground) {
      if (ground === undefined) return 'MODEL_UNKNOWN'
      try {
        const read = await revisions.read(ground.datanet, ground.revision)
        const passages = passagesOf(read)
        const key = `${ground.revision} ${passages.length}`
        if (last?.key === key) return last.texts
        const owners = new Map(passages.map((p) => [p.contribution, read.ownerOf(p.contributor)]))
        const texts = { ground: createGround(readCorpus(passages)), owners }
        last = { key, texts }
        return texts
      } catch (error) {
        if (isDatanetError(error)) return 'TEXTS_NOT_HERE'
        throw error
      }
    }
  }
}
