import { keccak256 } from './keccak.ts'
import type { TypedDomain, TypedStruct } from './typed-data.ts'

/**
 * The EIP-712 digest of structs whose fields are plain, made in a few hashes: a host checks one of
 * them for every contribution. Whatever is not plain is left to the library: `undefined` means that
 * it is to be asked. The two agree on everything (test/protocol/base/typed-hash.test.ts).
 */

const PREFIX = Uint8Array.of(0x19, 0x01)
const DOMAIN: ReadonlyArray<readonly [keyof TypedDomain, string]> = [
  ['name', 'string'],
  ['version', 'string'],
  ['chainId', 'uint256'],
  ['verifyingContract', 'address']
]

const typeHashes = new WeakMap<TypedStruct, Uint8Array>()
const separators = new WeakMap<TypedDomain, Uint8Array>()

/** The digest of `value`, 32 bytes; undefined for what is left to the library. */
export function plainDigest(
  domain: TypedDomain,
  struct: TypedStruct,
  value: Readonly<Record<string, unknown>>
): Uint8Array | undefined {
  const hash = structHash(typeHashOf(struct), struct, value)
  const separator = hash === undefined ? undefined : separatorOf(domain)
  if (hash === undefined || separator === undefined) return undefined
  return keccak256(Buffer.concat([PREFIX, separator, hash]))
}

/** The EIP-712 type string. */
export function typeStringOf({ name, fields }: TypedStruct): string {
  return `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`
}

function typeHashOf(struct: TypedStruct): Uint8Array {
  let hash = typeHashes.get(struct)
  if (hash === undefined) {
    hash = keccak256(Buffer.from(typeStringOf(struct)))
    typeHashes.set(struct, hash)
  }
  return hash
}

function separatorOf(domain: TypedDomain): Uint8Array | undefined {
  const known = separators.get(domain)
  if (known !== undefined) return known
  const isPlain = Object.keys(domain).every((key) => DOMAIN.some(([name]) => name === key))
  if (!isPlain) return undefined
  const fields = DOMAIN.filter(([name]) => domain[name] !== undefined)
  const struct = { name: 'EIP712Domain', fields: fields.map(([name, type]) => ({ name, type })) }
  const made = structHash(keccak256(Buffer.from(typeStringOf(struct))), struct, { ...domain })
  if (made !== undefined) separators.set(domain, made)
  return made
}

function structHash(
  typeHash: Uint8Array,
  { fields }: TypedStruct,
  value: Readonly<Record<string, unknown>>
): Uint8Array | undefined {
  const words = new Uint8Array(32 * (fields.length + 1))
  words.set(typeHash)
  for (const [n, { name, type }] of fields.entries()) {
    if (!writeWord(words, 32 * (n + 1), type, value[name])) return undefined
  }
  return keccak256(words)
}

/** Writes the word of a field; false where it is not a plain one. */
function writeWord(words: Uint8Array, at: number, type: string, value: unknown): boolean {
  if (type === 'string') {
    if (typeof value !== 'string' || !value.isWellFormed()) return false
    words.set(keccak256(Buffer.from(value)), at)
    return true
  }
  if (type === 'bytes32') {
    const bytes = value instanceof Uint8Array ? value : ofHex(value, 32)
    if (bytes?.byteLength !== 32) return false
    words.set(bytes, at)
    return true
  }
  if (type === 'address') {
    const bytes = ofHex(value, 20)
    if (bytes === undefined) return false
    words.set(bytes, at + 12)
    return true
  }
  const bits = UINT_BITS.get(type)
  if (bits === undefined) return false
  return writeUint(words, at, bits, value)
}

const UINT_BITS = new Map([8, 32, 64, 80, 128, 256].map((bits) => [`uint${bits}`, bits]))

function writeUint(words: Uint8Array, at: number, bits: number, value: unknown): boolean {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value)
  if (!isNumber && typeof value !== 'bigint') return false
  const whole = BigInt(value as number | bigint)
  if (whole < 0n || whole >> BigInt(bits) !== 0n) return false
  words.set(Buffer.from(whole.toString(16).padStart(64, '0'), 'hex'), at)
  return true
}

/** Lowercase text only: what has capitals may hold a checksum, which the library checks. */
function ofHex(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== 2 + 2 * length) return undefined
  return /^0x[0-9a-f]+$/.test(value) ? Buffer.from(value.slice(2), 'hex') : undefined
}
