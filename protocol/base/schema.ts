import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { decodeCanonical, encodeCanonical } from './codec.ts'
import { DatanetError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { PPM, weiFromBytes, weiToBytes } from './units.ts'

/** The field types of records. Each says how a value stands on the wire; see specs/02-encoding.md. */
export const field = {
  cid: z.custom<CID>(isOurCid, 'a CID of version 1 and sha2-256'),
  bytes: (length: number) =>
    z.custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.byteLength === length,
      `${length} bytes`
    ),
  label: text(LIMITS.labelBytes),
  text,
  count: z.int().min(0),
  atMs: z.int().min(0),
  ppm: z.int().min(0).max(PPM),
  /** 20 bytes on the wire, a checksum-free lowercase 0x string in memory. */
  address: z.codec(z.custom<Uint8Array>(isBytes), z.string().regex(/^0x[0-9a-f]{40}$/), {
    decode: (bytes) => hex(bytes, 20),
    encode: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  }),
  /** 32 bytes on the wire, a lowercase 0x string in memory. */
  hash: z.codec(z.custom<Uint8Array>(isBytes), z.string().regex(/^0x[0-9a-f]{64}$/), {
    decode: (bytes) => hex(bytes, 32),
    encode: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  }),
  /** Big-endian bytes on the wire, a bigint of the token's smallest unit in memory. */
  wei: z.codec(z.custom<Uint8Array>(isBytes), z.bigint(), {
    decode: (bytes) => weiFromBytes(bytes),
    encode: (amountWei) => weiToBytes(amountWei)
  })
} as const

/**
 * The record in `bytes` as `schema` describes it. Refuses what decodeCanonical refuses and any field
 * that the schema does not allow (RECORD_MALFORMED, with the field's path).
 */
export function decodeRecord<S extends z.ZodType>(
  schema: S,
  bytes: Uint8Array,
  maxBytes: number = LIMITS.recordBytes
): z.output<S> {
  return fromWire(schema, decodeCanonical(bytes, maxBytes))
}

/** Canonical bytes of `record` in its wire form. Refuses a record outside `schema`. */
export function encodeRecord<S extends z.ZodType>(schema: S, record: z.output<S>): Uint8Array {
  return encodeCanonical(toWire(schema, record))
}

/** The value of `schema` in a decoded frame or record. Refuses what the schema does not allow. */
export function fromWire<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  try {
    return z.decode(schema, value as z.input<S>)
  } catch (error) {
    throw refusal(error)
  }
}

/** `value` in its wire form, ready for a frame. Refuses a value outside `schema`. */
export function toWire<S extends z.ZodType>(schema: S, value: z.output<S>): unknown {
  try {
    return z.encode(schema, value)
  } catch (error) {
    throw refusal(error)
  }
}

function refusal(error: unknown): DatanetError {
  if (error instanceof DatanetError) return error
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined
  return new DatanetError(
    'RECORD_MALFORMED',
    { field: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
    { cause: error, hint: `${issue?.path.join('.') ?? 'record'}: ${issue?.message ?? 'invalid'}` }
  )
}

/** Bounded in UTF-8 bytes, as it stands on the wire. */
function text(maxBytes: number) {
  return z
    .string()
    .min(1)
    .refine((words) => Buffer.byteLength(words) <= maxBytes, `at most ${maxBytes} bytes`)
}

function isOurCid(value: unknown): boolean {
  const cid = CID.asCID(value)
  return cid?.version === 1 && cid.multihash.code === 0x12 && cid.multihash.size === 32
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array
}

function hex(bytes: Uint8Array, length: number): string {
  if (bytes.byteLength !== length) throw new DatanetError('RECORD_MALFORMED', { length })
  return `0x${Buffer.from(bytes).toString('hex')}`
}
