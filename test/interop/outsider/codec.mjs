// Canonical dag-cbor, CIDs, amounts and frames, after chapter 02 of the specification.
import * as dagCbor from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

export const LIMITS = {
  recordBytes: 262_144,
  frameBytes: 2_228_224,
  labelBytes: 256,
  labels: 32,
  submissionsListed: 128,
  tags: 16,
  questionBytes: 4_096,
  bountyLifeMs: 31_536_000_000,
  turns: 256,
  curators: 32,
  hosts: 16,
  leaseMsMin: 60_000,
  leaseMsMax: 86_400_000,
  changeDelayMs: 2_592_000_000,
  revisionRows: 1_000_000,
  credits: 64,
  receiptPath: 16,
  evidenceBytes: 131_072,
  tokenizerRun: 2_000,
  chunkCharacters: 4_096,
  cardRevisions: 64,
  adapterRank: 1_024,
  warmAdapters: 64,
  clockSkewMs: 300_000,
  offerLifeMs: 600_000,
  cardLifeMs: 604_800_000,
  remoteTextBytes: 512,
  blockBytes: 2_097_152,
  contentBytes: 1_073_741_824,
  contentBlocks: 2_000_000,
  contributionTextBytes: 65_536,
  exchangeMs: 20_000
}

/** What a reader throws: a code of the vocabulary, and words for a person. */
export class Refusal extends Error {
  constructor(code, text = code) {
    super(`${code}: ${text}`)
    this.code = code
    this.text = text
  }
}

export function refuse(code, text) {
  throw new Refusal(code, text)
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const unhex = (text) => Uint8Array.from(Buffer.from(text.replace(/^0x/, ''), 'hex'))
export const utf8 = (text) => new TextEncoder().encode(text)
export const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0
export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts))
export const sha2 = (...parts) => sha256(concat(...parts))

function checkValue(value, depth) {
  const container = Array.isArray(value) || isMap(value)
  if (container && depth >= 64) refuse('RECORD_MALFORMED', 'nested too deep')
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1)
  } else if (isMap(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (!/^[\x20-\x7e]*$/.test(key)) refuse('RECORD_MALFORMED', 'a key outside ASCII')
      checkValue(item, depth + 1)
    }
  } else if (!isScalar(value)) {
    refuse('RECORD_MALFORMED', 'a value outside the profile')
  }
}

function isScalar(value) {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value === 'string' || typeof value === 'boolean') return true
  return value instanceof Uint8Array || CID.asCID(value) !== null
}

export function isMap(value) {
  if (value === null || typeof value !== 'object') return false
  return !Array.isArray(value) && !(value instanceof Uint8Array) && CID.asCID(value) === null
}

export const encode = (value) => Uint8Array.from(dagCbor.encode(value))

export function decode(bytes, limit = LIMITS.recordBytes) {
  if (bytes.length > limit) refuse('RECORD_TOO_LARGE', `${bytes.length} bytes`)
  let value
  try {
    value = dagCbor.decode(bytes)
  } catch (error) {
    refuse('RECORD_MALFORMED', error.message)
  }
  checkValue(value, 0)
  if (!same(encode(value), bytes)) refuse('RECORD_NOT_CANONICAL', 'other bytes when encoded again')
  return value
}

export function cidOf(bytes, codec = dagCbor.code) {
  return CID.createV1(codec, create(0x12, sha2(bytes))).toString()
}

/** The bytes, if they hash to the CID that was asked for. */
export function checkedCid(bytes, wanted, codec) {
  return cidOf(bytes, codec) === wanted ? bytes : refuse('CID_MISMATCH', wanted)
}

export const isOurCid = (cid) =>
  cid.version === 1 && cid.multihash.code === 0x12 && cid.multihash.size === 32

export function parseCid(text) {
  let cid
  try {
    cid = CID.parse(text)
  } catch (error) {
    refuse('INPUT_INVALID', error.message)
  }
  return isOurCid(cid) ? cid : refuse('INPUT_INVALID', 'another version or hash')
}

/** The 32 bytes that stand for a CID in signatures and on chain, as 0x text. */
export const digestOf = (cid) => `0x${hex(parseCid(cid).multihash.digest)}`

export function weiBytes(wei) {
  if (wei < 0n || wei >= 1n << 128n) refuse('INPUT_INVALID', 'no amount')
  const text = wei === 0n ? '' : wei.toString(16)
  return unhex(text.length % 2 === 0 ? text : `0${text}`)
}

export function weiOf(bytes) {
  if (bytes.length > 16 || bytes[0] === 0) refuse('RECORD_NOT_CANONICAL', 'no amount')
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`)
}

export function frame(value, limit = LIMITS.frameBytes) {
  const body = encode(value)
  if (body.length > limit) refuse('FRAME_TOO_LARGE', `${body.length} bytes`)
  const head = []
  let rest = body.length
  while (rest > 127) {
    head.push((rest & 127) | 128)
    rest >>>= 7
  }
  return concat(Uint8Array.from([...head, rest]), body)
}

/** Takes one frame off the front of `buffer`: its value and the rest, or undefined for more. */
export function unframe(buffer, limit = LIMITS.frameBytes) {
  let length = 0
  let at = 0
  for (; ; at++) {
    if (at === 4) refuse('FRAME_TOO_LARGE', 'a length of more than four bytes')
    if (at >= buffer.length) return undefined
    length |= (buffer[at] & 127) << (7 * at)
    if (buffer[at] < 128) break
  }
  if (length > limit) refuse('FRAME_TOO_LARGE', `${length} bytes`)
  if (length === 0 || (at > 0 && buffer[at] === 0)) refuse('FRAME_MALFORMED', 'the length')
  const end = at + 1 + length
  if (buffer.length < end) return undefined
  try {
    return { value: decode(buffer.subarray(at + 1, end), limit), rest: buffer.subarray(end) }
  } catch (error) {
    refuse('FRAME_MALFORMED', error.message)
  }
}
