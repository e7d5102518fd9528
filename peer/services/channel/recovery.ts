import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { verifyOffer } from '../../../protocol/model/offer.ts'
import { createOutputMeter, priceWei, tokensOf } from '../../../protocol/model/price.ts'
import { channelReceiptsSchema } from '../../../protocol/net/channel-receipts.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import {
  decodeRequest,
  invokeAskSchema,
  invokeEndSchema,
  invokePartSchema
} from '../../../protocol/net/invoke.ts'
import { decodeReceipt } from '../../../protocol/receipt/receipt.ts'
import { verifyForgottenReceipt, verifyReceipt } from '../../../protocol/receipt/verify-receipt.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { OpenCall } from '../../store/open-calls.ts'
import { createSealer } from '../../wallet/sealer.ts'
import type { Parts } from '../parts.ts'
import { sendCommit } from './closing.ts'
import type { PayerChannel, PayerChannels } from './payer-channels.ts'
import { createSeparators } from './separators.ts'

/** Closing the books of calls whose provider, or whose payer, was lost. */
export interface Recovery {
  /**
   * Asks the channel's provider for the answers and receipts of calls that are open and lost, checks
   * them, and commits. True when none is left. Never refuses but an abort: what cannot be had now is
   * asked for again later.
   */
  channel(channel: PayerChannel, options?: CallOptions): Promise<boolean>
  /** Recovers every channel with open calls, now and from time to time, until `stop`. */
  start(): void
  stop(): void
}

/** What open calls are kept and asked for with. */
type RecoveryParts = Pick<Parts, 'pool' | 'channelStore' | 'wallet' | 'log'>

/** How often lost calls are asked for again. */
const AGAIN_MS = 30_000
/** How long one provider may take to show one call. */
const SHOW_MS = 5_000

/** The name under which a payer seals the requests of its open calls. */
export function sealedRequest({ wallet }: Pick<Parts, 'wallet'>) {
  const sealer = createSealer(wallet.peerKey, 'open-calls')
  return {
    seal: (callId: string, request: Uint8Array) => sealer.seal(callId, request),
    open: ({ callId, request }: OpenCall) => sealer.open(callId, request)
  }
}

