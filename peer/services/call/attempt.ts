import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { priceWei } from '../../../protocol/model/price.ts'
import type { Exchange } from '../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import {
  invokeAskSchema,
  invokeEndSchema,
  invokeMoreSchema,
  invokePartSchema
} from '../../../protocol/net/invoke.ts'
import { pause } from '../../../protocol/net/waiting.ts'
import type { SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import type { AskEvent } from '../../api/models-api.ts'
import { type Committing, createCommitting } from '../channel/committing.ts'
import type { PayerChannel, PayerChannels } from '../channel/payer-channels.ts'
import { createRecovery, type Recovery, sealedRequest } from '../channel/recovery.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import type { Equivocations } from '../receipt/equivocations.ts'
import { describeEnd } from '../receipt/receipts.ts'
import { refuseEndless } from './answer-limits.ts'
import type { AskedCall, AttemptInit } from './asked-call.ts'
import { coverAhead, createDistance, type Distance } from './paying-ahead.ts'
import { createPreparing } from './preparing.ts'
import { BROKEN, DIFFERING, isBroken, RESTARTING, RESUME_MS } from './resuming.ts'
import { createSettlingCalls } from './settling-calls.ts'

/** Makes one call: pays for what arrives, checks what is charged, ends with a verified receipt. */
export type Attempt = (init: AttemptInit) => AsyncGenerator<AskEvent, void>

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
  const { pool, log, now } = parts
  const requests = sealedRequest(parts)
  const prepare = createPreparing(parts, datanets, channels, evidence)
  const settle = createSettlingCalls(parts, evidence, committing)
  const distances = new WeakMap<PayerChannel, Distance>()

  /** Covers the call up to `uptoWei` and says so to the provider. */
  async function pay(call: AskedCall, exchange: Exchange, uptoWei: bigint): Promise<void> {
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
  function payAhead(call: AskedCall, exchange: Exchange): void {
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
    call: AskedCall,
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

  /**
   * Closes the books of a call that broke: by the receipt that came after all or that the provider
   * shows, or as refused when nothing was ever delivered. Else the call stays open, its cover spent.
   */
  async function mend(
    call: AskedCall,
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
