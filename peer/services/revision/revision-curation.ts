import { type CountedReview, countReviews, curationOf } from '../../../protocol/datanet/curation.ts'
import { peopleOf, type ReviewFacts } from '../../../protocol/datanet/review-rule.ts'
import type { Revision } from '../../../protocol/datanet/revision.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'

/**
 * Who shares the curators' part of a revision: nothing unless the manifest in force has reviews earn,
 * and somebody judged a row of it. Reviews by who was no curator at their time count for nobody.
 * specs/04-datanet.md §Curation
 */
export function revisionCuration(
  history: KnownDatanet['history'],
  reviews: Iterable<CountedReview & { readonly createdAtMs: number }>,
  handOvers: NonNullable<ReviewFacts['handOvers']>,
  authors: ReadonlyMap<string, string>
): Pick<Revision, 'curation'> {
  if (history.at(-1)?.manifest.review.earns === undefined) return {}
  const wasCurator = ({ curator, createdAtMs }: { curator: string; createdAtMs: number }) =>
    history.some(({ manifest }, at) => {
      const endsAtMs = history[at + 1]?.manifest.effectiveAtMs ?? Number.POSITIVE_INFINITY
      return manifest.curators.includes(curator) && createdAtMs < endsAtMs
    })
  function* counting() {
    for (const review of reviews) if (wasCurator(review)) yield review
  }
  const counts = countReviews(counting(), {
    personOf: peopleOf({ handOvers }, []),
    authorOf: (contribution) => authors.get(contribution)
  })
  const curation = [...curationOf(counts)]
  return curation.length === 0 ? {} : { curation }
}
