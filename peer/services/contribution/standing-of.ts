import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { ownersAfter } from '../../../protocol/datanet/hand-over.ts'
import { verifySubmissionQuery } from '../../../protocol/datanet/submission-query.ts'
import { standingAskSchema, standingEndSchema } from '../../../protocol/net/standing.ts'
import type { StoredContribution } from '../../store/contributions.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { ReviewStandings } from '../review/review-standing.ts'

const MOST_REASONS = 8

/**
 * What a host answers an account that asks where its contributions stand: those of the account, and
 * of those that were handed over to it. Refuses what verifySubmissionQuery refuses, a query for
 * another Datanet (INPUT_INVALID), and a contribution that is not the account's
 * (CONTRIBUTION_UNKNOWN). specs/04-datanet.md §Standing
 */
export function standingOf(
  parts: Pick<Parts, 'datanetStore' | 'now'>,
  known: KnownDatanet,
  value: unknown,
  standings: Pick<ReviewStandings, 'of'>
): unknown {
  const datanet = known.id.toString()
  const { datanetStore, now } = parts
  const { query: bytes } = fromWire(standingAskSchema, value)
  const { account, after, contribution, ...query } = verifySubmissionQuery(bytes, now())
  if (query.datanet.toString() !== datanet) {
    throw new DatanetError('INPUT_INVALID', { datanet: `${query.datanet}` })
  }
  const handOvers = datanetStore.handOvers({ datanet })
  const ownerOf = ownersAfter(handOvers)
  const accounts = new Set([account, ...handOvers.map(({ oldAccount }) => oldAccount)])
  const own = [...accounts].filter((one) => one === account || ownerOf(one) === account)

  function named(cid: string): StoredContribution[] {
    const item = datanetStore.contribution(cid)
    const isOwn = item !== undefined && item.datanet === datanet && own.includes(item.contributor)
    if (!isOwn) throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: cid })
    return [item]
  }

  /** What its review came to, as far as its contributor is told: why, and not by whom. */
  function reviewOf(item: StoredContribution) {
    if (item.status === 'withdrawn') return { reasons: [], isHeld: false }
    const { state, facts, words, mayAppeal } = standings.of(known, item)
    const round = facts.appeal?.toString()
    const isHeld = item.status === 'pending' && state.isHeld
    const told = isHeld ? ['flag'] : item.status === 'rejected' ? ['reject', 'flag'] : []
    const reasons = words
      .filter(({ verdict, appeal }) => told.includes(verdict) && appeal?.toString() === round)
      .filter(({ code, reason }) => code !== undefined || reason !== undefined)
      .map(({ code, reason }) => ({
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason })
      }))
    const isOpen = item.status === 'pending'
    const appeal =
      round !== undefined
        ? { appeal: isOpen ? ('open' as const) : ('decided' as const) }
        : mayAppeal && item.status === 'rejected'
          ? { appeal: 'possible' as const }
          : {}
    return { reasons: reasons.slice(0, MOST_REASONS), isHeld, ...appeal }
  }

  const most = LIMITS.submissionsListed
  const found =
    contribution === undefined
      ? datanetStore.contributionsBy(datanet, own, { after, most: most + 1 })
      : named(contribution.toString())
  return toWire(standingEndSchema, {
    submissions: found.slice(0, most).map((item) => ({
      contribution: parseCid(item.cid),
      status: item.status,
      order: item.order,
      takenAtMs: item.takenAtMs,
      ...(item.cluster === undefined ? {} : { cluster: parseCid(item.cluster) }),
      revision: item.revision,
      ...reviewOf(item)
    })),
    isAll: found.length <= most
  })
}
