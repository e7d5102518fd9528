import { randomBytes } from 'node:crypto'
import { cidOf } from '../../protocol/base/codec.ts'
import {
  DatanetError,
  type ErrorCode,
  isAbort,
  isDatanetError
} from '../../protocol/base/errors.ts'
import { LIMITS } from '../../protocol/base/limits.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../protocol/channel/terms.ts'
import { datanetKey } from '../../protocol/datanet/manifest.ts'
import {
  isFree,
  type Payment,
  type SignedOffer,
  verifyRoyaltyFloor
} from '../../protocol/model/offer.ts'
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
import { decodeReceipt, encodeReceipt, type SignedReceipt } from '../../protocol/receipt/receipt.ts'
import { receiptLeaf } from '../../protocol/receipt/receipt-signature.ts'
import { verifyReceipt } from '../../protocol/receipt/verify-receipt.ts'
import type { AskEvent, Citation, Question } from '../api/models-api.ts'
import type { KnownModel } from './catalogue.ts'
import { sendCommit } from './closing.ts'
import type { Datanets } from './datanets.ts'
import type { Equivocations } from './equivocations.ts'
import type { Parts } from './parts.ts'
import type { PayerChannel, PayerChannels } from './payer-channels.ts'
import { describeReceipt } from './receipts.ts'

/** One call at one provider. */
export interface AttemptInit {
  readonly known: KnownModel
  readonly signed: SignedOffer
  readonly question: Question
  readonly callId: Uint8Array
  readonly attempt: number
  readonly maxWei: bigint
  readonly signal: AbortSignal
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
}

const NO_CHANNEL = `0x${'0'.repeat(64)}`
/** What a provider says when its books of a channel differ from ours: it will say so again. */
export const DIFFERING: ReadonlySet<ErrorCode> = new Set([
  'CHANNEL_CLOSING',
  'RECEIPTS_BEHIND',
  'RECEIPT_UNKNOWN',
  'VOUCHER_INSUFFICIENT',
  'VOUCHER_ROYALTY_LOW',
  'VOUCHER_STALE'
])
/** Characters a token stands for at most in an honest answer; more of them is padding. */
const TOKEN_CHARACTERS = 64

/** How long a broken call's receipt is asked for before the call is left as it is. */
const RECOVER_MS = 2_000

