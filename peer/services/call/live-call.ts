import type { SignedOffer } from '../../../protocol/model/offer.ts'
import type { OutputMeter } from '../../../protocol/model/price.ts'
import type { ExchangeContext } from '../../../protocol/net/exchange.ts'
import type { CallRequest } from '../../../protocol/net/invoke.ts'
import type { SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import type { ProviderChannel } from '../channel/provider-channels.ts'
import type { Served } from '../model/offering.ts'
import type { Collecting } from './collecting.ts'
import type { Kept } from './keeping.ts'

/** One call that this peer answers, as far as it has come. */
export interface LiveCall {
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
  /** Of the request, as the receipt will state it. */
  readonly commitment: Uint8Array
  readonly served: Served
  readonly signed: SignedOffer
  /** Undefined for a free call. */
  readonly channel: ProviderChannel | undefined
  readonly startedAtMs: number
  readonly inputTokens: number
  readonly meter: OutputMeter
  outputTokens: number
  deliveredWei: bigint
  /** From the second chunk on. */
  collecting?: Collecting
  /** Its deposit is set aside and its opening is taken. */
  isAdmitted?: boolean
  /** A chunk is on the disk that did not leave. */
  isTakenBack?: boolean
}

/** Whether nothing more of the call may leave on this stream. */
export function isCut({ cut, ended }: LiveCall, { signal }: ExchangeContext): boolean {
  return signal.aborted || cut.signal.aborted || ended !== undefined
}

/** The key of a call among those of all channels. */
export function liveKey(channelId: string | undefined, callId: string): string {
  return `${channelId} ${callId}`
}
