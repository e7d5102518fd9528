import { z } from 'zod'
import { decodeCanonical, encodeCanonical } from '../base/codec.ts'
import { LIMITS } from '../base/limits.ts'
import { field, fromWire, toWire } from '../base/schema.ts'
import { requestFromWire, requestToWire } from './request-wire.ts'

const sized = (maxBytes: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.byteLength <= maxBytes,
    `at most ${maxBytes} bytes`
  )

/** One call as its caller states it; the request commitment is over these bytes. specs/07-channel.md §Call */
export const requestSchema = z.strictObject({
  version: z.literal(1),
  /** Random; the public receipt id, the same across attempts. */
  callId: field.bytes(16),
  attempt: z.int().min(0).max(255),
  model: field.cid,
  offer: field.cid,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string().max(LIMITS.frameBytes),
        /** Of a tool's result: the call it answers. */
        toolCallId: field.label.optional()
      })
    )
    .min(1)
    .max(256),
  maxOutputTokens: z.int().min(1).optional(),
  /** Tools and the form of the answer, as JSON. specs/06-model.md §Answer form */
  form: z.string().min(2).max(65_536).optional(),
  /** The most this call may cost, everything included. */
  maxWei: field.wei,
  /** Salts of the two commitments in the receipt; they stay with the two parties. */
  requestSalt: field.bytes(16),
  answerSalt: field.bytes(16)
})

/**
 * The ask of `/datanet/invoke/1`: a call with its opening voucher, a voucher alone (root-only), or a
 * channel's receipts. What frames say may get new keys, so those not known here are ignored (FRAME-R5); the request may not.
 */
export const invokeAskSchema = z.union([
  z.object({
    request: sized(LIMITS.frameBytes),
    /** The channel's terms as their record; absent from a free call, as is the voucher. */
    terms: sized(1_024).optional(),
    voucher: sized(168).optional(),
    /** Chunks that the caller has already of this very request: what follows is shown again. */
    from: field.count.optional()
  }),
  z.object({ terms: sized(1_024), commit: sized(168) }),
  z.object({ receipts: z.object({ channelId: field.hash, from: field.count }) })
])

/** A further voucher while a call runs. The call and its cover are the payer's bookkeeping, unsigned. */
export const invokeMoreSchema = z.object({
  voucher: sized(168),
  callId: field.bytes(16),
  coveredWei: field.wei
})

/** A part of the answer, or the news that the next chunk needs a higher voucher. */
export const invokePartSchema = z.union([
  z.object({ chunk: z.string().min(1).max(LIMITS.chunkCharacters), costWei: field.wei }),
  z.object({ needWei: field.wei })
])

/** The last frame: the signed receipt, and what the marks in the answer stand for. */
export const invokeEndSchema = z.object({
  receipt: sized(LIMITS.recordBytes),
  /** What its credits rest on; absent where nothing was measured. */
  evidence: sized(LIMITS.evidenceBytes).exactOptional(),
  /** The answer was not kept any longer: the receipt alone is shown again. */
  isForgotten: z.literal(true).optional(),
  citations: z
    .array(
      z.object({
        contribution: z.string().max(128),
        title: z.string().max(LIMITS.labelBytes),
        sourceUrl: z.string().max(2_048).optional()
      })
    )
    .max(LIMITS.credits)
})

export type CallRequest = z.output<typeof requestSchema>

/** Canonical bytes of `request`. */
export function encodeRequest(request: CallRequest): Uint8Array {
  return encodeCanonical(requestToWire(request) ?? toWire(requestSchema, request))
}

/** The request in `bytes`. Refuses malformed and oversized records. */
export function decodeRequest(bytes: Uint8Array): CallRequest {
  const wire = decodeCanonical(bytes, LIMITS.frameBytes)
  return requestFromWire(wire) ?? fromWire(requestSchema, wire)
}
