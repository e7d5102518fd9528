import { LIMITS } from '../../../protocol/base/limits.ts'
import { peopleOf } from '../../../protocol/datanet/review-rule.ts'
import type { StoredLease, WaitingItem } from '../../store/reviews.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { ReviewStandings } from './review-standing.ts'

/** Items looked at together. */
const PAGE = 32

/** Who is to get which item. */
export interface ReviewQueue {
  /**
   * Leases for `curator`, those that did not end first, `most` at most: of every author in turn the
   * oldest item that needs another person, what has priority before the others; what somebody was
   * unsure of comes back to them when nothing else waits and a lease's time has passed. Unless `isNew`
   * only those that did not end. To be called in one unit of the store.
   */
  next(datanet: KnownDatanet, curator: string, most: number, isNew: boolean): readonly StoredLease[]
}

interface Author {
  readonly accounts: string[]
  dealt: number
  first: number
}

/** The drawing of work for curators. specs/04-datanet.md §Work list */
export function createReviewQueue(
  parts: Pick<Parts, 'datanetStore' | 'now'>,
  standings: ReviewStandings
): ReviewQueue {
  const { datanetStore, now } = parts

  /** Accounts that were handed on to one are one author: one author gets one turn. */
  function authors(datanet: string, personOf: (account: string) => string): Map<string, Author> {
    const found = new Map<string, Author>()
    for (const { contributor, dealt, first } of datanetStore.authors(datanet)) {
      const person = personOf(contributor)
      const known = found.get(person)
      if (known === undefined) found.set(person, { accounts: [contributor], dealt, first })
      else {
        known.accounts.push(contributor)
        known.dealt = Math.max(known.dealt, dealt)
        known.first = Math.min(known.first, first)
      }
    }
    return found
  }

  /** Whether a word of theirs is still wanted: `again` has what they were unsure of count as wanted. */
  function isWanted(
    datanet: KnownDatanet,
    item: WaitingItem,
    { person, isAgain }: { person: string; isAgain: boolean }
  ): boolean {
    const { state, facts, words } = standings.of(datanet, item)
    if (state.outcome !== 'pending' || state.isHeld) return false
    const personOf = peopleOf(facts, [])
    if (personOf(item.contributor) === person) return false
    const own = words.filter(({ curator }) => personOf(curator) === person)
    const round = facts.appeal?.toString()
    // An appeal is for those who have not spoken.
    if (own.some(({ appeal }) => appeal?.toString() !== round)) return false
    const said = own.filter(({ verdict }) => verdict !== 'flag' && verdict !== 'clear')
    const isSaid = said.some(({ verdict }) => verdict !== 'unsure')
    const lastMs = Math.max(0, ...said.map(({ createdAtMs }) => createdAtMs))
    const { leaseMs } = datanet.signed.manifest.review
    if (isSaid || (said.length > 0 && (!isAgain || lastMs + leaseMs > now()))) return false
    const others = new Set(
      datanetStore
        .leases({ contribution: item.cid }, now())
        .map(({ curator }) => personOf(curator))
        .filter((holder) => holder !== person)
    )
    return others.size < state.needed
  }

  return {
    next(datanet, curator, most, isNew) {
      const id = datanet.id.toString()
      const { curators, review } = datanet.signed.manifest
      const personOf = peopleOf({ handOvers: standings.handOvers(id) }, [])
      const person = personOf(curator)
      const own = curators.filter((one) => personOf(one) === person)
      datanetStore.expire(now())
      const held = own
        .flatMap((one) => datanetStore.leases({ curator: one }, now()))
        .filter(({ contribution }) => {
          const item = datanetStore.contribution(contribution)
          return item?.datanet === id && item.status === 'pending'
        })
      const wanted = isNew ? Math.min(most, LIMITS.reviewLeases) - held.length : 0
      const drawn: StoredLease[] = []
      const take = (item: WaitingItem) => {
        const lease = { contribution: item.cid, curator, untilMs: now() + review.leaseMs }
        datanetStore.lease(lease)
        datanetStore.served(id, item.contributor)
        drawn.push(lease)
      }
      const find = (
        by: { accounts?: readonly string[] },
        how: { isAgain: boolean; leastPriority?: number }
      ): WaitingItem | undefined => {
        for (let skip = 0; ; skip += PAGE) {
          const page = datanetStore.waiting(
            id,
            { ...by, curators: own },
            { skip, most: PAGE, leastPriority: how.leastPriority ?? 0 }
          )
          const found = page.find((item) =>
            isWanted(datanet, item, { person, isAgain: how.isAgain })
          )
          if (found !== undefined || page.length < PAGE) return found
        }
      }
      while (drawn.length < wanted) {
        const urgent = find({}, { isAgain: false, leastPriority: 1 })
        if (urgent === undefined) break
        take(urgent)
      }
      for (const isAgain of [false, true]) {
        if (drawn.length >= wanted || (isAgain && drawn.length > 0)) break
        const all = authors(id, personOf)
        all.delete(person)
        const turns = [...all.values()].sort((a, b) => a.dealt - b.dealt || a.first - b.first)
        // In passes, until nobody has anything more.
        while (turns.length > 0 && drawn.length < wanted) {
          for (const author of turns.splice(0)) {
            if (drawn.length >= wanted) break
            const item = find(author, { isAgain })
            if (item === undefined) continue
            take(item)
            turns.push(author)
          }
        }
      }
      return [...held, ...drawn].slice(0, most)
    }
  }
}
