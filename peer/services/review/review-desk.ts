import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { type SignedAppeal, verifyAppeal } from '../../../protocol/datanet/appeal.ts'
import { blindOf } from '../../../protocol/datanet/blind.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { type Review, verifyReview } from '../../../protocol/datanet/review.ts'
import { type ReviewQuery, verifyReviewQuery } from '../../../protocol/datanet/review-query.ts'
import { peopleOf } from '../../../protocol/datanet/review-rule.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { reviewAskSchema, reviewEndSchema, reviewItemSchema } from '../../../protocol/net/review.ts'
import type { ContributionStatus } from '../../api/datanets-api.ts'
import type { StoredContribution } from '../../store/contributions.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import { createReviewQueue } from './review-queue.ts'
import { createReviewStandings, type ReviewStandings, storedReview } from './review-standing.ts'
import { reviewStats } from './review-stats.ts'

/** The intake host's side of review: who gets what, and what is decided. */
export interface ReviewDesk {
  /** Answers `/datanet/review/1`; the peer's own curators as well. */
  readonly handler: ExchangeHandler
  readonly standings: ReviewStandings
  /**
   * Takes an appeal and gives the item to other curators. Refuses what verifyAppeal refuses, one by
   * another than who contributed it (CONTRIBUTION_UNKNOWN), of what is not rejected, a second one, and
   * one that nobody is left to hear (APPEAL_REFUSED).
   */
  appeal(datanet: KnownDatanet, bytes: Uint8Array): Promise<ContributionStatus>
  /** Decides anew what the words of an account decided that is another's now. */
  handedOver(datanet: KnownDatanet, newAccount: string): void
}

type Item = StoredContribution & { readonly datanet: string }

