// The field types of chapter 02: each reads a value off the wire, and writes it back.
// In memory a CID is text, an address or hash 0x text, an amount a bigint.
import { CID } from 'multiformats/cid'
import {
  decode,
  encode,
  hex,
  isMap,
  isOurCid,
  LIMITS,
  refuse,
  unhex,
  utf8,
  weiBytes,
  weiOf
} from './codec.mjs'

const malformed = (what) => refuse('RECORD_MALFORMED', what)
const plain = (holds, what) => ({
  read: (value) => (holds(value) ? value : malformed(what)),
  write: (value) => value
})

export const is = (...values) => plain((v) => values.includes(v), `not ${values.join(' or ')}`)
export const int = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  plain((v) => Number.isSafeInteger(v) && v >= least && v <= most, `no integer from ${least}`)
export const text = (most, least = 1) =>
  plain((v) => {
    return typeof v === 'string' && utf8(v).length >= least && utf8(v).length <= most
  }, `no text of ${least} to ${most} bytes`)
export const matching = (pattern) =>
  plain((v) => typeof v === 'string' && pattern.test(v), `no text like ${pattern}`)
export const bytes = (length) =>
  plain((v) => {
    return v instanceof Uint8Array && (length === undefined || v.length === length)
  }, `no ${length} bytes`)
export const bool = is(true, false)

export const label = text(LIMITS.labelBytes)
export const count = int()
export const atMs = int()
export const ppm = int(0, 1_000_000)

export const cid = {
  read: (value) => {
    const found = CID.asCID(value)
    return found && isOurCid(found) ? found.toString() : malformed('no CID')
  },
  write: (value) => CID.parse(value)
}

const fixed = (length, mayBeZero = true) => ({
  read: (value) => {
    bytes(length).read(value)
    if (!mayBeZero && value.every((byte) => byte === 0)) malformed('zero')
    return `0x${hex(value)}`
  },
  write: (value) => unhex(value)
})
export const address = fixed(20)
export const someone = fixed(20, false)
export const hash = fixed(32)

export const wei = {
  read: (value) => weiOf(bytes().read(value)),
  write: (value) => weiBytes(value)
}

export const list = (type, least = 0, most = Number.MAX_SAFE_INTEGER) => ({
  read: (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      malformed(`no list of ${least} to ${most}`)
    }
    return value.map((item) => type.read(item))
  },
  write: (value) => value.map((item) => type.write(item))
})

export const optional = (type) => ({ ...type, isOptional: true })

export function map(fields, check = () => true) {
  return {
    read: (value) => {
      if (!isMap(value)) malformed('no map')
      for (const key of Object.keys(value)) {
        if (!Object.hasOwn(fields, key)) malformed(`an unknown field ${key}`)
      }
      const read = {}
      for (const [key, type] of Object.entries(fields)) {
        if (Object.hasOwn(value, key)) read[key] = type.read(value[key])
        else if (!type.isOptional) malformed(`no field ${key}`)
      }
      return check(read) ? read : malformed('fields that contradict each other')
    },
    write: (value) => {
      const here = Object.entries(fields).filter(([key]) => value[key] !== undefined)
      return Object.fromEntries(here.map(([key, type]) => [key, type.write(value[key])]))
    }
  }
}

/** A record: canonical bytes to a checked value, and back. */
export function record(fields, check) {
  const type = map(fields, check)
  return {
    type,
    decode: (wire, limit) => type.read(decode(wire, limit)),
    encode: (value) => encode(type.write(value))
  }
}
