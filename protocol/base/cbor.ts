import { isUtf8 } from 'node:buffer'
import { CID } from 'multiformats/cid'

/**
 * The dag-cbor that records and frames are made of, read and written in one pass. Whatever is not
 * plainly canonical is left to the library, which says what is wrong with it: `undefined` from either
 * function means that it is to be asked. The two agree on everything (test/protocol/base/cbor.test.ts).
 */

const MAX_DEPTH = 64
/** A CIDv1 of dag-cbor or raw bytes by sha2-256, behind the zero byte of a link. */
const LINK_BYTES = 37
/** Links seen last: a peer sees the same cards and offers again and again. */
const KNOWN_LINKS = 256

/** What cannot be said, or read, the plain way. */
const ODD = Symbol('odd')

let scratch: Buffer = Buffer.allocUnsafe(65_536)
let at = 0

/** Canonical bytes of `value`; undefined for anything but objects, lists, text, bytes, links, integers and truth values. */
export function encodePlain(value: unknown): Uint8Array | undefined {
  at = 0
  if (!write(value, 0)) return undefined
  const bytes = new Uint8Array(at)
  bytes.set(scratch.subarray(0, at))
  return bytes
}

function reserve(bytes: number): void {
  if (at + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafe(2 * (at + bytes))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
}

function head(major: number, length: number): void {
  reserve(9)
  const type = major << 5
  if (length < 24) scratch[at++] = type | length
  else if (length < 0x100) {
    scratch[at++] = type | 24
    scratch[at++] = length
  } else if (length < 0x10000) {
    scratch[at++] = type | 25
    at = scratch.writeUInt16BE(length, at)
  } else if (length < 0x1_0000_0000) {
    scratch[at++] = type | 26
    at = scratch.writeUInt32BE(length, at)
  } else {
    scratch[at++] = type | 27
    at = scratch.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at)
    at = scratch.writeUInt32BE(length >>> 0, at)
  }
}

function raw(bytes: Uint8Array): void {
  reserve(bytes.byteLength)
  scratch.set(bytes, at)
  at += bytes.byteLength
}

function writeText(text: string): boolean {
  if (!text.isWellFormed()) return false
  const bytes = Buffer.byteLength(text)
  head(3, bytes)
  reserve(bytes)
  scratch.write(text, at)
  at += bytes
  return true
}

function write(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return false
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return false
    if (value < 0) head(1, -1 - value)
    else head(0, value)
    return true
  }
  if (typeof value === 'boolean') {
    reserve(1)
    scratch[at++] = value ? 0xf5 : 0xf4
    return true
  }
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array) {
    head(2, value.byteLength)
    raw(value)
    return true
  }
  if (Array.isArray(value)) {
    head(4, value.length)
    for (let index = 0; index < value.length; index++) {
      if (!write(value[index], depth + 1)) return false
    }
    return true
  }
  if (value instanceof CID) return writeLink(value)
  return writeMap(value as Record<string, unknown>, depth)
}

function writeLink({ bytes }: CID): boolean {
  reserve(2)
  scratch[at++] = 0xd8
  scratch[at++] = 42
  head(2, bytes.byteLength + 1)
  reserve(1)
  scratch[at++] = 0
  raw(bytes)
  return true
}

function writeMap(value: Record<string, unknown>, depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  for (const key of keys) if (!isPlainKey(key)) return false
  keys.sort(byCanon)
  head(5, keys.length)
  for (const key of keys) {
    head(3, key.length)
    reserve(key.length)
    at += scratch.write(key, at, 'latin1')
    if (!write(value[key], depth + 1)) return false
  }
  return true
}

/** Shorter keys first, then by their bytes: keys are ASCII, so their texts compare as their bytes do. */
function byCanon(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

function isPlainKey(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code < 0x20 || code > 0x7e) return false
  }
  return key !== '__proto__'
}

let source: Buffer = scratch
let cursor = 0

