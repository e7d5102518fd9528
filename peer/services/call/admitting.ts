import { DatanetError } from '../../../protocol/base/errors.ts'
import { isFree, type SignedOffer } from '../../../protocol/model/offer.ts'
import { createOutputMeter, priceWei } from '../../../protocol/model/price.ts'
import { decodeRequest } from '../../../protocol/net/invoke.ts'
import { commitmentOf } from '../../../protocol/receipt/receipt.ts'
import type { ProviderChannels } from '../channel/provider-channels.ts'
import { OFFERED, type Offering } from '../model/offering.ts'
import type { Parts } from '../parts.ts'
import type { CallAsk } from '../receipt/showing.ts'
import type { Keeping } from './keeping.ts'
import { type LiveCall, liveKey } from './live-call.ts'
import { inputTokensOf } from './pieces.ts'

/**
 * Takes calls on: checks everything that can be checked before the model is touched, sets the deposit
 * aside and takes the opening voucher. A paid call is in `live` from then on. specs/07-channel.md §Call
 */
export function createAdmitting(
  { now, channelStore }: Pick<Parts, 'now' | 'channelStore'>,
  offering: Pick<Offering, 'find'>,
  channels: Pick<ProviderChannels, 'open'>,
  keeping: Pick<Keeping, 'keep'>,
  live: Map<string, LiveCall>
): (ask: CallAsk, peer: string) => Promise<LiveCall> {
  /** Offers that are on disk already. */
  const shown = new WeakSet<SignedOffer>()

  async function admit(ask: CallAsk, peer: string): Promise<LiveCall> {
    const { maxInputBytes } = OFFERED
    if (ask.request.byteLength > maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes })
    }
    const request = decodeRequest(ask.request)
    const { served, signed } = offering.find(request.offer.toString())
    if (!request.model.equals(served.card.cid)) {
      throw new DatanetError('MODEL_UNKNOWN', { model: `${request.model}` })
    }
    // Before anything is set aside for it.
    served.lane.refuseIfFull()
    const call: LiveCall = {
      id: Buffer.from(request.callId).toString('hex'),
      request,
      requestBytes: ask.request,
      commitment: commitmentOf(request.requestSalt, ask.request),
      served,
      signed,
      channel: undefined,
      kept: undefined,
      startedAtMs: now(),
      inputTokens: inputTokensOf(request),
      meter: createOutputMeter(),
      outputTokens: 0,
      deliveredWei: 0n,
      cut: new AbortController(),
      over: Promise.withResolvers<void>()
    }
    const { openWei, price } = signed.offer
    if (priceWei(price, call) > openWei) {
      throw new DatanetError('REQUEST_TOO_LARGE', { inputTokens: call.inputTokens })
    }
    return isFree(signed.offer) ? call : admitPaid(call, ask, peer)
  }

  /** Sets the deposit aside for a call, and takes its opening voucher. */
  async function admitPaid(call: LiveCall, ask: CallAsk, peer: string): Promise<LiveCall> {
    const { request, signed, served } = call
    const { openWei, maxChunkWei, payment, policy } = signed.offer
    const { royaltyPpm } = policy
    const upFrontWei = openWei + maxChunkWei
    if (ask.terms === undefined || ask.voucher === undefined || request.maxWei < upFrontWei) {
      throw new DatanetError('VOUCHER_INSUFFICIENT', { neededWei: `${upFrontWei}` })
    }
    const channel = await channels.open(ask.terms, payment, peer)
    const key = liveKey(channel.channelId, call.id)
    if (live.has(key)) throw new DatanetError('CALL_CONFLICT', { callId: call.id })
    const kept = keeping.keep({
      channelId: channel.channelId,
      callId: call.id,
      requestBytes: ask.request,
      commitment: call.commitment,
      builder: served.card.card.builder,
      inputTokens: call.inputTokens,
      royaltyPpm,
      startedAtMs: call.startedAtMs
    })
    const paid: LiveCall = { ...call, channel, kept }
    live.set(key, paid)
    try {
      await channel.reserve(call.id, request.maxWei, royaltyPpm)
      try {
        // Not its sync: no chunk is on the disk before it, and the model may begin.
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

  return admit
}
