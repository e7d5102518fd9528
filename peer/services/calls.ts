import { randomBytes } from 'node:crypto'
import { DatanetError, type ErrorCode, isDatanetError } from '../../protocol/base/errors.ts'
import type { SignedOffer } from '../../protocol/model/offer.ts'
import type { AskEvent, Question } from '../api/models-api.ts'
import type { CallOptions } from '../api/peer-api.ts'
import type { Attempt } from './attempt.ts'
import type { Catalogue } from './catalogue.ts'
import type { Parts } from './parts.ts'

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
  'DOCUMENT_UNKNOWN',
  'INTERNAL'
])

/** Calls of this peer. specs/07-channel.md §Call */
export function createCalls(
  parts: Pick<Parts, 'limits' | 'now' | 'log'>,
  catalogue: Catalogue,
  attempt: Attempt
): Calls {
  const { limits, now, log } = parts

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
      const offers = ranked([...known.offers.values()], now())
      if (offers.length === 0) throw new DatanetError('OFFER_EXPIRED', { model: question.model })
      const callId = new Uint8Array(randomBytes(16))
      const id = Buffer.from(callId).toString('hex')
      let failure: unknown
      for (const [index, signed] of offers.entries()) {
        const { provider } = signed.offer
        yield { type: 'started', callId: id, provider }
        const init = { known, signed, question, callId, attempt: index, maxWei, signal }
        try {
          yield* attempt(init)
          return
        } catch (error) {
          failure = error
          // What a provider says against a call holds for that provider, whatever it says.
          const isElsewhere =
            isDatanetError(error) && (ELSEWHERE.has(error.code) || error.details.remote === true)
          if (!isElsewhere) throw error
          log('attempt', { callId: id, provider, code: error.code })
          if (question.retry === false || index === offers.length - 1) throw error
          yield { type: 'retrying', provider, code: error.code }
        }
      }
      throw failure
    }
  }
}

/** Standing offers, the cheapest for an ordinary answer first. */
function ranked(offers: readonly SignedOffer[], nowMs: number): readonly SignedOffer[] {
  const usual = ({ offer: { price } }: SignedOffer) =>
    price.callWei + 100n * (price.inputTokenWei + price.outputTokenWei)
  return offers
    .filter(({ offer }) => offer.expiresAtMs > nowMs)
    .sort((a, b) => (usual(a) < usual(b) ? -1 : usual(a) > usual(b) ? 1 : 0))
}
