import { DatanetError, isAbort, isDatanetError } from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { isFree, type SignedOffer } from '../../protocol/model/offer.ts'
import { createOutputMeter, priceWei, royaltyWei } from '../../protocol/model/price.ts'
import type { ExchangeContext, ExchangeHandler } from '../../protocol/net/exchange.ts'
import {
  type CallRequest,
  decodeRequest,
  invokeAskSchema,
  invokeEndSchema,
  invokePartSchema
} from '../../protocol/net/invoke.ts'
import { type Credit, UNATTRIBUTED } from '../../protocol/receipt/attribution.ts'
import { commitmentOf, encodeReceipt, type SignedReceipt } from '../../protocol/receipt/receipt.ts'
import type { EngineOutcome } from '../engines/engine.ts'
import { type Collecting, createCollecting } from './collecting.ts'
import { ATTRIBUTION_MS, creditsOf, rest } from './crediting.ts'
import { type Again, createKeeping, type Kept } from './keeping.ts'
import { OFFERED, type Offering, type Served } from './offering.ts'
import type { Parts } from './parts.ts'
import { inputTokensOf, pieces } from './pieces.ts'
import type { ProviderChannel, ProviderChannels } from './provider-channels.ts'
import { type CallAsk, showAgain, showChannel } from './showing.ts'

const METHOD = 'overlap-coverage/1'

type Outcome = 'answered' | 'abstained' | 'cancelled' | 'interrupted'

interface Ending {
  readonly credits: readonly Credit[]
  readonly outcome: Outcome
  readonly citations?: ReadonlyArray<{ contribution: string; title: string; sourceUrl?: string }>
}

/** One call as far as it has come. */
interface Call {
  readonly id: string
  /** Undefined for a free call, of which nothing is kept. */
  readonly kept: Kept | undefined
  /** Aborts when the caller takes the call over on another stream. */
  readonly cut: AbortController
  /** Resolves when its handler is through. */
  readonly over: PromiseWithResolvers<void>
  /** Resolves when the last chunk is on the disk, or has been taken back. */
  delivering?: Promise<unknown>
  /** Its receipt, from the moment on from which nothing more is delivered. */
  ended?: Promise<SignedReceipt>
  readonly request: CallRequest
  readonly requestBytes: Uint8Array
  readonly served: Served
  readonly signed: SignedOffer
  /** Undefined for a free call. */
  readonly channel: ProviderChannel | undefined
  readonly startedAtMs: number
  readonly inputTokens: number
  readonly meter: ReturnType<typeof createOutputMeter>
  outputTokens: number
  deliveredWei: bigint
  /** Engine chunks that left whole: evidence names its sentences in their order. */
  sentences: number
  /** From the second chunk on. */
  collecting?: Collecting
  /** Its deposit is set aside and its opening is taken. */
  isAdmitted?: boolean
  /** A chunk is on the disk that did not leave. */
  isTakenBack?: boolean
}

