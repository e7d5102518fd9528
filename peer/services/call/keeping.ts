import { decodeCanonical, encodeCanonical } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { royaltyWei } from '../../../protocol/model/price.ts'
import { decodeRequest } from '../../../protocol/net/invoke.ts'
import { UNATTRIBUTED } from '../../../protocol/receipt/attribution.ts'
import { namedIn } from '../../../protocol/receipt/evidence.ts'
import { commitmentOf, decodeReceipt, type Receipt } from '../../../protocol/receipt/receipt.ts'
import { ATTRIBUTION_METHOD } from '../../engines/attribution/ground.ts'
import type { OnUndo } from '../../store/group-commit.ts'
import type { ServedCall, ServedChunk } from '../../store/served-calls.ts'
import { createSealer } from '../../wallet/sealer.ts'
import type { Parts } from '../parts.ts'

/** What a call is kept by. */
export interface KeptCall extends Pick<ServedCall, 'channelId' | 'callId' | 'builder'> {
  readonly requestBytes: Uint8Array
  /** Of the request, as the receipt will state it. */
  readonly commitment: Uint8Array
  readonly inputTokens: number
  readonly royaltyPpm: number
  readonly startedAtMs: number
}

/** A chunk as it leaves, and what the call has come to with it. */
export type KeptChunk = Omit<ServedChunk, 'text'> & { readonly text: string }

/** That a call has its receipt. */
export interface KeptEnd {
  readonly seq: number
  readonly atMs: number
  readonly citations: readonly unknown[]
  readonly evidence?: Uint8Array
}

/** One call on the disk, from its first chunk on. Each write belongs inside a group commit. */
export interface Kept {
  add(chunk: KeptChunk, onUndo: OnUndo): void
  /** The last chunk and the end at once: what only an unfinished call needs is not written. */
  addLast(chunk: KeptChunk, end: KeptEnd, onUndo: OnUndo): void
  /** Takes the last chunk back: it did not leave. */
  removeLast(): void
  end(end: KeptEnd): void
}

/** An answer that is shown again. */
export interface Again {
  readonly chunks: ReadonlyArray<{ readonly text: string; readonly costWei: bigint }>
  /** The wrapped receipt's bytes. */
  readonly receipt: Uint8Array
  /** In their wire form. */
  readonly citations: readonly unknown[]
  readonly evidence?: Uint8Array
  /** True when only the receipt is left. */
  readonly isForgotten: boolean
}

/** Keeps what was delivered until its payer commits to the receipt. specs/07-channel.md §Replay */
export interface Keeping {
  keep(call: KeptCall): Kept
  /** The answer of an ended call; undefined for a call without a receipt. Refuses another request (CALL_CONFLICT). */
  again(channelId: string, callId: string, commitment: Uint8Array, from: number): Again | undefined
  /**
   * Gives every call that a crash cut off its receipt, for exactly the chunks that can have left: `sign`
   * puts it in the channel's next place. In a group commit.
   */
  interrupt(sign: (call: ServedCall, body: Omit<Receipt, 'channelId' | 'seq'>) => number): void
  /** Forgets the answers that quote the contribution: only their receipts can be had again. */
  forgetCiting(contribution: string): void
  /** Forgets what was committed to below `receipts` per channel, what is too old and too much. */
  sweep(committed: ReadonlyMap<string, number>): void
}

/** The request of a call that is not answered anew: its receipt is there. */
const NOTHING = new Uint8Array(0)
/** Calls forgotten at a time when there is too much. */
const BATCH = 1_000

