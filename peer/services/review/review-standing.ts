import { parseCid } from '../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { type HandOver, verifyHandOver } from '../../../protocol/datanet/hand-over.ts'
import { type Review, type SignedReview, verifyReview } from '../../../protocol/datanet/review.ts'
import {
  decideReviews,
  mayAppeal,
  type ReviewFacts,
  type ReviewState
} from '../../../protocol/datanet/review-rule.ts'
import type { StoredReview } from '../../store/reviews.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'

/** Where the review of one contribution stands, with all that it follows from. */
export interface Standing {
  readonly state: ReviewState
  readonly facts: ReviewFacts
  /** Those that may count: by curators in force, not by the contributor. */
  readonly words: readonly Review[]
  readonly mayAppeal: boolean
}

/** Whose review of what. */
interface Item {
  readonly cid: string
  readonly contributor: string
}

/** The standing of what a host keeps, from its records alone. */
export interface ReviewStandings {
  of(datanet: KnownDatanet, item: Item): Standing
  /** The hand-overs of a Datanet that are known here. */
  handOvers(datanet: string): readonly HandOver[]
}

/** Reads reviews, appeals and hand-overs back. specs/04-datanet.md §Review */
export function createReviewStandings(parts: Pick<Parts, 'datanetStore' | 'log'>): ReviewStandings {
  const { datanetStore, log } = parts
  const read = new Map<string, HandOver>()

  function handOvers(datanet: string): readonly HandOver[] {
    return datanetStore.handOvers({ datanet }).map(({ cid, bytes }) => {
      const known = read.get(cid)
      if (known !== undefined) return known
      const { handOver } = verifyHandOver(bytes, Number.MAX_SAFE_INTEGER)
      read.set(cid, handOver)
      return handOver
    })
  }

  function reviews(contribution: string): Review[] {
    return datanetStore.reviews(contribution).flatMap((bytes) => {
      try {
        return [verifyReview(bytes).review]
      } catch (error) {
        if (!isDatanetError(error)) throw error
        // Of an earlier version: what else is known of the item must not be lost with it.
        log('review', { contribution, error: error.code, hint: 'a review is of another version' })
        return []
      }
    })
  }

  return {
    handOvers,
    of({ id, signed }, { cid, contributor }) {
      const { manifest } = signed
      const appeal = datanetStore.appeal(cid)
      const facts: ReviewFacts = {
        ...{ contributor, handOvers: handOvers(id.toString()) },
        ...(appeal === undefined ? {} : { appeal: parseCid(appeal.cid) })
      }
      // The words of those who left count under the manifest of their time, not under this one.
      const words = reviews(cid).filter(
        ({ curator }) => manifest.curators.includes(curator) && curator !== contributor
      )
      const state = decideReviews(manifest, facts, words)
      return { state, facts, words, mayAppeal: mayAppeal(manifest, facts, words) }
    }
  }
}

/** A review as the store keeps it. */
export function storedReview({ review, cid, bytes }: SignedReview): StoredReview {
  const { contribution, curator, verdict, createdAtMs, appeal } = review
  return {
    cid: cid.toString(),
    contribution: contribution.toString(),
    ...{ bytes, curator, verdict, createdAtMs },
    ...(appeal === undefined ? {} : { appeal: appeal.toString() })
  }
}
