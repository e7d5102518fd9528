import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { ownersAfter, verifyHandOver } from '../../../protocol/datanet/hand-over.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { decideReviews, signReview, verifyReview } from '../../../protocol/datanet/review.ts'
import {
  anyAskSchema,
  contributeAskSchema,
  contributeEndSchema,
  handOverAskSchema,
  handOverEndSchema
} from '../../../protocol/net/contribute.ts'
import type { ExchangeContext, ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { inclusionAskSchema, inclusionEndSchema } from '../../../protocol/net/inclusion.ts'
import type {
  ContributionStatus,
  PendingContribution,
  ReviewDraft
} from '../../api/datanets-api.ts'
import { shown } from '../../intake/examine.ts'
import type { StoredContribution } from '../../store/contributions.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import type { Proving } from './proving.ts'
import { standingOf } from './standing-of.ts'
import { takeFile } from './taken-file.ts'
import type { TakingIn } from './taking-in.ts'

/** Who asks, and until when. */
type From = Pick<ExchangeContext, 'remotePeer' | 'signal'>

/** What a curator is shown at once: each is looked at for it, and they come in one answer. */
const PAGE = 1_000

/** The host's door for contributions, and its curators' desk. */
export interface Intake {
  /** Answers `/datanet/contribute/1`. */
  readonly handler: ExchangeHandler
  pending(datanet: string): Promise<readonly PendingContribution[]>
  review(draft: ReviewDraft): Promise<{ status: ContributionStatus }>
}

/** Intake and review for the Datanets this peer hosts. specs/04-datanet.md §Submission */
export function createIntake(
  parts: Pick<
    Parts,
    'accountStore' | 'content' | 'datanetStore' | 'wallet' | 'pool' | 'peerId' | 'now'
  >,
  datanets: Datanets,
  takingIn: TakingIn,
  proving: Proving
): Intake {
  const { accountStore, content, datanetStore, wallet, pool, peerId, now } = parts

  function hosted(id: string) {
    const datanet = datanets.known(id)
    if (!datanet.hosted) throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
    return datanet
  }

  /** The intake host's answer, where this peer only keeps copies; undefined where it takes in itself. */
  async function relay(id: string, value: object, { signal, remotePeer }: From): Promise<unknown> {
    const { hosted: isHosted, signed } = datanets.known(id)
    if (isHosted) return undefined
    const { hosts, intakeHost } = signed.manifest
    // Once is enough: two peers with different manifests would pass it to and fro.
    if (!hosts.includes(peerId) || intakeHost === peerId || 'relayed' in value) hosted(id)
    if ('contribution' in value) {
      const { contribution } = verifyContribution(value.contribution as Uint8Array)
      // The intake host asks this peer for the file, which asks who has it.
      await takeFile(content, contribution, { peer: remotePeer, signal })
    }
    return pool.request(intakeHost, PROTOCOLS.contribute, { ...value, relayed: true }, { signal })
  }

  /** Whoever keeps a revision can show its rows, host or not: they are no secret. */
  async function prove(value: unknown): Promise<unknown> {
    const ask = fromWire(inclusionAskSchema, value)
    const { id } = datanets.known(ask.datanet.toString())
    const proof = await proving.prove(id.toString(), ask.prove.toString())
    return toWire(inclusionEndSchema, { proof })
  }

  async function take(value: unknown, from: From): Promise<unknown> {
    const { datanet: cid } = fromWire(anyAskSchema, value)
    if ('prove' in (value as object)) return prove(value)
    const relayed = await relay(cid.toString(), value as object, from)
    if (relayed !== undefined) return relayed
    const datanet = hosted(cid.toString())
    if ('handOver' in (value as object)) return takeHandOver(value)
    if ('query' in (value as object)) return standingOf(parts, cid.toString(), value)
    const ask = fromWire(contributeAskSchema, value)
    const { signal, remotePeer: peer } = from
    const by = { peer, signal }
    const taken = await takingIn.take(datanet.id, datanet.signed.manifest, ask.contribution, by)
    const { cid: contribution, status, receipt } = taken
    return toWire(contributeEndSchema, { contribution, status, receipt })
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

  async function described(item: StoredContribution): Promise<PendingContribution> {
    const signed = verifyContribution(item.bytes)
    const { contribution } = signed
    return {
      contribution: item.cid,
      contributor: contribution.contributor,
      schema: contribution.schema,
      ...passageOf(contribution),
      content: contentToJson(contribution),
      language: contribution.language,
      licence: contribution.licence,
      origin: contribution.origin,
      order: item.order,
      ...(item.cluster === undefined ? {} : { cluster: item.cluster }),
      findings: (await takingIn.findings(signed)).map(shown)
    }
  }

  return {
    // biome-ignore lint/correctness/useYield: a submission has an end and no parts.
    async *handler(ask, from) {
      return take(ask, from)
    },

    async pending(id) {
      const waiting = hosted(id).id.toString()
      const items = datanetStore.contributions(waiting, 'pending', PAGE)
      return Promise.all(items.map(described))
    },

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
      // The words of those who left count under the manifest of their time, not under this one.
      const counting = earlier.filter(({ curator }) => manifest.curators.includes(curator))
      const decision = decideReviews(manifest, item.contributor, [...counting, signed.review])
      datanetStore.addReview({
        cid: signed.cid.toString(),
        contribution: draft.contribution,
        bytes: signed.bytes
      })
      // What a revision holds stays: a later word against it is a matter for a withdrawal.
      if (item.revision === 0) {
        datanetStore.setStatus(draft.contribution, decision)
        // Of the peer's own accounts as well: who handed it in here need not ask.
        accountStore.setSubmissionStatus(draft.contribution, decision)
      }
      return { status: decision }
    }
  }
}