/** The value in canonical `bytes`; undefined for bytes that are not plainly that. */
export function decodePlain(bytes: Uint8Array): unknown {
  source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  cursor = 0
  const value = read(0)
  return value === ODD || cursor !== source.length ? undefined : value
}

/** The number behind the first byte of an item, or -1 where it is cut short, too large or said too long. */
function number(info: number): number {
  if (info < 24) return info
  const size = 2 ** (info - 24)
  if (info > 27 || cursor + size > source.length) return -1
  let value: number
  if (info === 24) value = source[cursor] as number
  else if (info === 25) value = source.readUInt16BE(cursor)
  else if (info === 26) value = source.readUInt32BE(cursor)
  else value = source.readUInt32BE(cursor) * 0x1_0000_0000 + source.readUInt32BE(cursor + 4)
  cursor += size
  const least = info === 24 ? 24 : info === 25 ? 0x100 : info === 26 ? 0x10000 : 0x1_0000_0000
  return value < least || !Number.isSafeInteger(value) ? -1 : value
}

function read(depth: number): unknown {
  if (cursor >= source.length || depth > MAX_DEPTH) return ODD
  const first = source[cursor++] as number
  if (first === 0xf4 || first === 0xf5) return first === 0xf5
  if (first === 0xd8) return readLink()
  const major = first >> 5
  if (major > 5) return ODD
  const length = number(first & 0x1f)
  if (length < 0) return ODD
  if (major === 0) return length
  if (major === 1) return Number.isSafeInteger(-1 - length) ? -1 - length : ODD
  if (major === 4) return readList(length, depth)
  if (major === 5) return readMap(length, depth)
  const end = cursor + length
  if (end > source.length) return ODD
  const from = cursor
  cursor = end
  return major === 2 ? new Uint8Array(source.subarray(from, end)) : text(from, end)
}

function text(from: number, end: number): unknown {
  const part = source.subarray(from, end)
  for (let index = from; index < end; index++) {
    if ((source[index] as number) < 0x80) continue
    // A mark of byte order would be lost by readers that take it for one.
    if (!isUtf8(part) || (part[0] === 0xef && part[1] === 0xbb && part[2] === 0xbf)) return ODD
    return part.toString()
  }
  return part.toString('latin1')
}

function readList(length: number, depth: number): unknown {
  if (length > source.length - cursor) return ODD
  const list: unknown[] = []
  for (let index = 0; index < length; index++) {
    const value = read(depth + 1)
    if (value === ODD) return ODD
    list.push(value)
  }
  return list
}

function readMap(length: number, depth: number): unknown {
  const map: Record<string, unknown> = {}
  let last: string | undefined
  for (let index = 0; index < length; index++) {
    const first = source[cursor++]
    if (first === undefined || first >> 5 !== 3) return ODD
    const size = number(first & 0x1f)
    if (size < 0 || cursor + size > source.length) return ODD
    const key = source.toString('latin1', cursor, cursor + size)
    cursor += size
    if (!isPlainKey(key) || (last !== undefined && byCanon(last, key) >= 0)) return ODD
    last = key
    const value = read(depth + 1)
    if (value === ODD) return ODD
    map[key] = value
  }
  return map
}

const links = new Map<string, CID>()

function readLink(): unknown {
  const end = cursor + 3 + LINK_BYTES
  if (end > source.length || source[cursor] !== 42) return ODD
  if (source[cursor + 1] !== 0x58 || source[cursor + 2] !== LINK_BYTES) return ODD
  const from = cursor + 3
  const isOurs =
    source[from] === 0 &&
    source[from + 1] === 1 &&
    (source[from + 2] === 0x71 || source[from + 2] === 0x55) &&
    source[from + 3] === 0x12 &&
    source[from + 4] === 0x20
  if (!isOurs) return ODD
  cursor = end
  const name = source.toString('latin1', from + 1, end)
  const known = links.get(name)
  if (known !== undefined) return known
  const cid = CID.decode(new Uint8Array(source.subarray(from + 1, end)))
  if (links.size >= KNOWN_LINKS) links.clear()
  links.set(name, cid)
  return cid
}