/** Recovery of this peer's own calls. specs/07-channel.md §Recovery */
export function createRecovery(
  parts: RecoveryParts,
  channels?: Pick<PayerChannels, 'find'>
): Recovery {
  const { pool, channelStore, log } = parts
  const requests = sealedRequest(parts)
  const separatorOf = createSeparators()
  const running = new Map<string, Promise<boolean>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  /** What a receipt of `call` must say, but for the answer. */
  async function expectation(channel: PayerChannel, call: OpenCall) {
    const bytes = channelStore.offer(call.offer)
    if (bytes === undefined) throw new DatanetError('OFFER_UNKNOWN', { offer: call.offer })
    const { offer, cid } = await verifyOffer(bytes)
    const requestBytes = requests.open(call)
    const request = decodeRequest(requestBytes)
    const inputTokens = request.messages.reduce((sum, m) => sum + tokensOf(m.content), 0)
    const { receiptSigner } = offer.payment
    return {
      offer,
      requestBytes,
      request,
      inputTokens,
      expected: {
        domainSeparator: separatorOf(offer.payment),
        receiptSigner,
        callId: request.callId,
        attempt: request.attempt,
        channelId: channel.channelId,
        provider: offer.provider,
        model: request.model,
        offer: cid,
        builder: call.builder,
        request: { salt: request.requestSalt, bytes: requestBytes },
        royaltyPpm: call.royaltyPpm
      }
    }
  }

  /** Has the whole answer shown again, and settles by its receipt. */
  async function replay(channel: PayerChannel, call: OpenCall, signal: AbortSignal) {
    const { expected, offer, request, requestBytes, inputTokens } = await expectation(channel, call)
    const ask = { request: requestBytes, terms: channel.terms, from: 0 }
    const exchange = pool.ask(channel.provider, PROTOCOLS.invoke, toWire(invokeAskSchema, ask), {
      signal,
      deadlineMs: SHOW_MS
    })
    const meter = createOutputMeter()
    let outputTokens = 0
    for await (const value of exchange.parts) {
      const part = fromWire(invokePartSchema, value)
      if ('needWei' in part) throw new DatanetError('RECEIPT_INVALID', { field: 'needWei' })
      const characters = meter.text.length + part.chunk.length
      if (characters > LIMITS.chunkCharacters * offer.maxOutputTokens) {
        throw new DatanetError('RECEIPT_INVALID', { field: 'chunk', characters })
      }
      outputTokens = meter.push(part.chunk)
    }
    const { receipt, isForgotten } = fromWire(invokeEndSchema, await exchange.end)
    const signed = decodeReceipt(receipt)
    if (isForgotten === true) {
      const { coveredWei } = call
      verifyForgottenReceipt(signed, { ...expected, inputTokens, coveredWei })
    } else {
      const usage = { inputTokens, outputTokens }
      const answer = { salt: request.answerSalt, bytes: new TextEncoder().encode(meter.text) }
      const costWei = priceWei(offer.price, usage)
      // Of a call that ended before its first chunk nothing is owed, also not its question.
      const paidWei = meter.text === '' ? 0n : costWei
      verifyReceipt(signed, { ...expected, usage, answer, priceWei: paidWei })
    }
    await channel.settle(call.callId, signed, call.royaltyPpm)
  }

  async function one(channel: PayerChannel, call: OpenCall, signal: AbortSignal): Promise<void> {
    try {
      await replay(channel, call, signal)
    } catch (error) {
      signal.throwIfAborted()
      const code = isDatanetError(error) ? error.code : 'INTERNAL'
      // It says that it delivered nothing: then it is owed nothing, and can never say otherwise.
      if (code === 'CALL_UNKNOWN') return channel.drop(call.callId)
      log('recovery', { callId: call.callId, provider: channel.provider, code })
    }
  }

  /** Fills what is still missing below the highest receipt by what the provider shows of the channel. */
  async function fill(channel: PayerChannel, signal: AbortSignal): Promise<void> {
    const byId = new Map(channel.lost.map((call) => [call.callId, call]))
    for (let from = channel.ledger.voucher.receipts; byId.size > 0; ) {
      const { channelId, provider } = channel
      const ask = toWire(invokeAskSchema, { receipts: { channelId, from } })
      const exchange = pool.ask(provider, PROTOCOLS.invoke, ask, { signal, deadlineMs: SHOW_MS })
      let count = 0
      for await (const value of exchange.parts) {
        for (const bytes of fromWire(channelReceiptsSchema, value).receipts) {
          const signed = decodeReceipt(bytes)
          if (signed.receipt.seq !== from + count) {
            throw new DatanetError('RECEIPT_INVALID', { field: 'seq' })
          }
          count += 1
          const call = byId.get(Buffer.from(signed.receipt.callId).toString('hex'))
          if (call === undefined) continue
          const { expected, inputTokens } = await expectation(channel, call)
          const { coveredWei } = call
          verifyForgottenReceipt(signed, { ...expected, inputTokens, coveredWei })
          await channel.settle(call.callId, signed, call.royaltyPpm)
          byId.delete(call.callId)
        }
      }
      await exchange.end
      if (count < LIMITS.receiptsListed) return
      from += count
    }
  }

  async function recover(channel: PayerChannel, signal: AbortSignal): Promise<boolean> {
    await Promise.all(channel.lost.map((call) => one(channel, call, signal)))
    if (channel.lost.length > 0) {
      await fill(channel, signal).catch((error) => {
        signal.throwIfAborted()
        log('recovery', {
          provider: channel.provider,
          code: isDatanetError(error) ? error.code : 'INTERNAL'
        })
      })
    }
    await sendCommit(parts, channel, { signal })
    return channel.lost.length === 0
  }

  async function all(): Promise<void> {
    for (const channelId of channelStore.open.channels()) {
      if (stopping.signal.aborted) return
      const channel = channels?.find(channelId)
      if (channel !== undefined && channel.lost.length > 0) await self.channel(channel)
    }
  }

  const self: Recovery = {
    channel(channel, { signal } = {}) {
      const known = running.get(channel.channelId)
      if (known !== undefined) return known
      const either =
        signal === undefined ? stopping.signal : AbortSignal.any([stopping.signal, signal])
      const work = recover(channel, either).finally(() => running.delete(channel.channelId))
      running.set(channel.channelId, work)
      return work
    },
    start() {
      const turn = () => {
        all()
          .catch(() => {})
          .finally(() => {
            if (!stopping.signal.aborted) timer = setTimeout(turn, AGAIN_MS).unref()
          })
      }
      turn()
    },
    stop() {
      stopping.abort()
      clearTimeout(timer)
    }
  }
  return self
}
