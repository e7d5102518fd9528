import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { encodeRecord, fromWire, toWire } from '../../../protocol/base/schema.ts'
import { signAppeal } from '../../../protocol/datanet/appeal.ts'
import { type Blind, blindOf, blindSchema } from '../../../protocol/datanet/blind.ts'
import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { REVIEW_CODES, type Review, signReview } from '../../../protocol/datanet/review.ts'
import { type ReviewQuery, signReviewQuery } from '../../../protocol/datanet/review-query.ts'
import { appealAskSchema, appealEndSchema } from '../../../protocol/net/appeal.ts'
import type { ExchangeContext, ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import {
  reviewAskSchema,
  reviewEndSchema,
  reviewItemSchema,
  reviewStatsSchema
} from '../../../protocol/net/review.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { NamedReview, ReviewDraft, ReviewItem, ReviewsApi } from '../../api/reviews-api.ts'
import { examine, shown } from '../../intake/examine.ts'
import { loadRecogniser } from '../../intake/language.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'

/** Items of which it is remembered what was shown, to be compared with what is signed. */
const REMEMBERED = 1_024

/** What was shown of an item, and the appeal that a word on it answers. */
interface Seen {
  readonly shown: Blind
  readonly appeal?: NonNullable<Review['appeal']>
}

/** A curator's side of review, and a contributor's side of an appeal. */
export interface Reviewing extends ReviewsApi {
  /** What a curator here was shown of a contribution, while that is remembered. */
  seen(contribution: string): Blind | undefined
}

/**
 * Review by the accounts kept here, at whatever peer takes in. What is shown is kept in memory alone: it
 * is not ours to keep. `ask` has a host answer an account. specs/04-datanet.md §Work list
 */
export function createReviewing(
  parts: Pick<Parts, 'wallet' | 'pool' | 'now'>,
  datanets: Pick<Datanets, 'known'>,
  desk: { readonly handler: ExchangeHandler },
  ask: (datanet: KnownDatanet, value: unknown, options: CallOptions) => Promise<unknown>
): Reviewing {
  const { wallet, pool, now } = parts
  const seen = new Map<string, Seen>()

  /** What the intake host answers; it is this peer where that takes in. */
  async function exchange(
    { hosted, signed }: KnownDatanet,
    value: unknown,
    options: CallOptions
  ): Promise<{ parts: unknown[]; end: unknown }> {
    if (!hosted) {
      const asked = pool.ask(signed.manifest.intakeHost, PROTOCOLS.review, value, options)
      const got: unknown[] = []
      for await (const part of asked.parts) got.push(part)
      return { parts: got, end: await asked.end }
    }
    const running = desk.handler(value, {} as ExchangeContext)
    const got: unknown[] = []
    for (;;) {
      const { done, value: part } = await running.next(true)
      if (done === true) return { parts: got, end: part }
      got.push(part)
    }
  }

  async function query(
    datanet: KnownDatanet,
    account: string,
    asked: Pick<ReviewQuery, 'want' | 'contributions' | 'most'>,
    options: CallOptions
  ): Promise<unknown[]> {
    const { address: curator, signer } = wallet.account(account)
    const bytes = await signReviewQuery(
      { version: 1, datanet: datanet.id, curator, ...asked, askedAtMs: now() },
      signer
    )
    const value = toWire(reviewAskSchema, { datanet: datanet.id, query: bytes })
    return (await exchange(datanet, value, options)).parts
  }

  /** Takes in what a host shows of an item. */
  function remember(part: unknown) {
    const item = fromWire(reviewItemSchema, part)
    const { shown: blind, appeal } = item
    if (seen.size >= REMEMBERED) seen.delete(seen.keys().next().value as string)
    const known = { shown: blind, ...(appeal === undefined ? {} : { appeal: appeal.cid }) }
    seen.set(item.contribution.toString(), known)
    return { item, known }
  }

  async function described(part: unknown): Promise<ReviewItem> {
    const { contribution: cid, shown: blind, appeal, ...item } = remember(part).item
    const contribution = cid.toString()
    const { language, licence, sourceUrl, tags, origin, schema } = blind
    const findings = examine(blind, { language }, await loadRecogniser())
    return {
      ...{ contribution, schema, ...passageOf(blind), content: contentToJson(blind) },
      ...{ language, licence, origin },
      ...(sourceUrl === undefined ? {} : { sourceUrl }),
      ...(tags === undefined ? {} : { tags }),
      ...(item.cluster === undefined ? {} : { cluster: item.cluster.toString() }),
      ...(item.untilMs === undefined ? {} : { untilMs: item.untilMs }),
      ...(appeal === undefined ? {} : { appeal: appeal.text }),
      flags: item.flags.map(({ code, reason }) => ({
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason })
      })),
      findings: findings.map(shown)
    }
  }

  async function show(named: NamedReview, options: CallOptions): Promise<unknown> {
    const contributions = [parseCid(named.contribution)]
    const asked = { want: 'show' as const, contributions }
    const datanet = datanets.known(named.datanet)
    const [part] = await query(datanet, named.account, asked, options)
    if (part !== undefined) return part
    throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution: named.contribution })
  }

  return {
    seen: (contribution) => seen.get(contribution)?.shown,

    async reviewNext({ datanet, account, most = 1, isMine }, options = {}) {
      const asked = { want: isMine === true ? ('mine' as const) : ('next' as const), most }
      const found = await query(datanets.known(datanet), account, asked, options)
      return Promise.all(found.map(described))
    },

    async reviewHeld({ datanet, account, most = 1 }, options = {}) {
      const asked = { want: 'held' as const, most }
      const found = await query(datanets.known(datanet), account, asked, options)
      return Promise.all(found.map(described))
    },

    reviewShow: async (named, options = {}) => described(await show(named, options)),

    async reviewGive({ datanet, account, contributions }, options = {}) {
      const asked = { want: 'give' as const, contributions: contributions.map(parseCid) }
      if (contributions.length > 0) await query(datanets.known(datanet), account, asked, options)
      return { contributions }
    },

    async review(draft, options = {}) {
      const datanet = datanets.known(draft.datanet)
      const { address: curator, signer } = wallet.account(draft.account)
      // What an appeal is about is said by the host alone, and so is whether there is one.
      const { shown: blind, appeal } =
        seen.get(draft.contribution) ?? remember(await show(draft, options)).known
      const { bytes } = await signReview(
        {
          version: 1,
          datanet: datanet.id,
          contribution: parseCid(draft.contribution),
          verdict: draft.verdict,
          ...codeOf(draft),
          ...(draft.reason === undefined ? {} : { reason: draft.reason }),
          ...(appeal === undefined ? {} : { appeal }),
          curator,
          createdAtMs: now()
        },
        signer
      )
      const value = toWire(reviewAskSchema, { datanet: datanet.id, review: bytes })
      const { end } = await exchange(datanet, value, options).finally(() =>
        // The next word on it may be one in another round.
        seen.delete(draft.contribution)
      )
      const { status, isHeld, contribution, verdicts } = fromWire(reviewEndSchema, end)
      const signed = verifyContribution(contribution)
      const isSame =
        signed.cid.toString() === draft.contribution &&
        Buffer.compare(
          encodeRecord(blindSchema, blindOf(signed.contribution)),
          encodeRecord(blindSchema, blind)
        ) === 0
      if (!isSame) {
        const hint =
          'the host showed another text than the one that is signed: tell the other curators'
        throw new DatanetError('CID_MISMATCH', { contribution: draft.contribution }, { hint })
      }
      return {
        status,
        ...(isHeld ? { isHeld: true as const } : {}),
        ...(verdicts.length === 0 ? {} : { verdicts })
      }
    },

    async reviewStats({ datanet, account }, options = {}) {
      const [part] = await query(datanets.known(datanet), account, { want: 'stats' }, options)
      const { shared, alphaPpm, curators } = fromWire(reviewStatsSchema, part)
      return {
        shared,
        ...(alphaPpm === undefined ? {} : { alphaPpm }),
        curators: curators.map(({ agreedPpm, kappaPpm, ...one }) => ({
          ...one,
          ...(agreedPpm === undefined ? {} : { agreedPpm }),
          ...(kappaPpm === undefined ? {} : { kappaPpm })
        }))
      }
    },

    async appeal(draft, options = {}) {
      const datanet = datanets.known(draft.datanet)
      const { address, signer } = wallet.account(draft.account)
      const { bytes } = await signAppeal(
        {
          version: 1,
          datanet: datanet.id,
          contribution: parseCid(draft.contribution),
          account: address,
          text: draft.text,
          createdAtMs: now()
        },
        signer
      )
      const value = toWire(appealAskSchema, { datanet: datanet.id, appeal: bytes })
      return fromWire(appealEndSchema, await ask(datanet, value, options))
    }
  }
}

/** The code of a verdict; a rejection without one has `other`. Refuses what is no code (INPUT_INVALID). */
function codeOf({ verdict, code }: ReviewDraft): Pick<Review, 'code'> {
  const named = code ?? (verdict === 'reject' ? 'other' : undefined)
  if (named === undefined) return {}
  const known = REVIEW_CODES.find((one) => one === named)
  if (known !== undefined) return { code: known }
  const hint = `a reason is one of ${REVIEW_CODES.join(', ')}`
  throw new DatanetError('INPUT_INVALID', { code: named }, { hint })
}
