import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { toWire } from '../../../protocol/base/schema.ts'
import { invokePartSchema } from '../../../protocol/net/invoke.ts'
import type { ChannelStore } from '../../store/channels.ts'
import type { Again } from '../call/keeping.ts'

/** Receipts in one frame: as many of the largest as fit. */
const PER_PART = Math.floor(LIMITS.frameBytes / LIMITS.recordBytes)

/** An ask that is a call. */
export interface CallAsk {
  readonly request: Uint8Array
  readonly terms?: Uint8Array | undefined
  readonly voucher?: Uint8Array | undefined
  readonly from?: number | undefined
}

/** The frames of an answer that is shown again; gives its end. specs/07-channel.md §Replay */
export async function* showAgain(again: Again): AsyncGenerator<unknown, unknown, boolean> {
  for (const { text, costWei } of again.chunks) {
    if (!(yield toWire(invokePartSchema, { chunk: text, costWei }))) break
  }
  const { receipt, citations, evidence, isForgotten } = again
  const proof = evidence === undefined ? {} : { evidence }
  return { receipt, ...proof, citations, ...(isForgotten ? { isForgotten } : {}) }
}

/**
 * The frames of a channel's receipts from place `from` on, at most LIMITS.receiptsListed of them.
 * Refuses a channel on which this peer is not paid (CHANNEL_UNKNOWN). specs/07-channel.md §Receipts
 */
export async function* showChannel(
  channelStore: Pick<ChannelStore, 'channel' | 'receiptsOf'>,
  { channelId, from }: { readonly channelId: string; readonly from: number }
): AsyncGenerator<unknown, undefined, boolean> {
  if (channelStore.channel('provider', channelId) === undefined) {
    throw new DatanetError('CHANNEL_UNKNOWN', { channelId })
  }
  const range = { from, limit: LIMITS.receiptsListed }
  const stored = channelStore.receiptsOf('provider', channelId, range)
  for (let at = 0; at < stored.length; at += PER_PART) {
    const receipts = stored.slice(at, at + PER_PART).map(({ bytes }) => bytes)
    if (!(yield { receipts })) return undefined
  }
  return undefined
}