/** The desk of the Datanets that this peer takes in for. specs/04-datanet.md §Work list */
export function createReviewDesk(
  parts: Pick<Parts, 'accountStore' | 'datanetStore' | 'now' | 'log'>,
  datanets: Pick<Datanets, 'known'>
): ReviewDesk {
  const { accountStore, datanetStore, now } = parts
  const standings = createReviewStandings(parts)
  const queue = createReviewQueue(parts, standings)

  function hosted(id: string): KnownDatanet {
    const datanet = datanets.known(id)
    if (!datanet.hosted) throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
    return datanet
  }

  function itemOf(datanet: KnownDatanet, contribution: string): Item {
    const item = datanetStore.contribution(contribution)
    if (item === undefined || item.datanet !== datanet.id.toString()) {
      throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution })
    }
    if (item.status === 'withdrawn') {
      throw new DatanetError('CONTRIBUTION_WITHDRAWN', { contribution })
    }
    return item
  }

  /** Refuses who is no curator in force (REVIEW_REFUSED). */
  function demandCurator({ signed }: KnownDatanet, curator: string): void {
    if (!signed.manifest.curators.includes(curator)) refuse(curator, 'no curator in force')
  }

  const personOfAll = (datanet: KnownDatanet) =>
    peopleOf({ handOvers: standings.handOvers(datanet.id.toString()) }, [])

  /** Refuses who would decide about their own, by whatever account (REVIEW_REFUSED). */
  function demandOther(datanet: KnownDatanet, curator: string, { contributor }: Item): void {
    const personOf = personOfAll(datanet)
    if (personOf(curator) === personOf(contributor)) refuse(curator, 'it is their own')
  }

  /** An item as far as a curator may see it who has not spoken. */
  function shownTo(datanet: KnownDatanet, item: Item, untilMs?: number): unknown {
    const { facts, state, words } = standings.of(datanet, item)
    const appeal = datanetStore.appeal(item.cid)
    const round = facts.appeal?.toString()
    const flags = state.isHeld
      ? words.filter((one) => one.verdict === 'flag' && one.appeal?.toString() === round)
      : []
    return toWire(reviewItemSchema, {
      contribution: parseCid(item.cid),
      shown: blindOf(verifyContribution(item.bytes).contribution),
      ...(item.cluster === undefined ? {} : { cluster: parseCid(item.cluster) }),
      ...(untilMs === undefined ? {} : { untilMs }),
      ...(appeal === undefined
        ? {}
        : {
            appeal: { cid: parseCid(appeal.cid), text: verifyAppeal(appeal.bytes).appeal.text }
          }),
      flags: flags.map(({ code, reason }) => ({
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason })
      }))
    })
  }

  async function answer(datanet: KnownDatanet, query: ReviewQuery): Promise<unknown[]> {
    const { curator, want, most = 1 } = query
    const named = (query.contributions ?? []).map((cid) => itemOf(datanet, cid.toString()))
    switch (want) {
      case 'next':
      case 'mine': {
        const isNew = want === 'next'
        // A lease that a power cut took back would be somebody else's.
        const leases = await datanetStore.together(() => queue.next(datanet, curator, most, isNew))
        return leases.map(({ contribution, untilMs }) =>
          shownTo(datanet, itemOf(datanet, contribution), untilMs)
        )
      }
      case 'give': {
        const personOf = personOfAll(datanet)
        const { curators } = datanet.signed.manifest
        const own = curators.filter((one) => personOf(one) === personOf(curator))
        for (const { cid } of named) datanetStore.release(cid, own)
        return []
      }
      case 'show':
        for (const item of named) demandOther(datanet, curator, item)
        return named.map((item) => shownTo(datanet, item))
      case 'held': {
        const personOf = personOfAll(datanet)
        const person = personOf(curator)
        return datanetStore
          .held(datanet.id.toString())
          .map((cid) => itemOf(datanet, cid))
          .filter((item) => {
            const { words, facts } = standings.of(datanet, item)
            const round = facts.appeal?.toString()
            const own = words.filter((one) => personOf(one.curator) === person)
            const hasSpoken = own.some(
              ({ verdict, appeal }) =>
                appeal?.toString() !== round || verdict === 'flag' || verdict === 'clear'
            )
            return personOf(item.contributor) !== person && !hasSpoken
          })
          .slice(0, most)
          .map((item) => shownTo(datanet, item))
      }
      case 'stats':
        return [reviewStats(datanetStore.words(datanet.id.toString()), personOfAll(datanet))]
    }
  }

  /** Keeps what the words decide, and ends the leases of what nobody is asked about any more. */
  function settle(datanet: KnownDatanet, item: Item): ContributionStatus {
    const { outcome, isHeld } = standings.of(datanet, item).state
    // What a revision holds stays: a later word against it is a matter for a withdrawal.
    if (item.revision !== 0) return item.status
    datanetStore.setStatus(item.cid, outcome)
    // Of the peer's own accounts as well: who handed it in here need not ask.
    accountStore.setSubmissionStatus(item.cid, outcome)
    datanetStore.mark(item.cid, { isHeld })
    if (isHeld) datanetStore.release(item.cid)
    return outcome
  }

  /** Refuses a word that cannot count (REVIEW_REFUSED, RECORD_FROM_FUTURE). */
  function demandCounts(datanet: KnownDatanet, item: Item, review: Review): void {
    const { curator, createdAtMs, appeal, verdict } = review
    demandCurator(datanet, curator)
    demandOther(datanet, curator, item)
    if (createdAtMs > now() + LIMITS.clockSkewMs) {
      throw new DatanetError('RECORD_FROM_FUTURE', { createdAtMs })
    }
    const { state, facts, words } = standings.of(datanet, item)
    if (state.isFinal) refuse(curator, 'its appeal was decided, and that is final')
    const round = facts.appeal?.toString()
    if (appeal?.toString() !== round) {
      refuse(
        curator,
        round === undefined ? 'there is no such appeal' : 'it does not answer the appeal'
      )
    }
    const personOf = personOfAll(datanet)
    const earlier = words.filter((one) => one.appeal?.toString() !== round)
    if (earlier.some((one) => personOf(one.curator) === personOf(curator))) {
      refuse(curator, 'an appeal is for those who have not spoken')
    }
    const isNew = !words.some((one) => personOf(one.curator) === personOf(curator))
    const isDecided = state.outcome !== 'pending' || item.revision !== 0
    if (isDecided && isNew && verdict !== 'flag' && verdict !== 'clear') {
      // Who has it before them may still say what they were asked for.
      const leases = datanetStore.leases({ contribution: item.cid }, now())
      const isLeased = leases.some((one) => personOf(one.curator) === personOf(curator))
      if (!isLeased) refuse(curator, 'it is decided')
    }
    const isFlagged = words.some(
      (one) => one.verdict === 'flag' && one.appeal?.toString() === round
    )
    if (verdict === 'clear' && !isFlagged) refuse(curator, 'nobody flagged it')
  }

  async function judged(datanet: KnownDatanet, bytes: Uint8Array): Promise<unknown> {
    const signed = verifyReview(bytes)
    const { review } = signed
    if (!review.datanet.equals(datanet.id)) {
      throw new DatanetError('INPUT_INVALID', { datanet: `${review.datanet}` })
    }
    // A verdict that was answered for is never lost; two at one time see each other.
    const { item, before, status } = await datanetStore.together(() => {
      const item = itemOf(datanet, review.contribution.toString())
      const isKept = datanetStore.review(signed.cid.toString()) !== undefined
      if (!isKept) demandCounts(datanet, item, review)
      const before = standings.of(datanet, item)
      datanetStore.addReview(storedReview(signed))
      const personOf = personOfAll(datanet)
      const { curators } = datanet.signed.manifest
      datanetStore.release(
        item.cid,
        curators.filter((one) => personOf(one) === personOf(review.curator))
      )
      return { item, before, status: settle(datanet, item) }
    })
    const { state, facts } = standings.of(datanet, item)
    const round = facts.appeal?.toString()
    return toWire(reviewEndSchema, {
      status,
      isHeld: status === 'pending' && state.isHeld,
      contribution: item.bytes,
      verdicts: before.words
        .filter((one) => one.curator !== review.curator && one.appeal?.toString() === round)
        .map(({ verdict }) => verdict)
        .slice(0, LIMITS.curators)
    })
  }

  /** Registers an appeal, unless it cannot be heard. */
  function heard(datanet: KnownDatanet, signed: SignedAppeal): ContributionStatus {
    const { appeal, bytes } = signed
    const item = itemOf(datanet, appeal.contribution.toString())
    const personOf = personOfAll(datanet)
    if (
      !appeal.datanet.equals(datanet.id) ||
      personOf(appeal.account) !== personOf(item.contributor)
    ) {
      throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: item.cid })
    }
    const known = datanetStore.appeal(item.cid)
    // The same again is answered again: an answer may have been lost.
    if (known?.cid === signed.cid.toString()) return item.status
    const refused = (hint: string): never => {
      throw new DatanetError('APPEAL_REFUSED', { contribution: item.cid }, { hint })
    }
    if (known !== undefined) refused('it was appealed for before, and that is once')
    if (item.status !== 'rejected') refused(`it is ${item.status}`)
    if (!standings.of(datanet, item).mayAppeal) {
      refused('too few curators are left who have not spoken')
    }
    datanetStore.addAppeal({ contribution: item.cid, cid: signed.cid.toString(), bytes })
    datanetStore.mark(item.cid, { priority: 1 })
    return settle(datanet, item)
  }

  return {
    standings,

    async *handler(value) {
      const ask = fromWire(reviewAskSchema, value)
      const datanet = hosted(ask.datanet.toString())
      if ('review' in ask) return judged(datanet, ask.review)
      const query = verifyReviewQuery(ask.query, now())
      if (!query.datanet.equals(datanet.id)) {
        throw new DatanetError('INPUT_INVALID', { datanet: `${query.datanet}` })
      }
      demandCurator(datanet, query.curator)
      for (const part of await answer(datanet, query)) if (!(yield part)) return undefined
      return undefined
    },

    async appeal(datanet, bytes) {
      const signed = verifyAppeal(bytes)
      return datanetStore.together(() => heard(datanet, signed))
    },

    handedOver(datanet, newAccount) {
      const id = datanet.id.toString()
      const personOf = personOfAll(datanet)
      const person = personOf(newAccount)
      const concerned = new Set<string>()
      for (const { contribution, curator } of datanetStore.words(id)) {
        if (personOf(curator) === person) concerned.add(contribution)
      }
      for (const cid of concerned) {
        const item = datanetStore.contribution(cid)
        if (item === undefined || item.status === 'withdrawn' || item.revision !== 0) continue
        settle(datanet, item)
      }
    }
  }
}

function refuse(curator: string, hint: string): never {
  throw new DatanetError('REVIEW_REFUSED', { curator }, { hint })
}
