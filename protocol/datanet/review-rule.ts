import type { CID } from 'multiformats/cid'
import { DatanetError } from '../base/errors.ts'
import { LIMITS } from '../base/limits.ts'
import { PPM } from '../base/units.ts'
import type { HandOver } from './hand-over.ts'
import type { Manifest } from './manifest.ts'
import type { Review } from './review.ts'

/** Of a review what decides. */
export type ReviewWord = Pick<Review, 'verdict' | 'curator' | 'createdAtMs' | 'appeal'>

/** Of a contribution what its reviews are counted by. */
export interface ReviewFacts {
  readonly contributor: string
  /** Of the Datanet, as far as they are known: accounts under one are one person. */
  readonly handOvers?: readonly Pick<HandOver, 'oldAccount' | 'newAccount' | 'seq'>[]
  /** Once there is one, only words that answer it count. */
  readonly appeal?: CID
}

/** What the reviews of one contribution come to. */
export interface ReviewState {
  readonly outcome: 'accepted' | 'rejected' | 'pending'
  /** Flagged, and not cleared: nobody is given it to review meanwhile. */
  readonly isHeld: boolean
  /** How many more approvals would accept it; 0 once it is decided. */
  readonly needed: number
  /** People who may still be asked for a first word. */
  readonly fresh: number
  /** An appeal was decided: there is no further word. */
  readonly isFinal: boolean
}

/** One person's words: the newest on the item, and the newest on whether it must be held. */
interface Said {
  verdict?: ReviewWord
  flag?: ReviewWord
}

const RANK = { approve: 0, unsure: 1, reject: 2, clear: 3, flag: 4 } as const

/**
 * What the reviews of one contribution decide under the manifest's rule. People count, once each, by
 * their newest words, and nobody decides about their own. Flags by the threshold reject; a flag that
 * neither the threshold nor the lack of anyone else clears holds the item. Then it is accepted by so
 * many approvals and so large a share, rejected by as many rejections where the share is missed, or
 * when it can no longer be accepted. The result does not depend on the order of `reviews`. Refuses
 * reviews by others than curators or of one's own contribution (REVIEW_REFUSED).
 * specs/04-datanet.md §Review
 */
export function decideReviews(
  manifest: Manifest,
  facts: ReviewFacts,
  reviews: readonly ReviewWord[]
): ReviewState {
  const personOf = peopleOf(facts, reviews)
  const author = personOf(facts.contributor)
  for (const { curator } of reviews) {
    // Whoever an account was handed over to afterwards is left out below: others' words still count.
    if (!manifest.curators.includes(curator) || curator === facts.contributor) {
      throw new DatanetError('REVIEW_REFUSED', { curator })
    }
  }
  const { appeal } = facts
  const before = new Set(reviews.filter((one) => !answers(one, appeal)).map(personAt(personOf)))
  const people = new Set(manifest.curators.map(personOf))
  people.delete(author)
  // Who spoke before the appeal is not asked again, and what they said does not count in it.
  if (appeal !== undefined) for (const person of before) people.delete(person)
  const words = new Map<string, Said>()
  for (const review of reviews) {
    const person = personOf(review.curator)
    if (!answers(review, appeal) || !people.has(person)) continue
    const said = words.get(person) ?? {}
    words.set(person, said)
    const kind = review.verdict === 'flag' || review.verdict === 'clear' ? 'flag' : 'verdict'
    if (isNewer(review, said[kind])) said[kind] = review
  }
  return weigh(manifest, people.size, [...words.values()], appeal !== undefined)
}

/**
 * Whether an appeal would be heard: it is rejected, none was made before, and so many people who have not
 * spoken are left that they alone could accept it. Refuses what decideReviews refuses.
 */
export function mayAppeal(
  manifest: Manifest,
  facts: ReviewFacts,
  reviews: readonly ReviewWord[]
): boolean {
  if (facts.appeal !== undefined) return false
  const { outcome, fresh } = decideReviews(manifest, facts, reviews)
  return outcome === 'rejected' && fresh >= manifest.review.approvals
}

/** The people behind accounts: by the hand-overs that were issued when the newest word was said. */
export function peopleOf(
  { handOvers = [] }: Pick<ReviewFacts, 'handOvers'>,
  reviews: readonly Pick<ReviewWord, 'createdAtMs'>[]
): (account: string) => string {
  const atMs = Math.max(0, ...reviews.map(({ createdAtMs }) => createdAtMs))
  const counting = reviews.length === 0 ? handOvers : handOvers.filter(({ seq }) => seq <= atMs)
  const next = new Map(counting.map(({ oldAccount, newAccount }) => [oldAccount, newAccount]))
  return (account) => {
    let person = account
    for (let steps = 0; steps < LIMITS.handOverChain; steps += 1) {
      const after = next.get(person)
      if (after === undefined) return person
      person = after
    }
    return person
  }
}

function weigh(
  { review, threshold }: Manifest,
  eligible: number,
  words: readonly Said[],
  isAppeal: boolean
): ReviewState {
  const count = (verdict: ReviewWord['verdict']) =>
    words.filter((said) => said.verdict?.verdict === verdict || said.flag?.verdict === verdict)
      .length
  const [approvals, rejections, flags] = [count('approve'), count('reject'), count('flag')]
  const clears = count('clear')
  const isEnough = (yes: number) => yes * PPM >= review.sharePpm * (yes + rejections)
  const suffices = (yes: number) => yes >= review.approvals && isEnough(yes)
  const fresh = eligible - words.length
  const decided = (outcome: 'accepted' | 'rejected'): ReviewState => ({
    ...{ outcome, isHeld: false, needed: 0, fresh, isFinal: isAppeal }
  })
  const enough = Math.min(threshold, eligible)
  if (flags > 0 && flags >= enough) return decided('rejected')
  const isHeld = flags > 0 && clears < enough && eligible - clears >= enough
  if (!isHeld) {
    if (suffices(approvals)) return decided('accepted')
    if (rejections >= review.approvals && !isEnough(approvals)) return decided('rejected')
    if (!suffices(eligible - rejections)) return decided('rejected')
  }
  let needed = 1
  while (needed < eligible && !suffices(approvals + needed)) needed += 1
  return { outcome: 'pending', isHeld, needed, fresh, isFinal: false }
}

/** Whether a word is of the round that counts: the first, or the one of `appeal`. */
function answers({ appeal: own }: ReviewWord, appeal: CID | undefined): boolean {
  return own?.toString() === appeal?.toString()
}

const personAt =
  (personOf: (account: string) => string) =>
  ({ curator }: ReviewWord) =>
    personOf(curator)

/** A total order, so that everyone decides alike in whatever order the reviews came. */
function isNewer(review: ReviewWord, known: ReviewWord | undefined): boolean {
  if (known === undefined) return true
  if (review.createdAtMs !== known.createdAtMs) return review.createdAtMs > known.createdAtMs
  return RANK[review.verdict] > RANK[known.verdict]
}
