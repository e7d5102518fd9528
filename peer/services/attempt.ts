import { randomBytes } from 'node:crypto'
import { DatanetError, isAbort, isDatanetError } from '../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { isFree, type Offer, type SignedOffer } from '../../protocol/model/offer.ts'
import {
  createOutputMeter,
  priceWei,
  refuseUncountable,
  tokensOf
} from '../../protocol/model/price.ts'
import type { Exchange } from '../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import {
  type CallRequest,
  encodeRequest,
  invokeAskSchema,
  invokeEndSchema,
  invokeMoreSchema,
  invokePartSchema
} from '../../protocol/net/invoke.ts'
import { pause } from '../../protocol/net/waiting.ts'
import { decodeReceipt, encodeReceipt, type SignedReceipt } from '../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../protocol/receipt/receipt-signature.ts'
import { verifyForgottenReceipt, verifyReceipt } from '../../protocol/receipt/verify-receipt.ts'
import type { AskEvent, Question } from '../api/models-api.ts'
import { refuseEndless } from './answer-limits.ts'
import type { KnownModel } from './catalogue.ts'
import { type Committing, createCommitting } from './committing.ts'
import type { Datanets } from './datanets.ts'
import type { Equivocations } from './equivocations.ts'
import { refuseUnfairOffer } from './offer-check.ts'
import type { Parts } from './parts.ts'
import type { PayerChannel, PayerChannels } from './payer-channels.ts'
import { coverAhead, createDistance, type Distance } from './paying-ahead.ts'
import { describeEnd } from './receipts.ts'
import { createRecovery, type Recovery, sealedRequest } from './recovery.ts'
import { BROKEN, DIFFERING, isBroken, RESTARTING, RESUME_MS } from './resuming.ts'
import { createSeparators } from './separators.ts'

/** One call at one provider. */
export interface AttemptInit {
  readonly known: KnownModel
  readonly signed: SignedOffer
  readonly question: Question
  readonly callId: Uint8Array
  readonly attempt: number
  readonly maxWei: bigint
  readonly signal: AbortSignal
  /** How long the provider is asked on when its stream breaks; RESUME_MS.alone unless given. */
  readonly resumeMs?: number
}

/** Makes one call: pays for what arrives, checks what is charged, ends with a verified receipt. */
export type Attempt = (init: AttemptInit) => AsyncGenerator<AskEvent, void>

/** What the caller knows of a call while it runs: the ground its receipt is checked on. */
interface Running extends AttemptInit {
  readonly id: string
  readonly channel: PayerChannel | undefined
  readonly request: CallRequest
  readonly requestBytes: Uint8Array
  readonly inputTokens: number
  readonly meter: ReturnType<typeof createOutputMeter>
  outputTokens: number
  chunks: number
  costWei: bigint
  coveredWei: bigint
  /** The ask may have reached the provider. */
  isSent?: boolean
  /** When the provider asked for a voucher, until the chunk that it pays for is here. */
  askedAtMs: number | undefined
}

const NO_CHANNEL = `0x${'0'.repeat(64)}`
/** How long a broken call's receipt is asked for before the call is left as it is. */
const RECOVER_MS = 2_000