/** The handler of `/datanet/invoke/1`: paid answers with receipts. specs/07-channel.md §Call */
export function createAnswering(
  parts: Pick<Parts, 'peerId' | 'now' | 'log' | 'channelStore' | 'wallet'>,
  offering: Offering,
  channels: ProviderChannels,
  init: { readonly voucherMs?: number } = {}
): ExchangeHandler {
  const voucherMs = init.voucherMs ?? LIMITS.voucherMs
  const { peerId, now, log, channelStore } = parts
  const keeping = createKeeping(parts)
  /** Offers that are on disk already. */
  const shown = new WeakSet<SignedOffer>()
  /** Calls that run, by channel and id. */
  const live = new Map<string, Call>()

  /** Checks everything that can be checked before the model is touched. */
  async function admit(ask: CallAsk, peer: string): Promise<Call> {
    const { maxInputBytes } = OFFERED
    if (ask.request.byteLength > maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes })
    }
    const request = decodeRequest(ask.request)
    const { served, signed } = offering.find(request.offer.toString())
    if (!request.model.equals(served.card.cid)) {
      throw new DatanetError('MODEL_UNKNOWN', { model: `${request.model}` })
    }
    const call = {
      id: Buffer.from(request.callId).toString('hex'),
      request,
      requestBytes: ask.request,
      served,
      signed,
      startedAtMs: now(),
      inputTokens: inputTokensOf(request),
      meter: createOutputMeter(),
      outputTokens: 0,
      deliveredWei: 0n,
      sentences: 0,
      cut: new AbortController(),
      over: Promise.withResolvers<void>()
    }
    const { openWei, maxChunkWei, payment, policy, price } = signed.offer
    if (priceWei(price, call) > openWei) {
      throw new DatanetError('REQUEST_TOO_LARGE', { inputTokens: call.inputTokens })
    }
    if (isFree(signed.offer)) return { ...call, channel: undefined, kept: undefined }
    const upFrontWei = openWei + maxChunkWei
    if (ask.terms === undefined || ask.voucher === undefined || request.maxWei < upFrontWei) {
      throw new DatanetError('VOUCHER_INSUFFICIENT', { neededWei: `${upFrontWei}` })
    }
    const channel = await channels.open(ask.terms, payment, peer)
    const key = `${channel.channelId} ${call.id}`
    if (live.has(key)) throw new DatanetError('CALL_CONFLICT', { callId: call.id })
    const { royaltyPpm } = policy
    const kept = keeping.keep({
      channelId: channel.channelId,
      callId: call.id,
      requestBytes: ask.request,
      commitment: commitmentOf(request.requestSalt, ask.request),
      builder: served.card.card.builder,
      inputTokens: call.inputTokens,
      royaltyPpm,
      startedAtMs: call.startedAtMs
    })
    const paid: Call = { ...call, channel, kept }
    live.set(key, paid)
    try {
      await channel.reserve(call.id, request.maxWei, royaltyPpm)
      try {
        await channel.accept(ask.voucher, peer, { callId: call.id, coveredWei: upFrontWei })
      } catch (error) {
        channel.release(call.id)
        throw error
      }
      // Who checks a drop needs the offer also when it is over.
      if (!shown.has(signed)) channelStore.putOffer(signed.cid.toString(), signed.bytes)
      shown.add(signed)
      paid.isAdmitted = true
      return paid
    } catch (error) {
      live.delete(key)
      throw error
    }
  }

  /** Asks for money until a chunk of `costWei` is paid for; false when it will not be. */
  async function* ensurePaid(
    call: Call,
    costWei: bigint,
    context: ExchangeContext
  ): AsyncGenerator<unknown, boolean, boolean> {
    const { channel } = call
    if (channel === undefined) return true
    // A payer may pay ahead; an answer of one chunk has no use for it.
    if (call.deliveredWei > 0n) {
      call.collecting ??= createCollecting(channel, context, { voucherMs, cut: call.cut.signal })
    }
    const needWei = call.deliveredWei + costWei
    if (needWei > call.request.maxWei) return false
    if (channel.isCovered(call.id, costWei)) return true
    call.collecting ??= createCollecting(channel, context, { voucherMs, cut: call.cut.signal })
    yield toWire(invokePartSchema, { needWei })
    while (!channel.isCovered(call.id, costWei)) await call.collecting.next(needWei)
    return true
  }

  /** Delivers one piece of text: paid for, counted, sent. Says what ended the answer, if it did. */
  async function* deliver(
    call: Call,
    text: string,
    context: ExchangeContext
  ): AsyncGenerator<unknown, Outcome | undefined, boolean> {
    const { signed, inputTokens, meter } = call
    const outputTokens = meter.peek(text)
    const totalWei = priceWei(signed.offer.price, { inputTokens, outputTokens })
    const costWei = totalWei - call.deliveredWei
    if (!(yield* ensurePaid(call, costWei, context))) return 'interrupted'
    if (isCut(call, context)) return 'cancelled'
    if (call.channel !== undefined) {
      const chunk = { text, costWei: totalWei, outputTokens }
      call.delivering = call.channel.deliver(call.id, costWei, (onUndo) =>
        call.kept?.add(chunk, onUndo)
      )
      await call.delivering
      // Not sent, and not owed: whoever left while it was written did not get it.
      if (isCut(call, context)) {
        call.channel.takeBack(call.id, costWei)
        call.isTakenBack = true
        return 'cancelled'
      }
    }
    call.deliveredWei = totalWei
    call.outputTokens = meter.push(text)
    return (yield toWire(invokePartSchema, { chunk: text, costWei: totalWei }))
      ? undefined
      : 'cancelled'
  }

  async function* generate(
    call: Call,
    generation: AsyncGenerator<{ text: string }, EngineOutcome>,
    context: ExchangeContext
  ): AsyncGenerator<unknown, EngineOutcome | 'cancelled' | 'interrupted', boolean> {
    for (;;) {
      const step = await generation.next()
      if (step.done === true) return step.value
      for (const text of pieces(step.value.text)) {
        const end = yield* deliver(call, text, context)
        if (end === 'cancelled' || end === 'interrupted') return end
      }
      call.sentences += 1
    }
  }

  async function* answer(
    call: Call,
    context: ExchangeContext
  ): AsyncGenerator<unknown, unknown, boolean> {
    const { request, served } = call
    const engine = new AbortController()
    const generation = served.model.engine.generate(
      {
        messages: request.messages,
        maxOutputTokens: Math.min(
          request.maxOutputTokens ?? OFFERED.maxOutputTokens,
          OFFERED.maxOutputTokens
        )
      },
      { signal: engine.signal }
    )
    let end: EngineOutcome | 'cancelled' | 'interrupted'
    try {
      end = yield* generate(call, generation, context)
    } catch (error) {
      if (!isAbort(error)) throw await broken(call, error)
      end = 'cancelled'
    }
    const isCut = typeof end === 'string'
    const outcome = typeof end === 'string' ? await rest(generation, engine) : end
    const lines = creditsOf(call, outcome, call.sentences + (isCut ? 1 : 0))
    const citations = (outcome?.citations ?? []).map(({ contribution, title, sourceUrl }) => ({
      contribution,
      title,
      ...(sourceUrl === undefined ? {} : { sourceUrl })
    }))
    const how = typeof end === 'string' ? end : end.outcome
    const receipt = await finish(call, { credits: lines, outcome: how, citations })
    return toWire(invokeEndSchema, { receipt: encodeReceipt(receipt), citations })
  }

  /** What was delivered is owed and gets its receipt; what was not is not. Gives the error to tell. */
  async function broken(call: Call, error: unknown): Promise<unknown> {
    if (call.ended !== undefined) await call.ended
    else if (call.deliveredWei === 0n) call.channel?.release(call.id)
    else await finish(call, { credits: UNATTRIBUTED, outcome: 'interrupted' })
    return isDatanetError(error) ? error : new DatanetError('ENGINE_FAILED', {}, { cause: error })
  }

  /** The call's one receipt, whoever ends it first. */
  function finish(call: Call, ending: Ending): Promise<SignedReceipt> {
    call.ended ??= finishNow(call, ending)
    return call.ended
  }

  async function finishNow(
    call: Call,
    { credits, outcome, citations = [] }: Ending
  ): Promise<SignedReceipt> {
    const { request, served, signed, channel, deliveredWei } = call
    const answered = new TextEncoder().encode(call.meter.text)
    const body = {
      version: 1 as const,
      callId: request.callId,
      attempt: request.attempt,
      provider: peerId,
      model: served.card.cid,
      offer: signed.cid,
      request: commitmentOf(request.requestSalt, call.requestBytes),
      answer: commitmentOf(request.answerSalt, answered),
      usage: { inputTokens: call.inputTokens, outputTokens: call.outputTokens },
      priceWei: deliveredWei,
      royaltyWei: royaltyWei(deliveredWei, signed.offer.policy.royaltyPpm),
      outcome,
      method: METHOD,
      credits: [...credits],
      builder: served.card.card.builder,
      startedAtMs: call.startedAtMs,
      finishedAtMs: Math.max(now(), call.startedAtMs)
    }
    const receipt = await (channel === undefined
      ? channels.free(body)
      : channel.finish(call.id, body, (seq) => {
          if (call.isTakenBack === true) call.kept?.removeLast()
          call.kept?.end({ seq, atMs: body.finishedAtMs, citations })
        }))
    log('call', {
      callId: call.id,
      outcome,
      outputTokens: call.outputTokens,
      priceWei: `${deliveredWei}`,
      ms: body.finishedAtMs - body.startedAtMs
    })
    return receipt
  }

  /** Takes a voucher that comes without a call: it commits to receipts. */
  async function commit(ask: { terms: Uint8Array; commit: Uint8Array }, peer: string) {
    let refusal: unknown = new DatanetError('CHANNEL_UNKNOWN')
    for (const payment of offering.payments()) {
      try {
        const channel = await channels.open(ask.terms, payment, peer)
        return await channel.accept(ask.commit, peer)
      } catch (error) {
        refusal = error
        if (!isDatanetError(error) || error.code !== 'TERMS_MISMATCH') break
      }
    }
    throw refusal
  }

  /**
   * What the same ask was answered before, or undefined when it is to be answered now. A call that
   * still runs on another stream ends there.
   */
  async function before(ask: CallAsk, from: number): Promise<Again | undefined> {
    if (ask.request.byteLength > OFFERED.maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes: OFFERED.maxInputBytes })
    }
    const request = decodeRequest(ask.request)
    const callId = Buffer.from(request.callId).toString('hex')
    const commitment = commitmentOf(request.requestSalt, ask.request)
    if (ask.terms !== undefined) {
      const channelId = channels.idOf(ask.terms)
      await channels.ready
      const running = live.get(`${channelId} ${callId}`)
      if (running !== undefined) await takeOver(running, ask.request)
      const again = keeping.again(channelId, callId, commitment, from)
      if (again !== undefined) return again
    }
    const isAskedAnew = from === 0 && (ask.terms === undefined || ask.voucher !== undefined)
    if (isAskedAnew) return undefined
    throw new DatanetError('CALL_UNKNOWN', { callId })
  }

  /** Ends a call for whoever asks again. Refuses those who do not know its request (CALL_CONFLICT). */
  async function takeOver(call: Call, request: Uint8Array): Promise<void> {
    if (Buffer.compare(call.requestBytes, request) !== 0) {
      throw new DatanetError('CALL_CONFLICT', { callId: call.id })
    }
    call.cut.abort()
    // It ends by itself, with its attribution, unless its stream hangs.
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, 2 * ATTRIBUTION_MS)
    await Promise.race([call.over.promise, patience.promise])
    clearTimeout(timer)
    await call.delivering?.catch(() => {})
    if (live.has(`${call.channel?.channelId} ${call.id}`)) {
      // Still being taken on: it ends as soon as it is.
      if (call.isAdmitted !== true) throw new DatanetError('PROVIDER_BUSY', { callId: call.id })
      await finish(call, { credits: UNATTRIBUTED, outcome: 'cancelled' })
    }
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
      live.delete(`${call.channel?.channelId} ${call.id}`)
      call.over.resolve()
    }
  }
}

/** Whether nothing more of the call may leave on this stream. */
function isCut({ cut, ended }: Call, { signal }: ExchangeContext): boolean {
  return signal.aborted || cut.signal.aborted || ended !== undefined
}
