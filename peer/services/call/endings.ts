import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { royaltyWei } from '../../../protocol/model/price.ts'
import {
  commitmentOf,
  type Receipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import { ATTRIBUTION_METHOD } from '../../engines/attribution/ground.ts'
import type { EngineOutcome } from '../../engines/engine.ts'
import type { CallEnd, ProviderChannels } from '../channel/provider-channels.ts'
import type { Parts } from '../parts.ts'
import { type Crediting, creditsOf } from './crediting.ts'
import type { KeptChunk, KeptEnd } from './keeping.ts'
import type { LiveCall } from './live-call.ts'

export type Outcome = 'answered' | 'abstained' | 'cancelled' | 'interrupted'

/** How a call ended. */
export interface Ending extends Crediting {
  readonly outcome: Outcome
  /** In the form of the last frame. */
  readonly citations: ReadonlyArray<{ contribution: string; title: string; sourceUrl?: string }>
}

/** Ends calls: by one receipt each, whoever ends them first. */
export interface Endings {
  /** The call's one receipt for all that was delivered. */
  finish(call: LiveCall, ending: Ending): Promise<SignedReceipt>
  /** How a call ends in one group commit with its last chunk. */
  withLast(call: LiveCall, ending: Ending, last: KeptChunk): CallEnd
  /** What was delivered is owed and gets its receipt; what was not is not. Gives the error to tell. */
  broken(call: LiveCall, error: unknown): Promise<unknown>
}

/** Endings of this peer's calls. specs/08-receipt.md §Body */
export function createEndings(
  { peerId, now, log }: Pick<Parts, 'peerId' | 'now' | 'log'>,
  channels: Pick<ProviderChannels, 'free'>
): Endings {
  function bodyOf(
    call: LiveCall,
    { credits, evidence, outcome }: Ending,
    delivered: { readonly text: string; readonly outputTokens: number; readonly priceWei: bigint }
  ): Omit<Receipt, 'channelId' | 'seq'> {
    const { request, served, signed } = call
    const { text, outputTokens, priceWei } = delivered
    return {
      version: 1,
      callId: request.callId,
      attempt: request.attempt,
      provider: peerId,
      model: served.card.cid,
      offer: signed.cid,
      request: call.commitment,
      answer: commitmentOf(request.answerSalt, new TextEncoder().encode(text)),
      usage: { inputTokens: call.inputTokens, outputTokens },
      priceWei,
      royaltyWei: royaltyWei(priceWei, signed.offer.policy.royaltyPpm),
      outcome,
      method: ATTRIBUTION_METHOD,
      ...(evidence === undefined ? {} : { evidence: commitmentOf(request.answerSalt, evidence) }),
      credits: [...credits],
      builder: served.card.card.builder,
      startedAtMs: call.startedAtMs,
      finishedAtMs: Math.max(now(), call.startedAtMs)
    }
  }

  function tell(call: LiveCall, body: Omit<Receipt, 'channelId' | 'seq'>): void {
    log('call', {
      callId: call.id,
      outcome: body.outcome,
      outputTokens: body.usage.outputTokens,
      priceWei: `${body.priceWei}`,
      ms: body.finishedAtMs - body.startedAtMs
    })
  }

  async function finishNow(call: LiveCall, ending: Ending): Promise<SignedReceipt> {
    const { channel, kept, meter, outputTokens, deliveredWei: priceWei } = call
    const body = bodyOf(call, ending, { text: meter.text, outputTokens, priceWei })
    const receipt = await (channel === undefined
      ? channels.free(body)
      : channel.finish(call.id, {
          body,
          keep(seq) {
            if (call.isTakenBack === true) kept?.removeLast()
            kept?.end(keptEnd(ending, seq, body.finishedAtMs))
          }
        }))
    tell(call, body)
    return receipt
  }

  function finish(call: LiveCall, ending: Ending): Promise<SignedReceipt> {
    call.ended ??= finishNow(call, ending)
    return call.ended
  }

  return {
    finish,

    withLast(call, ending, last) {
      const { text, outputTokens, costWei: priceWei } = last
      const body = bodyOf(call, ending, { text: call.meter.text + text, outputTokens, priceWei })
      return {
        body,
        keep(seq, onUndo) {
          const end = keptEnd(ending, seq, body.finishedAtMs)
          call.kept?.addLast(last, end, onUndo)
          tell(call, body)
        }
      }
    },

    async broken(call, error) {
      if (call.ended !== undefined) await call.ended
      else if (call.deliveredWei === 0n) call.channel?.release(call.id)
      else await finish(call, cutOff(call, 'interrupted'))
      return isDatanetError(error) ? error : new DatanetError('ENGINE_FAILED', {}, { cause: error })
    }
  }
}

/** How a call ends whose engine cannot be asked what it said. */
export function cutOff({ served, meter }: LiveCall, outcome: 'cancelled' | 'interrupted'): Ending {
  return { ...creditsOf({ served, text: meter.text }, outcome), outcome, citations: [] }
}

function keptEnd({ citations, evidence }: Ending, seq: number, atMs: number): KeptEnd {
  return { seq, atMs, citations, ...(evidence === undefined ? {} : { evidence }) }
}

/** How a call ends of which `text` left, by what the engine came to; undefined: it did not say. */
export function endingOf(
  { served, text }: { readonly served: LiveCall['served']; readonly text: string },
  outcome: EngineOutcome | undefined,
  how: Outcome = outcome?.outcome ?? 'interrupted'
): Ending {
  return {
    ...creditsOf({ served, text }, how),
    outcome: how,
    citations: (outcome?.citations ?? []).map(({ contribution, title, sourceUrl }) => ({
      contribution,
      title,
      ...(sourceUrl === undefined ? {} : { sourceUrl })
    }))
  }
}
