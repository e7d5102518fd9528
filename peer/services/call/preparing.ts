import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeForm } from '../../../protocol/model/answer-form.ts'
import { isFree, type Offer } from '../../../protocol/model/offer.ts'
import { createOutputMeter, priceWei } from '../../../protocol/model/price.ts'
import { type CallRequest, encodeRequest } from '../../../protocol/net/invoke.ts'
import type { PayerChannels } from '../channel/payer-channels.ts'
import type { Datanets } from '../datanet/datanets.ts'
import { refuseUnfairOffer } from '../model/offer-check.ts'
import type { Parts } from '../parts.ts'
import type { Equivocations } from '../receipt/equivocations.ts'
import type { AskedCall, AttemptInit } from './asked-call.ts'
import { createDrawing } from './drawing.ts'
import { inputTokensOf } from './pieces.ts'

/**
 * Makes a call ready to be asked: its offer and its limits are checked, its request is written, and its
 * most is set aside on a channel. Refuses what its offer or this peer's limits do not allow
 * (PRICE_TOO_HIGH, REQUEST_TOO_LARGE), and as `refuse`, `refuseUnfairOffer` and `begin` do.
 * specs/07-channel.md §Call
 */
export function createPreparing(
  { channelStore, limits }: Pick<Parts, 'channelStore' | 'limits'>,
  datanets: Datanets,
  channels: Pick<PayerChannels, 'begin'>,
  evidence: Pick<Equivocations, 'refuse'>
): (init: AttemptInit) => Promise<AskedCall> {
  const prepayWei = limits.prepayWei ?? limits.maxCallWei
  /** Offers that are on disk already. */
  const kept = new WeakSet<Offer>()
  const drawSalt = createDrawing(16)

  return async (init) => {
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
    if (question.form !== undefined) decodeForm(question.form)
    const form = question.form === undefined ? {} : { form: question.form }
    const inputTokens = inputTokensOf({ messages: question.messages, ...form })
    const [requestSalt, answerSalt] = [drawSalt(), drawSalt()]
    const request: CallRequest = {
      version: 1,
      callId: init.callId,
      attempt: init.attempt,
      model: known.card.cid,
      offer: signed.cid,
      messages: question.messages.map(({ role, content, toolCallId }) => ({
        role,
        content,
        ...(toolCallId === undefined ? {} : { toolCallId })
      })),
      ...(question.maxOutputTokens === undefined
        ? {}
        : { maxOutputTokens: question.maxOutputTokens }),
      ...form,
      maxWei,
      requestSalt,
      answerSalt
    }
    const requestBytes = encodeRequest(request)
    if (requestBytes.byteLength > offer.maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes: offer.maxInputBytes })
    }
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
}