/** Attempts of this peer as a payer. specs/07-channel.md §Call */
export function createAttempt(
  parts: Pick<Parts, 'pool' | 'channelStore' | 'limits' | 'log' | 'now' | 'wallet'>,
  datanets: Datanets,
  channels: PayerChannels,
  evidence: Pick<Equivocations, 'refuse' | 'compare'>,
  recovery: Recovery = createRecovery(parts),
  committing: Committing = createCommitting(parts)
): Attempt {
  const { pool, channelStore, limits, log, now } = parts
  const requests = sealedRequest(parts)
  const prepayWei = limits.prepayWei ?? limits.maxCallWei
  const separatorOf = createSeparators()
  const distances = new WeakMap<PayerChannel, Distance>()
  /** Offers that are on disk already. */
  const kept = new WeakSet<Offer>()

  async function prepare(init: AttemptInit): Promise<Running> {
    const { known, signed, question, maxWei, signal } = init
    const { offer } = signed
    await evidence.refuse(offer, { signal })
    await refuseUnfairOffer(datanets, init)
    const upFrontWei = offer.openWei + offer.maxChunkWei
    // What is paid before anything came is lost if nothing comes.
    const limitWei = maxWei < prepayWei ? maxWei : prepayWei
    if (upFrontWei > limitWei) {
      throw new DatanetError('PRICE_TOO_HIGH', {
        upFrontWei: `${upFrontWei}`,
        limitWei: `${limitWei}`
      })
    }
    for (const { content } of question.messages) refuseUncountable(content)
    const request: CallRequest = {
      version: 1,
      callId: init.callId,
      attempt: init.attempt,
      model: known.card.cid,
      offer: signed.cid,
      messages: question.messages.map(({ role, content }) => ({ role, content })),
      ...(question.maxOutputTokens === undefined
        ? {}
        : { maxOutputTokens: question.maxOutputTokens }),
      maxWei,
      requestSalt: new Uint8Array(randomBytes(16)),
      answerSalt: new Uint8Array(randomBytes(16))
    }
    const requestBytes = encodeRequest(request)
    if (requestBytes.byteLength > offer.maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes: offer.maxInputBytes })
    }
    const inputTokens = question.messages.reduce((sum, m) => sum + tokensOf(m.content), 0)
    if (priceWei(offer.price, { inputTokens, outputTokens: 0 }) > offer.openWei) {
      throw new DatanetError('REQUEST_TOO_LARGE', { inputTokens })
    }
    const id = Buffer.from(init.callId).toString('hex')
    // A receipt is checked by its offer, also after a restart.
    if (!kept.has(offer)) channelStore.putOffer(signed.cid.toString(), signed.bytes)
    kept.add(offer)
    return {
      ...init,
      id,
      channel: isFree(offer) ? undefined : await channels.begin(offer, { id, maxWei }, { signal }),
      request,
      requestBytes,
      inputTokens,
      meter: createOutputMeter(),
      outputTokens: 0,
      chunks: 0,
      costWei: 0n,
      coveredWei: offer.openWei + offer.maxChunkWei,
      askedAtMs: undefined
    }
  }

  /** Covers the call up to `uptoWei` and says so to the provider. */
  async function pay(call: Running, exchange: Exchange, uptoWei: bigint): Promise<void> {
    if (call.channel === undefined) return
    if (uptoWei > call.coveredWei) call.coveredWei = uptoWei
    const voucher = await call.channel.cover(call.id, uptoWei)
    const more = { voucher, callId: call.callId, coveredWei: uptoWei }
    await exchange.send(toWire(invokeMoreSchema, more))
  }

  /**
   * Pays a far provider for what will come before it asks, so that a stream does not wait for a
   * voucher's way: never further ahead than the opening voucher went, and without holding up what
   * came. What an answer leaves of it is the channel's credit.
   */
  function payAhead(call: Running, exchange: Exchange): void {
    if (call.channel === undefined || !distanceOf(call.channel).isFar) return
    const uptoWei = coverAhead(call, call.signed.offer)
    // What fails here fails again, and is told, when the provider asks.
    if (uptoWei !== undefined) pay(call, exchange, uptoWei).catch(() => {})
  }

  function distanceOf(channel: PayerChannel): Distance {
    const known = distances.get(channel) ?? createDistance()
    distances.set(channel, known)
    return known
  }

  /** Takes one part in: counts a chunk as the provider must have, or pays for the next one. */
  async function take(
    call: Running,
    exchange: Exchange,
    value: unknown,
    { isPaying = true, isAhead = true }: { isPaying?: boolean; isAhead?: boolean } = {}
  ) {
    const { offer } = call.signed
    const part = fromWire(invokePartSchema, value)
    if ('needWei' in part) {
      if (!isPaying) return undefined
      const reachedWei = call.costWei > offer.openWei ? call.costWei : offer.openWei
      if (part.needWei > reachedWei + offer.maxChunkWei || call.channel === undefined) {
        throw new DatanetError('RECEIPT_INVALID', { field: 'needWei' })
      }
      // Where the voucher is on its way already, the wait says nothing about the way.
      if (part.needWei > call.coveredWei) call.askedAtMs = now()
      await pay(call, exchange, part.needWei)
      return undefined
    }
    refuseEndless(call, part.chunk)
    call.outputTokens = call.meter.push(part.chunk)
    call.costWei = priceWei(offer.price, call)
    if (part.costWei !== call.costWei)
      throw new DatanetError('RECEIPT_INVALID', { field: 'costWei' })
    if (call.channel !== undefined && call.askedAtMs !== undefined) {
      distanceOf(call.channel).observe(now() - call.askedAtMs)
      call.askedAtMs = undefined
    }
    if (isPaying && isAhead) payAhead(call, exchange)
    return { type: 'chunk' as const, text: part.chunk, costWei: call.costWei }
  }

  /** Checks and keeps the receipt of what was delivered, and commits to it when nothing else runs. */
  async function settle(
    call: Running,
    { receipt: bytes, isForgotten }: { receipt: Uint8Array; isForgotten?: true | undefined }
  ): Promise<SignedReceipt> {
    const { offer, cid } = call.signed
    const receipt = decodeReceipt(bytes)
    evidence.compare(receipt, offer, separatorOf(offer.payment))
    const answer = new TextEncoder().encode(call.meter.text)
    const expected = {
      domainSeparator: separatorOf(offer.payment),
      receiptSigner: offer.payment.receiptSigner,
      callId: call.callId,
      attempt: call.attempt,
      channelId: call.channel?.channelId ?? NO_CHANNEL,
      provider: offer.provider,
      model: call.known.card.cid,
      offer: cid,
      builder: call.known.card.card.builder,
      request: { salt: call.request.requestSalt, bytes: call.requestBytes },
      royaltyPpm: offer.policy.royaltyPpm
    }
    const { inputTokens, outputTokens, coveredWei, costWei } = call
    if (isForgotten === true && receipt.receipt.usage.outputTokens !== outputTokens) {
      verifyForgottenReceipt(receipt, { ...expected, inputTokens, coveredWei })
    } else {
      verifyReceipt(receipt, {
        ...expected,
        answer: { salt: call.request.answerSalt, bytes: answer },
        usage: { inputTokens, outputTokens },
        priceWei: costWei
      })
    }
    if (call.channel === undefined) {
      await channelStore.together(() =>
        channelStore.addReceipt({
          side: 'payer',
          callId: call.id,
          channelId: NO_CHANNEL,
          seq: 0,
          peer: offer.provider,
          priceWei: 0n,
          royaltyPpm: 0,
          leaf: receiptLeaf(receipt.body),
          bytes: encodeReceipt(receipt)
        })
      )
    } else {
      await call.channel.settle(call.id, receipt, offer.policy.royaltyPpm)
      await committing.after(call.channel)
    }
    return receipt
  }

  /**
   * Closes the books of a call that broke: by the receipt that came after all or that the provider
   * shows, or as refused when nothing was ever delivered. Else the call stays open, its cover spent.
   */
  async function mend(
    call: Running,
    exchange: Exchange,
    parts: AsyncIterator<unknown>
  ): Promise<void> {
    exchange.stop()
    try {
      // What left before the stop arrived is delivered and counted, so it is counted here as well.
      for (let step = await parts.next(); step.done !== true; step = await parts.next()) {
        await take(call, exchange, step.value, { isPaying: false })
      }
      const end = fromWire(invokeEndSchema, await exchange.end)
      await settle(call, end)
    } catch (failure) {
      // Stopped before it was sent: nothing is owed for it.
      if (isAbort(failure)) return call.channel?.drop(call.id)
      if (!isDatanetError(failure)) return
      const { channel } = call
      if (failure.code === 'PEER_UNREACHABLE' && call.isSent !== true) return channel?.drop(call.id)
      if (BROKEN.has(failure.code)) return channel?.lose(call.id)
      if (channel !== undefined && failure.details.remote === true && DIFFERING.has(failure.code)) {
        if (call.meter.text === '') channel.drop(call.id)
        // What is missing is fetched; books that differ otherwise will differ again.
        const isCured = failure.code === 'RECEIPTS_BEHIND' && (await recovery.channel(channel))
        if (!isCured) channel.retire()
      }
      if (call.meter.text === '') return call.channel?.drop(call.id)
      if (channel === undefined) return
      channel.lose(call.id)
      await recovery.channel(channel, { signal: AbortSignal.timeout(RECOVER_MS) }).catch(() => {})
    }
  }

  return async function* attempt(init) {
    const call = await prepare(init)
    const { channel, signed, id, requestBytes, signal, resumeMs = RESUME_MS.alone } = call
    const { offer } = signed
    let voucher: Uint8Array | undefined
    try {
      voucher = await channel?.cover(id, offer.openWei + offer.maxChunkWei, {
        offer: signed.cid.toString(),
        request: requests.seal(id, requestBytes),
        builder: call.known.card.card.builder
      })
    } catch (error) {
      channel?.drop(id)
      throw error
    }
    /** Asks, or asks again for what comes after the chunks that are here already. */
    const open = (from?: number) => {
      const paid = channel === undefined ? {} : { terms: channel.terms }
      // Only a call of which nothing came can be answered anew.
      const isOpening = from === undefined || from === 0
      const opening = isOpening && voucher !== undefined ? { voucher } : {}
      const again = from === undefined ? {} : { from }
      const ask = { request: requestBytes, ...paid, ...opening, ...again }
      // Not the signal: an abort drops parts that the provider counts, a stop delivers them.
      // What is shown again needs no model: whoever is slow with it is not up.
      const patience = isOpening ? {} : { deadlineMs: resumeMs }
      const wire = toWire(invokeAskSchema, ask)
      const exchange = pool.ask(offer.provider, PROTOCOLS.invoke, wire, patience)
      // Awaited below on every path; until then a rejection must not count as unhandled.
      exchange.end.catch(() => {})
      return { exchange, parts: exchange.parts[Symbol.asyncIterator]() }
    }
    let stream = open()
    const onAbort = () => stream.exchange.stop()
    signal.addEventListener('abort', onAbort, { once: true })
    let isSettled = false
    let broken: unknown
    let brokenAtMs = Number.POSITIVE_INFINITY
    try {
      signal.throwIfAborted()
      for (let tries = 0; ; ) {
        try {
          const { exchange, parts } = stream
          for (let step = await parts.next(); step.done !== true; step = await parts.next()) {
            const event = await take(call, exchange, step.value, { isAhead: tries === 0 })
            signal.throwIfAborted()
            if (event !== undefined) yield event
            signal.throwIfAborted()
          }
          const end = fromWire(invokeEndSchema, await exchange.end)
          const receipt = await settle(call, end)
          isSettled = true
          signal.throwIfAborted()
          // Cut off before anything came, or with what nobody has any more: that is no answer.
          const isLost = receipt.receipt.usage.outputTokens !== call.outputTokens
          if (broken !== undefined && (isLost || isNothing(receipt))) throw broken
          yield { type: 'done', ...describeEnd(receipt.receipt, end.citations) }
          return
        } catch (error) {
          signal.throwIfAborted()
          if (isSettled || channel === undefined) throw error
          if (isDatanetError(error) && error.code !== 'PEER_UNREACHABLE') call.isSent = true
          const isLate = performance.now() - brokenAtMs > resumeMs
          if (!isDatanetError(error) || !isBroken(error, tries) || isLate) {
            throw broken !== undefined && isDatanetError(error) && RESTARTING.has(error.code)
              ? broken
              : error
          }
          broken ??= error
          if (tries === 0) brokenAtMs = performance.now()
          await pause(RESUME_MS.first * 2 ** tries, signal)
          tries += 1
          log('resume', { callId: id, provider: offer.provider, from: call.chunks, tries })
          stream = open(call.chunks)
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      // Also reached when the consumer stops listening.
      if (!isSettled) await mend(call, stream.exchange, stream.parts)
    }
  }
}

/** Whether a call ended before anything was delivered. */
function isNothing({ receipt }: SignedReceipt): boolean {
  const { outcome, usage } = receipt
  return usage.outputTokens === 0 && (outcome === 'cancelled' || outcome === 'interrupted')
}
