import { parseCid, sha256 } from '../../protocol/base/codec.ts'
import { DatanetError } from '../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { contentToJson } from '../../protocol/datanet/content-json.ts'
import { admitContribution, verifyContribution } from '../../protocol/datanet/contribution.ts'
import { ownersAfter, verifyHandOver } from '../../protocol/datanet/hand-over.ts'
import { comparedWords, passageOf } from '../../protocol/datanet/passage.ts'
import { decideReviews, signReview, verifyReview } from '../../protocol/datanet/review.ts'
import {
  contributeAskSchema,
  contributeEndSchema,
  handOverAskSchema,
  handOverEndSchema
} from '../../protocol/net/contribute.ts'
import type { ExchangeHandler } from '../../protocol/net/exchange.ts'
import type { ContributionStatus, PendingContribution, ReviewDraft } from '../api/datanets-api.ts'
import type { Datanets } from './datanets.ts'
import type { Parts } from './parts.ts'

/** The host's door for contributions, and its curators' desk. */
export interface Intake {
  /** Answers `/datanet/contribute/1`. */
  readonly handler: ExchangeHandler
  pending(datanet: string): readonly PendingContribution[]
  review(draft: ReviewDraft): Promise<{ status: ContributionStatus }>
}

/** Intake and review for the Datanets this peer hosts. specs/04-datanet.md §Submission */
export function createIntake(
  parts: Pick<Parts, 'datanetStore' | 'wallet' | 'now'>,
  datanets: Datanets
): Intake {
  const { datanetStore, wallet, now } = parts

  function hosted(id: string) {
    const datanet = datanets.known(id)
    if (!datanet.hosted) throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
    return datanet
  }

  function take(value: unknown): unknown {
    const isHandOver = typeof value === 'object' && value !== null && 'handOver' in value
    return isHandOver ? takeHandOver(value) : takeContribution(value)
  }

  function takeHandOver(value: unknown): unknown {
    const ask = fromWire(handOverAskSchema, value)
    const datanet = hosted(ask.datanet.toString()).id.toString()
    const { handOver, cid, bytes } = verifyHandOver(ask.handOver, now())
    const { oldAccount, newAccount } = handOver
    const known = datanetStore.handOvers({ datanet })
    const same = known.find((one) => one.cid === cid.toString())
    if (same === undefined) {
      const isHere =
        datanetStore.countOf(oldAccount).some((one) => one.datanet === datanet) ||
        known.some((one) => one.newAccount === oldAccount)
      if (!isHere) {
        const reason = 'it contributed nothing here'
        throw new DatanetError(
          'HAND_OVER_REFUSED',
          { account: oldAccount, reason },
          { hint: reason }
        )
      }
      ownersAfter([...known, handOver])
      datanetStore.addHandOver({ cid: cid.toString(), datanet, oldAccount, newAccount, bytes })
    }
    return toWire(handOverEndSchema, { handOver: cid, ordinal: same?.revision ?? 0 })
  }

  function takeContribution(value: unknown): unknown {
    const ask = fromWire(contributeAskSchema, value)
    const datanet = hosted(ask.datanet.toString())
    const signed = verifyContribution(ask.contribution)
    admitContribution(signed, datanet.id, datanet.signed.manifest, now())
    const cid = signed.cid.toString()
    const known = datanetStore.contribution(cid)
    const digest = sha256(new TextEncoder().encode(comparedWords(signed.contribution)))
    const order =
      known?.order ??
      datanetStore.addContribution({
        cid,
        datanet: datanet.id.toString(),
        contributor: signed.contribution.contributor,
        textDigest: digest,
        bytes: signed.bytes
      })
    if (order === undefined) {
      const same = datanetStore.sameText(datanet.id.toString(), digest)
      throw new DatanetError('CONTRIBUTION_DUPLICATE', { cid, known: same ?? '' })
    }
    return toWire(contributeEndSchema, {
      contribution: signed.cid,
      status: known?.status ?? 'pending'
    })
  }

  return {
    // biome-ignore lint/correctness/useYield: a submission has an end and no parts.
    async *handler(ask) {
      return take(ask)
    },

    pending: (id) =>
      datanetStore.contributions(hosted(id).id.toString(), 'pending').map(({ cid, bytes }) => {
        const { contribution } = verifyContribution(bytes)
        return {
          contribution: cid,
          contributor: contribution.contributor,
          schema: contribution.schema,
          ...passageOf(contribution),
          content: contentToJson(contribution),
          language: contribution.language,
          licence: contribution.licence,
          origin: contribution.origin
        }
      }),

    async review(draft) {
      const datanet = hosted(draft.datanet)
      const item = datanetStore.contribution(draft.contribution)
      if (item === undefined || item.datanet !== draft.datanet) {
        throw new DatanetError('INPUT_INVALID', { contribution: draft.contribution })
      }
      const signed = await signReview(
        {
          version: 1,
          datanet: datanet.id,
          contribution: parseCid(draft.contribution),
          verdict: draft.verdict,
          ...(draft.reason === undefined ? {} : { reason: draft.reason }),
          curator: draft.account.toLowerCase(),
          createdAtMs: now()
        },
        wallet.account(draft.account).signer
      )
      const earlier = datanetStore
        .reviews(draft.contribution)
        .map((bytes) => verifyReview(bytes).review)
      const { manifest } = datanet.signed
      // Whoever an account was handed over to would decide about their own.
      const ownerOf = ownersAfter(datanetStore.handOvers({ datanet: draft.datanet }))
      if (ownerOf(item.contributor) === signed.review.curator) {
        throw new DatanetError('REVIEW_REFUSED', { curator: signed.review.curator })
      }
      const decision = decideReviews(manifest, item.contributor, [...earlier, signed.review])
      datanetStore.addReview({
        cid: signed.cid.toString(),
        contribution: draft.contribution,
        bytes: signed.bytes
      })
      // What a revision holds stays: a later word against it is a matter for a withdrawal.
      if (item.revision === 0) datanetStore.setStatus(draft.contribution, decision)
      return { status: decision }
    }
  }
}
