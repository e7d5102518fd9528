// The receipt of chapter 08: its form, its signature, and every check against the caller's call.
import { hex, refuse, same, sha2, utf8 } from './codec.mjs'
import { priceOf, royaltyOf } from './money.mjs'
import { receipt } from './records.mjs'
import { demandSigner, digest, unwrap } from './signing.mjs'

/** Reads a wrapped receipt and demands the signature of the terms' receipt signer. */
export function readReceipt(bytes, domain, receiptSigner) {
  const { body, signatures } = unwrap(bytes, 'signature')
  const value = receipt.decode(body)
  const leaf = sha2(body)
  const { channelId, seq } = value
  const said = digest(domain, 'Receipt', { channelId, seq, leaf: `0x${hex(leaf)}` })
  demandSigner(said, signatures[0], receiptSigner)
  return { value, leaf }
}

/** What a receipt of this call must say, from what the caller itself sent, got and counted. */
export function expectedReceipt({ request, requestBytes, card, offer, channelId, answer, usage }) {
  const priceWei = priceOf(offer.price, usage)
  return {
    callId: request.callId,
    attempt: request.attempt,
    channelId,
    provider: offer.provider,
    model: request.model,
    offer: request.offer,
    builder: card.builder,
    request: sha2(request.requestSalt, requestBytes),
    answer: sha2(request.answerSalt, utf8(answer)),
    usage,
    priceWei,
    royaltyWei: royaltyOf(priceWei, offer.policy.royaltyPpm)
  }
}

function agrees(told, own) {
  if (own instanceof Uint8Array) return same(told, own)
  if (typeof own !== 'object') return told === own
  return Object.keys(own).every((key) => told[key] === own[key])
}

/** Refuses a receipt that contradicts the caller's own account of the call. */
export function checkReceipt(told, own) {
  for (const [field, value] of Object.entries(own)) {
    if (!agrees(told[field], value)) refuse('RECEIPT_INVALID', `it contradicts ${field}`)
  }
  const shares = told.credits.reduce((sum, line) => sum + line.ppm, 0)
  if (shares !== 1_000_000) refuse('ATTRIBUTION_INVALID', `${shares} ppm`)
}