/** Keeping over the store, sealed under a key of this peer. */
export function createKeeping(
  parts: Pick<Parts, 'channelStore' | 'wallet' | 'peerId' | 'now' | 'log'>
): Keeping {
  const { channelStore, wallet, peerId, now, log } = parts
  const { served } = channelStore
  const sealer = createSealer(wallet.peerKey, 'served-calls')
  const nameOf = ({ channelId, callId }: Pick<ServedCall, 'channelId' | 'callId'>) =>
    `${channelId} ${callId}`

  function textOf(call: ServedCall, chunk: ServedChunk, n: number): string {
    return Buffer.from(sealer.open(`${nameOf(call)} ${n}`, chunk.text)).toString()
  }

  /** What the last frame of a call said beside its receipt. */
  function saidIn(call: ServedCall, sealed: Uint8Array): Pick<Again, 'citations' | 'evidence'> {
    const said = decodeCanonical(sealer.open(`${nameOf(call)} end`, sealed))
    // As earlier versions kept it.
    if (Array.isArray(said)) return { citations: said }
    return said as Pick<Again, 'citations' | 'evidence'>
  }

  function interrupted(call: ServedCall): Omit<Receipt, 'channelId' | 'seq'> {
    const request = decodeRequest(sealer.open(nameOf(call), call.request))
    const chunks = served.chunks(call.number)
    const last = chunks.at(-1)
    const text = chunks.map((chunk, n) => textOf(call, chunk, n)).join('')
    const priceWei = last?.costWei ?? 0n
    return {
      version: 1,
      callId: request.callId,
      attempt: request.attempt,
      provider: peerId,
      model: request.model,
      offer: request.offer,
      request: call.commitment,
      answer: commitmentOf(request.answerSalt, new TextEncoder().encode(text)),
      usage: { inputTokens: call.inputTokens, outputTokens: last?.outputTokens ?? 0 },
      priceWei,
      royaltyWei: royaltyWei(priceWei, call.royaltyPpm),
      outcome: 'interrupted',
      method: ATTRIBUTION_METHOD,
      credits: [...UNATTRIBUTED],
      builder: call.builder,
      startedAtMs: call.startedAtMs,
      finishedAtMs: Math.max(now(), call.startedAtMs)
    }
  }

  return {
    keep(call) {
      let number: number | undefined
      let count = 0
      function keepForUndo(onUndo: OnUndo): void {
        const before = { number, count }
        onUndo(() => {
          ;({ number, count } = before)
        })
      }
      function sealedOf({ text, costWei, outputTokens }: KeptChunk): ServedChunk {
        const sealed = sealer.seal(`${nameOf(call)} ${count}`, Buffer.from(text))
        return { costWei, outputTokens, text: sealed }
      }
      function append(to: number, chunk: KeptChunk): void {
        served.addChunk(to, count, sealedOf(chunk))
        count += 1
      }
      function endOf({ seq, atMs, citations, evidence }: KeptEnd) {
        if (citations.length === 0 && evidence === undefined) return { seq, atMs }
        const said = { citations, ...(evidence === undefined ? {} : { evidence }) }
        const sealed = sealer.seal(`${nameOf(call)} end`, encodeCanonical(said))
        return { seq, atMs, citations: sealed }
      }
      return {
        add(chunk, onUndo) {
          keepForUndo(onUndo)
          number ??= served.add({ ...call, request: sealer.seal(nameOf(call), call.requestBytes) })
          append(number, chunk)
        },
        addLast(chunk, end, onUndo) {
          keepForUndo(onUndo)
          if (number === undefined) {
            const whole = { end: endOf(end), chunk: sealedOf(chunk) }
            number = served.add({ ...call, request: NOTHING }, whole)
            return
          }
          served.end(number, endOf(end))
          append(number, chunk)
        },
        removeLast() {
          if (number === undefined) return
          count -= 1
          served.removeChunk(number, count)
        },
        end(end) {
          if (number !== undefined) served.end(number, endOf(end))
        }
      }
    },

    again(channelId, callId, commitment, from) {
      const receipt = channelStore.receiptOn('provider', channelId, callId)
      if (receipt === undefined) return undefined
      const { request, usage } = decodeReceipt(receipt.bytes).receipt
      if (Buffer.compare(request, commitment) !== 0)
        throw new DatanetError('CALL_CONFLICT', { callId })
      const call = served.find(channelId, receipt.seq)
      const kept = call === undefined ? [] : served.chunks(call.number)
      return {
        chunks: kept.slice(from).map((chunk, i) => ({
          text: textOf(call as ServedCall, chunk, from + i),
          costWei: chunk.costWei
        })),
        receipt: receipt.bytes,
        ...(call?.citations === undefined ? { citations: [] } : saidIn(call, call.citations)),
        isForgotten: call === undefined && usage.outputTokens > 0
      }
    },

    interrupt(sign) {
      for (const call of served.unfinished()) {
        try {
          const seq = sign(call, interrupted(call))
          served.end(call.number, { seq, atMs: now() })
        } catch (error) {
          // Spoilt on the disk: it must not keep the others, or the peer, from going on.
          if (!isDatanetError(error)) throw error
          log('recovery', { callId: call.callId, code: error.code })
        }
      }
    },

    forgetCiting(contribution) {
      for (const call of served.cited()) {
        const { citations, evidence } = saidIn(call, call.citations as Uint8Array)
        const isQuoted =
          citations.some((one) => String(Object(one).contribution) === contribution) ||
          (evidence !== undefined && namedIn(evidence).includes(contribution))
        if (isQuoted) served.drop(call.number)
      }
    },

    sweep(committed) {
      for (const [channelId, receipts] of committed) served.forget(channelId, receipts)
      served.expire(now() - LIMITS.replayMs)
      while (served.bytes() > LIMITS.replayBytes) if (served.forgetOldest(BATCH) === 0) break
    }
  }
}
