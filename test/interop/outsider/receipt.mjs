// The receipt of chapter 08: its form, its signature, and every check against the caller's call.
import { decode, encode, hex, isMap, LIMITS, refuse, same, sha2, unhex, utf8 } from './codec.mjs'
import { priceOf, royaltyOf } from './money.mjs'
import { receipt } from './records.mjs'
import { demandSigner, digest, structHash, unwrap } from './signing.mjs'
import { rootOf } from './trees.mjs'

/** Opens {body, signature}, with the path of a receipt that was signed in a group. */
export function unwrapReceipt(bytes) {
  const value = decode(bytes)
  if (!isMap(value) || !('path' in value)) return { ...unwrap(bytes, 'signature'), path: [] }
  const { path, ...rest } = value
  const isPath =
    Array.isArray(path) &&
    path.length > 0 &&
    path.length <= LIMITS.receiptPath &&
    path.every((step) => step instanceof Uint8Array && step.length === 32)
  if (!isPath) refuse('RECORD_MALFORMED', 'no path')
  return { ...unwrap(encode(rest), 'signature'), path }
}

/** Reads a wrapped receipt and demands the signature of the terms' receipt signer. */
export function readReceipt(bytes, domain, receiptSigner) {
  const { body, path, signatures } = unwrapReceipt(bytes)
  const value = receipt.decode(body)
  const leaf = sha2(body)
  const { channelId, seq } = value
  const said = { channelId, seq, leaf: `0x${hex(leaf)}` }
  const signed =
    path.length === 0
      ? digest(domain, 'Receipt', said)
      : digest(domain, 'ReceiptGroup', { root: rootOf(unhex(structHash('Receipt', said)), path) })
  demandSigner(signed, signatures[0], receiptSigner)
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