/** Attempts of this peer as a payer. specs/07-channel.md §Call */
export function createAttempt(
  parts: Pick<Parts, 'pool' | 'channelStore' | 'publications' | 'limits' | 'log'>,
  datanets: Datanets,
  channels: PayerChannels,
  evidence: Pick<Equivocations, 'refuse' | 'compare'>
): Attempt {
  const { pool, channelStore, publications, limits, log } = parts
  const prepayWei = limits.prepayWei ?? limits.maxCallWei
  const separators = new WeakMap<Payment, Uint8Array>()

  /** Of the escrow that the offer names: also a caller without a chain can check its receipts. */
  function separatorOf(payment: Payment): Uint8Array {
    const known = separators.get(payment)
    if (known !== undefined) return known
    const separator = domainSeparator(escrowDomain(payment.chainId, payment.escrow))
    separators.set(payment, separator)
    return separator
  }

  /** Refuses an offer that does not pay its Datanets what they demand, or names a false auditor. */
  async function checkOffer({ known, signed: { offer }, signal }: AttemptInit): Promise<void> {
    const met = await Promise.all(
      known.card.card.revisions.map(({ datanet }) =>
        datanets.meet(datanet.toString(), offer.provider, { signal })
      )
    )
    verifyRoyaltyFloor(
      offer,
      met.map(({ signed }) => signed.manifest)
    )
    if (!met.some(({ signed }) => datanetKey(signed) === offer.payment.auditor)) {
      throw new DatanetError('TERMS_MISMATCH', { field: 'auditor' })
    }
  }

  async function prepare(init: AttemptInit): Promise<Running> {
    const { known, signed, question, maxWei, signal } = init
    const { offer } = signed
    await evidence.refuse(offer, { signal })
    await checkOffer(init)
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
      costWei: 0n
    }
  }

  /** Takes one part in: counts a chunk as the provider must have, or pays for the next one. */
  async function take(call: Running, exchange: Exchange, value: unknown, isPaying = true) {
    const { offer } = call.signed
    const part = fromWire(invokePartSchema, value)
    if ('needWei' in part) {
      if (!isPaying) return undefined
      const reachedWei = call.costWei > offer.openWei ? call.costWei : offer.openWei
      if (part.needWei > reachedWei + offer.maxChunkWei || call.channel === undefined) {
        throw new DatanetError('RECEIPT_INVALID', { field: 'needWei' })
      }
      const voucher = call.channel.cover(call.id, part.needWei)
      const more = { voucher, callId: call.callId, coveredWei: part.needWei }
      await exchange.send(toWire(invokeMoreSchema, more))
      return undefined
    }
    refuseEndless(call, part.chunk)
    call.outputTokens = call.meter.push(part.chunk)
    call.costWei = priceWei(offer.price, call)
    if (part.costWei !== call.costWei)
      throw new DatanetError('RECEIPT_INVALID', { field: 'costWei' })
    return { type: 'chunk' as const, text: part.chunk, costWei: call.costWei }
  }

  /** Checks and keeps the receipt of what was delivered, and commits to it when nothing else runs. */
  async function settle(call: Running, bytes: Uint8Array): Promise<SignedReceipt> {
    const { offer, cid, bytes: offerBytes } = call.signed
    const receipt = decodeReceipt(bytes)
    evidence.compare(receipt, offer, separatorOf(offer.payment))
    const answer = new TextEncoder().encode(call.meter.text)
    verifyReceipt(receipt, {
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
      answer: { salt: call.request.answerSalt, bytes: answer },
      usage: { inputTokens: call.inputTokens, outputTokens: call.outputTokens },
      priceWei: call.costWei,
      royaltyPpm: offer.policy.royaltyPpm
    })
    channelStore.putOffer(cid.toString(), offerBytes)
    if (call.channel === undefined) {
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
    } else {
      call.channel.settle(call.id, receipt, offer.policy.royaltyPpm)
      await sendCommit(parts, call.channel)
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
        await take(call, exchange, step.value, false)
      }
      const end = fromWire(invokeEndSchema, await exchange.end)
      await settle(call, end.receipt)
    } catch (failure) {
      // Stopped before it was sent: nothing is owed for it.
      if (isAbort(failure)) return call.channel?.drop(call.id)
      if (!isDatanetError(failure)) return
      if (failure.details.remote === true && DIFFERING.has(failure.code)) call.channel?.retire()
      if (['PEER_GONE', 'PEER_SILENT'].includes(failure.code)) return call.channel?.lose(call.id)
      if (call.meter.text === '') return call.channel?.drop(call.id)
      if (call.channel === undefined) return
      const name = { issuer: call.signed.offer.provider, kind: 'receipt', id: call.id }
      await publications
        .fetch(
          name.issuer,
          name,
          async (value) => {
            const { receipt, body } = decodeReceipt(value)
            return { seq: receipt.finishedAtMs, cid: cidOf(body), value }
          },
          { signal: AbortSignal.timeout(RECOVER_MS) }
        )
        .then((value) => settle(call, value))
        .catch((cause) => {
          call.channel?.lose(call.id)
          log('receipt', { callId: call.id, error: `${cause}` })
        })
    }
  }

  return async function* attempt(init) {
    const call = await prepare(init)
    const { channel, signed, id, requestBytes, signal } = call
    const { offer } = signed
    let paid = {}
    try {
      if (channel !== undefined) {
        paid = {
          terms: channel.terms,
          voucher: channel.cover(id, offer.openWei + offer.maxChunkWei)
        }
      }
    } catch (error) {
      channel?.drop(id)
      throw error
    }
    const ask = toWire(invokeAskSchema, { request: requestBytes, ...paid })
    // Not the signal: an abort drops parts that the provider counts, a stop delivers them.
    const exchange = pool.ask(offer.provider, PROTOCOLS.invoke, ask)
    const onAbort = () => exchange.stop()
    signal.addEventListener('abort', onAbort, { once: true })
    const parts = exchange.parts[Symbol.asyncIterator]()
    // Awaited below on every path; until then a rejection must not count as unhandled.
    exchange.end.catch(() => {})
    let isSettled = false
    try {
      signal.throwIfAborted()
      for (let step = await parts.next(); step.done !== true; step = await parts.next()) {
        const event = await take(call, exchange, step.value)
        signal.throwIfAborted()
        if (event !== undefined) yield event
        signal.throwIfAborted()
      }
      const end = fromWire(invokeEndSchema, await exchange.end)
      const receipt = await settle(call, end.receipt)
      isSettled = true
      signal.throwIfAborted()
      const citations: Citation[] = end.citations.map(({ sourceUrl, ...citation }, i) => ({
        mark: i + 1,
        ...citation,
        ...(sourceUrl === undefined ? {} : { sourceUrl })
      }))
      yield { type: 'done', receipt: describeReceipt(receipt.receipt), citations }
    } finally {
      signal.removeEventListener('abort', onAbort)
      // Also reached when the consumer stops listening.
      if (!isSettled) await mend(call, exchange, parts)
    }
  }
}

/** Refuses answers that grow without end or cannot be counted (RECEIPT_INVALID). */
function refuseEndless(call: Running, chunk: string): void {
  const { maxOutputTokens } = call.signed.offer
  call.chunks += 1
  const characters = call.meter.text.length + chunk.length
  if (call.chunks > maxOutputTokens || characters > TOKEN_CHARACTERS * maxOutputTokens) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'chunk', characters })
  }
  try {
    refuseUncountable(call.meter.text.slice(-LIMITS.tokenizerRun) + chunk)
  } catch (cause) {
    throw new DatanetError('RECEIPT_INVALID', { field: 'chunk' }, { cause })
  }
}
