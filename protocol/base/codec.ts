import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { decodePlain, encodePlain } from './cbor.ts'
import { DatanetError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { nativeHash } from './native-hash.ts'

const SHA2_256 = 0x12
/** Arrays and maps inside each other: no record needs a tenth of it, and recursion stays bounded. */
const MAX_DEPTH = 64
/** Parts that are less than this together are copied: that costs less than a hash fed by parts. */
const COPIED_BYTES = 16_384
/** Multicodec of records. */
export const DAG_CBOR = 0x71
/** Multicodec of plain bytes. */
export const RAW = 0x55

/**
 * Canonical dag-cbor of `value`. Refuses floats, null, undefined, bigints, unpaired surrogates and
 * anything else outside the profile (RECORD_MALFORMED). specs/02-encoding.md §Profile
 */
export function encodeCanonical(value: unknown): Uint8Array {
  const bytes = encodePlain(value)
  if (bytes !== undefined) return bytes
  refuseForeign(value)
  try {
    return plain(dagCbor.encode(value))
  } catch (cause) {
    throw new DatanetError('RECORD_MALFORMED', {}, { cause })
  }
}

/**
 * The value in canonical dag-cbor bytes. Refuses more than `maxBytes` (RECORD_TOO_LARGE), bytes that
 * are not dag-cbor (RECORD_MALFORMED) and any that do not re-encode to themselves
 * (RECORD_NOT_CANONICAL).
 */
export function decodeCanonical(bytes: Uint8Array, maxBytes: number = LIMITS.recordBytes): unknown {
  if (bytes.byteLength > maxBytes) {
    throw new DatanetError('RECORD_TOO_LARGE', { bytes: bytes.byteLength, maxBytes })
  }
  let value = decodePlain(bytes)
  if (value !== undefined) return value
  let again: Uint8Array
  try {
    value = dagCbor.decode(bytes)
    refuseForeign(value)
    again = dagCbor.encode(value)
  } catch (cause) {
    throw new DatanetError('RECORD_MALFORMED', {}, { cause })
  }
  if (Buffer.compare(again, bytes) !== 0) throw new DatanetError('RECORD_NOT_CANONICAL')
  return value
}

/** sha2-256 of `bytes`. */
export function sha256(...bytes: Uint8Array[]): Uint8Array {
  const [only] = bytes
  const size = bytes.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (bytes.length > 1 && size > COPIED_BYTES) {
    const all = createHash('sha256')
    for (const part of bytes) all.update(part)
    return new Uint8Array(all.digest())
  }
  const whole = only !== undefined && bytes.length === 1 ? only : Buffer.concat(bytes, size)
  return nativeHash('sha256', whole)
}

/** CIDv1 of `bytes`: sha2-256, dag-cbor unless `codec` says raw. */
export function cidOf(bytes: Uint8Array, codec: number = DAG_CBOR): CID {
  return CID.createV1(codec, createDigest(SHA2_256, sha256(bytes)))
}

/** The 32-byte digest of a sha2-256 CID: what stands for it on chain. */
export function digestOf(cid: CID): Uint8Array {
  if (cid.multihash.code !== SHA2_256) throw new DatanetError('RECORD_MALFORMED', { cid: `${cid}` })
  return cid.multihash.digest
}

/** The dag-cbor CID whose digest is `digest`: the way back from the chain. */
export function cidFromDigest(digest: Uint8Array, codec: number = DAG_CBOR): CID {
  return CID.createV1(codec, createDigest(SHA2_256, digest))
}

/** Parses base32 CID text of version 1 and sha2-256; anything else is INPUT_INVALID. */
export function parseCid(text: string): CID {
  let cid: CID
  try {
    cid = CID.parse(text)
  } catch (cause) {
    throw new DatanetError('INPUT_INVALID', { cid: text.slice(0, 80) }, { cause })
  }
  if (cid.version !== 1 || cid.multihash.code !== SHA2_256) {
    throw new DatanetError('INPUT_INVALID', { cid: text.slice(0, 80) })
  }
  return cid
}

/** Refuses CIDs whose digest is not that of `bytes` (CID_MISMATCH). */
export function verifyCid(cid: CID, bytes: Uint8Array): void {
  if (Buffer.compare(digestOf(cid), sha256(bytes)) !== 0) {
    throw new DatanetError('CID_MISMATCH', { cid: `${cid}` })
  }
}

/** The same bytes without Buffer's ways: its `slice` shares memory, and it is not equal to an array. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Our profile is narrower than dag-cbor: one way to say a thing, and nothing that rounds. */
function refuseForeign(value: unknown, depth = 0): void {
  const reason = foreignness(value, depth)
  if (reason !== undefined) throw new DatanetError('RECORD_MALFORMED', { reason })
  if (typeof value !== 'object' || value instanceof Uint8Array || CID.asCID(value) !== null) return
  for (const [key, inner] of Object.entries(value as object)) {
    if (!/^[\x20-\x7e]*$/.test(key)) throw new DatanetError('RECORD_MALFORMED', { reason: 'key' })
    refuseForeign(inner, depth + 1)
  }
}

function foreignness(value: unknown, depth: number): string | undefined {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return 'not a safe integer'
  if (typeof value === 'bigint') return 'amounts are bytes'
  // An unpaired surrogate has no UTF-8: it would come back as another string.
  if (typeof value === 'string' && !value.isWellFormed()) return 'not Unicode text'
  return depth > MAX_DEPTH ? 'nested too deeply' : undefined
}
