import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { decodeForm } from '../../../protocol/model/answer-form.ts'
import {
  type ExchangeContext,
  type ExchangeHandler,
  endWith
} from '../../../protocol/net/exchange.ts'
import { invokeAskSchema, invokeEndSchema } from '../../../protocol/net/invoke.ts'
import { encodeReceipt, type SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import type { EngineOutcome } from '../../engines/engine.ts'
import type { ProviderChannels } from '../channel/provider-channels.ts'
import { OFFERED, type Offering } from '../model/offering.ts'
import type { Parts } from '../parts.ts'
import { showAgain, showChannel } from '../receipt/showing.ts'
import { createAdmitting } from './admitting.ts'
import { rest } from './crediting.ts'
import { createDelivering, type Last } from './delivering.ts'
import { createEndings, type Ending, endingOf } from './endings.ts'
import { createKeeping } from './keeping.ts'
import { type LiveCall, liveKey } from './live-call.ts'
import { pieces } from './pieces.ts'
import { placed } from './placed.ts'
import { createSteps, type Steps } from './steps.ts'
import { createTakingOver } from './taking-over.ts'

/** How an answer ends: as its engine says, as its payer does, or in one commit with its last chunk. */
type End = EngineOutcome | 'cancelled' | 'interrupted' | Last

/** The handler of `/datanet/invoke/1`: paid answers with receipts. specs/07-channel.md §Call */
export function createAnswering(
  parts: Pick<Parts, 'peerId' | 'now' | 'log' | 'channelStore' | 'wallet'>,
  offering: Pick<Offering, 'find' | 'payments'>,
  channels: ProviderChannels,
  init: { readonly voucherMs?: number } = {}
): ExchangeHandler {
  const { channelStore } = parts
  const keeping = createKeeping(parts)
  const endings = createEndings(parts, channels)
  /** Paid calls that run, by channel and id. */
  const live = new Map<string, LiveCall>()
  const admit = createAdmitting(parts, offering, channels, keeping, live)
  const deliver = createDelivering(endings, { voucherMs: init.voucherMs ?? LIMITS.voucherMs })
  const before = createTakingOver(live, channels, keeping, endings)

  async function* generate(
    call: LiveCall,
    steps: Steps,
    context: ExchangeContext
  ): AsyncGenerator<unknown, End, boolean> {
    for (;;) {
      const step = await steps.next()
      if (step.done === true) return step.value
      const texts = pieces(step.value.text)
      for (const [index, text] of texts.entries()) {
        const isLast = index === texts.length - 1
        const end = yield* deliver(call, text, context, isLast ? steps : undefined)
        if (end !== undefined) return end
      }
    }
  }

  async function* answer(
    call: LiveCall,
    context: ExchangeContext
  ): AsyncGenerator<unknown, unknown, boolean> {
    const { request } = call
    const engine = new AbortController()
    const { maxOutputTokens } = OFFERED
    const asked = {
      messages: request.messages,
      ...(request.form === undefined ? {} : { form: decodeForm(request.form) }),
      maxOutputTokens: Math.min(request.maxOutputTokens ?? maxOutputTokens, maxOutputTokens)
    }
    const place = placed(call, asked, { engine, left: [context.signal, call.cut.signal] })
    try {
      return yield* told(call, context, { steps: createSteps(place.generation), engine })
    } finally {
      place.leave()
    }
  }

  async function* told(
    call: LiveCall,
    context: ExchangeContext,
    { steps, engine }: { readonly steps: Steps; readonly engine: AbortController }
  ): AsyncGenerator<unknown, unknown, boolean> {
    const { served } = call
    let end: End
    try {
      end = yield* generate(call, steps, context)
    } catch (error) {
      if (!isAbort(error)) throw await endings.broken(call, error)
      end = 'cancelled'
    }
    if (typeof end === 'object' && 'receipt' in end) {
      return endWith([end.part], endOf(end.receipt, end.ending))
    }
    const outcome = typeof end === 'string' ? await rest(steps, engine) : end
    const said = { served, text: call.meter.text }
    const ending = endingOf(said, outcome, typeof end === 'string' ? end : undefined)
    return endOf(await endings.finish(call, ending), ending)
  }

  /** Takes a voucher that comes without a call: it commits to receipts. */
  async function commit(ask: { terms: Uint8Array; commit: Uint8Array }, peer: string) {
    let refusal: unknown = new DatanetError('CHANNEL_UNKNOWN')
    for (const payment of offering.payments()) {
      try {
        const channel = await channels.open(ask.terms, payment, peer)
        const { durable } = await channel.accept(ask.commit, peer)
        return await durable
      } catch (error) {
        refusal = error
        if (!isDatanetError(error) || error.code !== 'TERMS_MISMATCH') break
      }
    }
    throw refusal
  }

  return async function* invoke(value, context) {
    const ask = fromWire(invokeAskSchema, value)
    if ('receipts' in ask) return yield* showChannel(channelStore, ask.receipts)
    if ('commit' in ask) {
      await commit(ask, context.remotePeer)
      return undefined
    }
    if (ask.from !== undefined) {
      const again = await before(ask, ask.from)
      if (again !== undefined) return yield* showAgain(again)
    }
    const call = await admit(ask, context.remotePeer)
    try {
      return yield* answer(call, context)
    } finally {
      live.delete(liveKey(call.channel?.channelId, call.id))
      call.over.resolve()
    }
  }
}

/** The last frame of a call. */
function endOf(receipt: SignedReceipt, { citations, evidence }: Ending): unknown {
  const proof = evidence === undefined ? {} : { evidence }
  const end = { receipt: encodeReceipt(receipt), ...proof, citations: [...citations] }
  return toWire(invokeEndSchema, end)
}
