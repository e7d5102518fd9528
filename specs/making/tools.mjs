// What the vectors are made with: libraries only, nothing of protocol/, so that a mistake there
// cannot repeat itself here. Everything is fixed: keys, salts and dates.
import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { AbiCoder, computeAddress, SigningKey } from 'ethers'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

export const NOW_MS = 1_800_000_000_000
export const CHAIN_ID = 31_337
export const ESCROW = `0x${'e1'.repeat(20)}`
export const REGISTRY = `0x${'e2'.repeat(20)}`
export const POOL = `0x${'e3'.repeat(20)}`
export const TOKEN = `0x${'e4'.repeat(20)}`
export const OTHER = `0x${'ee'.repeat(20)}`

// Values in the form they have on the wire, each with its way of being written in JSON.

/** An address or a hash: bytes on the wire, 0x text in JSON. */
export class Hex {
  constructor(text) {
    this.text = text
  }
}

/** An amount: big-endian bytes on the wire, `{"$wei": "…"}` in JSON. */
export class Wei {
  constructor(amount) {
    this.amount = BigInt(amount)
  }
}

export const hex = (text) => new Hex(text)
export const wei = (amount) => new Wei(amount)
export const bytes = (text) => Uint8Array.from(Buffer.from(text.replace(/^0x/, ''), 'hex'))
export const fill = (length, value) => new Uint8Array(length).fill(value)
export const text = (value) => Buffer.from(value).toString('hex')
export const utf8 = (words) => new TextEncoder().encode(words)
export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts))

export function weiBytes(amount) {
  const digits = amount.toString(16)
  return amount === 0n ? fill(0, 0) : bytes(digits.length % 2 === 0 ? digits : `0${digits}`)
}

/** The value as the codec takes it. */
export function wire(value) {
  if (value instanceof Hex) return bytes(value.text)
  if (value instanceof Wei) return weiBytes(value.amount)
  if (value instanceof Uint8Array || CID.asCID(value) !== null) return value
  if (Array.isArray(value)) return value.map(wire)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wire(inner)]))
}

/** The value as the vector files show it. */
export function json(value) {
  if (value instanceof Hex) return value.text
  if (value instanceof Wei) return { $wei: value.amount.toString() }
  if (value instanceof Uint8Array) return { $bytes: text(value) }
  if (CID.asCID(value) !== null) return { $cid: value.toString() }
  if (Array.isArray(value)) return value.map(json)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, json(inner)]))
}

export const encode = (value) => Uint8Array.from(dagCbor.encode(wire(value)))

/** A map with its keys in the order given: what canonical bytes may not be. */
export function encodeInOrder(entries) {
  if (entries.length > 23) throw new Error('too many keys for a one-byte header')
  const parts = entries.map(([key, value]) => concat(dagCbor.encode(key), encode(value)))
  return concat(Uint8Array.of(0xa0 + entries.length), ...parts)
}

export const sha256 = (...parts) =>
  bytes(
    createHash('sha256')
      .update(concat(...parts))
      .digest('hex')
  )
export const keccak = (...parts) => keccak_256(concat(...parts))
export const cidOf = (data, codec = 0x71) => CID.createV1(codec, createDigest(0x12, sha256(data)))
export const someCid = (n) => cidOf(Uint8Array.of(n))
export const digestOf = (cid) => cid.multihash.digest

export const abi = (types, values) => bytes(AbiCoder.defaultAbiCoder().encode(types, values))

// EIP-712, from the text of the standard.

const DOMAIN_FIELDS = [
  ['string', 'name'],
  ['string', 'version'],
  ['uint256', 'chainId'],
  ['address', 'verifyingContract']
]

/** The EIP-712 hash of a struct, without its domain. */
export function hashStruct(type, value) {
  const fields = /\((.*)\)/
    .exec(type)[1]
    .split(',')
    .map((field) => field.split(' '))
  const words = fields.map(([kind, name]) => {
    if (kind === 'string') return keccak(utf8(value[name]))
    if (!kind.endsWith('[]')) return value[name]
    // A list is the hash of its elements, each in a word of its own.
    const inner = value[name]
    const element = kind.slice(0, -2)
    return keccak(
      abi(
        inner.map(() => element),
        inner
      )
    )
  })
  const kinds = fields.map(([kind]) => (/^string$|\[\]$/.test(kind) ? 'bytes32' : kind))
  return keccak(abi(['bytes32', ...kinds], [keccak(utf8(type)), ...words]))
}

export function separatorOf(domain) {
  const present = DOMAIN_FIELDS.filter(([, name]) => domain[name] !== undefined)
  return hashStruct(`EIP712Domain(${present.map((field) => field.join(' ')).join(',')})`, domain)
}

export const typedDigest = (domain, type, value) =>
  keccak(bytes('1901'), separatorOf(domain), hashStruct(type, value))

// Keys.

/** The account with number `n`: its secret key is 32 bytes of `n`. */
export function account(n) {
  const key = new SigningKey(fill(32, n))
  return {
    address: computeAddress(key).toLowerCase(),
    sign: (digest) => bytes(key.sign(digest).compactSerialized)
  }
}

/** The peer with number `n`: its Ed25519 seed is 32 bytes of `n`. */
export async function peer(n) {
  const key = await generateKeyPairFromSeed('Ed25519', fill(32, n))
  return { key, id: peerIdFromPrivateKey(key).toString() }
}

export async function seal(domain, payload, { key }, codec = domain) {
  const record = { domain, codec: utf8(codec), marshal: () => payload, equals: () => false }
  return Uint8Array.from((await RecordEnvelope.seal(record, key)).marshal().subarray())
}

/** `data` with one bit of its byte at `index` (from the end when negative) turned. */
export function flip(data, index) {
  const out = Uint8Array.from(data)
  out[index < 0 ? out.length + index : index] ^= 1
  return out
}

/** `record` without the field `name`. */
export function without(record, name) {
  const { [name]: _, ...rest } = record
  return rest
}

/** A case whose bytes a reader refuses with `error`, under requirement `requirement`. */
export function invalid(requirement, name, data, error, more = {}) {
  return { name, requirement, bytes: text(data), error, ...more }
}
