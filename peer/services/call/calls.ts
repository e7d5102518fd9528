import { DatanetError, type ErrorCode, isDatanetError } from '../../../protocol/base/errors.ts'
import { isFree, type SignedOffer } from '../../../protocol/model/offer.ts'
import type { AskEvent, Question } from '../../api/models-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Budget, Reservation } from '../channel/budget.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Parts } from '../parts.ts'
import type { Attempt } from './attempt.ts'
import { createDrawing } from './drawing.ts'
import { DIFFERING, RESUME_MS } from './resuming.ts'

/** Asking models, at one provider after another until one answers. */
export interface Calls {
  ask(question: Question, options?: CallOptions): AsyncGenerator<AskEvent, void>
}

/** What fails at one provider alone; the caller's own faults fail everywhere. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'PEER_UNREACHABLE',
  'PEER_GONE',
  'PEER_SILENT',
  'PROTOCOL_REFUSED',
  'PROVIDER_BUSY',
  'ENGINE_FAILED',
  'ENGINE_TIMEOUT',
  'UPSTREAM_MISSING',
  'ADAPTER_REFUSED',
  'OFFER_EXPIRED',
  'OFFER_UNKNOWN',
  'MODEL_UNKNOWN',
  'RECEIPT_INVALID',
  'RECEIPTS_BEHIND',
  'ROYALTY_TOO_LOW',
  'TERMS_MISMATCH',
  'CHAIN_MISMATCH',
  'PRICE_TOO_HIGH',
  'SIGNATURE_INVALID',
  'FRAME_MALFORMED',
  'RECORD_MALFORMED',
  'RECORD_EQUIVOCATES',
  'BOND_MISSING',
  'DOCUMENT_UNKNOWN',
  'INTERNAL'
])

/** What a provider says of an offer that it does not stand by any more. */
const RENEWED: ReadonlySet<ErrorCode> = new Set(['OFFER_EXPIRED', 'OFFER_UNKNOWN'])

/** Failures by which a prepayment may have been lost. */
const LOST: ReadonlySet<ErrorCode> = new Set(['PEER_GONE', 'PEER_SILENT', 'PEER_UNREACHABLE'])
/** How long a provider that broke off is asked last. */
const AVOID_MS = 600_000
/** Providers asked for one answer: each may cost a prepayment. */
const ATTEMPTS = 3

/** Calls of this peer. specs/07-channel.md §Call */
export function createCalls(
  parts: Pick<Parts, 'limits' | 'now' | 'log'>,
  catalogue: Catalogue,
  attempt: Attempt,
  budget: Pick<Budget, 'reserve'>
): Calls {
  const { limits, now, log } = parts
  /** Providers that broke off lately, and until when they are asked last. */
  const failing = new Map<string, number>()
  const drawId = createDrawing(16)

  function limitOf({ maxWei }: Question): bigint {
    if (maxWei === undefined) return limits.maxCallWei
    if (maxWei > limits.maxCallWei) {
      throw new DatanetError('SPENDING_LIMIT', {
        maxWei: `${maxWei}`,
        limitWei: `${limits.maxCallWei}`
      })
    }
    return maxWei
  }

  return {
    async *ask(question, options = {}) {
      const signal = options.signal ?? new AbortController().signal
      const maxWei = limitOf(question)
      const known = await catalogue.refresh(catalogue.resolve(question.model), { signal })
      const offers = ranked([...known.offers.values()], now(), failing)
      if (offers.length === 0) throw new DatanetError('OFFER_EXPIRED', { model: question.model })
      const callId = drawId()
      const id = Buffer.from(callId).toString('hex')
      const queue = offers.slice(0, ATTEMPTS)
      const renewed = new Set<string>()
      let failure: unknown
      for (let index = 0; queue.length > 0; index++) {
        const signed = queue.shift() as SignedOffer
        const { provider } = signed.offer
        yield { type: 'started', callId: id, provider }
        let reserved: Reservation | undefined
        try {
          if (!isFree(signed.offer)) {
            const { leastWei, wantWei } = boundsOf(signed, question, maxWei)
            reserved = budget.reserve({ id, provider, leastWei, wantWei })
          }
          const within = reserved?.maxWei ?? maxWei
          const init = {
            known,
            signed,
            question,
            callId,
            attempt: index,
            maxWei: within,
            signal,
            // Whoever else answers is nearer than one that may not come back.
            resumeMs:
              queue.length > 0 && question.retry !== false ? RESUME_MS.elsewhere : RESUME_MS.alone
          }
          yield* attempt(init)
          failing.delete(provider)
          return
        } catch (error) {
          failure = error
          // What a provider says against a call holds for that provider, whatever it says.
          const isRemote = isDatanetError(error) && error.details.remote === true
          const isElsewhere = isRemote || (isDatanetError(error) && isOfProvider(error))
          if (!isDatanetError(error) || !isElsewhere) throw error
          log('attempt', { callId: id, provider, code: error.code })
          if (LOST.has(error.code)) failing.set(provider, now() + AVOID_MS)
          if (question.retry === false) throw error
          // Its channel was given up: the same provider on a new one is the nearest way.
          if (isRemote && DIFFERING.has(error.code) && !renewed.has(provider)) {
            renewed.add(provider)
            queue.unshift(signed)
          }
          // One that started again offers anew: what it offers now is nearer than anybody else.
          if (RENEWED.has(error.code) && !renewed.has(provider)) {
            renewed.add(provider)
            const current = await catalogue.renew(signed, { signal })
            if (current !== undefined) queue.unshift(current)
          }
          if (queue.length === 0) throw error
          yield { type: 'retrying', provider, code: error.code }
        } finally {
          reserved?.end()
        }
      }
      throw failure
    }
  }
}

/** Whether another provider can do better, by what failed here. */
function isOfProvider({ code, details }: DatanetError): boolean {
  return ELSEWHERE.has(code) || (code === 'SPENDING_LIMIT' && details.budget === 'provider')
}

/** What must be promised before anything comes, and the most that this offer can come to. */
function boundsOf(
  { offer }: SignedOffer,
  { maxOutputTokens = offer.maxOutputTokens }: Question,
  maxWei: bigint
): { leastWei: bigint; wantWei: bigint } {
  const upFrontWei = offer.openWei + offer.maxChunkWei
  const outputTokens = Math.min(maxOutputTokens, offer.maxOutputTokens)
  const worstWei = upFrontWei + BigInt(outputTokens) * offer.price.outputTokenWei
  return {
    leastWei: upFrontWei < maxWei ? upFrontWei : maxWei,
    wantWei: worstWei < maxWei ? worstWei : maxWei
  }
}

/**
 * Standing offers: those of providers that did not fail lately first, then the cheapest for an
 * ordinary answer, what must be prepaid included.
 */
function ranked(
  offers: readonly SignedOffer[],
  nowMs: number,
  failing: ReadonlyMap<string, number>
): readonly SignedOffer[] {
  const usual = ({ offer: { price, openWei, maxChunkWei } }: SignedOffer) =>
    openWei + maxChunkWei + 100n * (price.inputTokenWei + price.outputTokenWei)
  const isFailing = ({ offer }: SignedOffer) => (failing.get(offer.provider) ?? 0) > nowMs
  return offers
    .filter(({ offer }) => offer.expiresAtMs > nowMs)
    .sort(
      (a, b) =>
        Number(isFailing(a)) - Number(isFailing(b)) ||
        (usual(a) < usual(b) ? -1 : usual(a) > usual(b) ? 1 : 0)
    )
}
