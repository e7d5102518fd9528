import { CID } from 'multiformats/cid'
import { weiFromBytes } from './units.ts'

/**
 * The checks of schema.ts for what is read or written once per call: true, or a value, for what is
 * plainly in order, and false or undefined for all else, of which the schema says what is wrong.
 */
export const plain = {
  /** An object with keys, and neither a list nor bytes nor a link. */
  object(value: unknown): Record<string, unknown> | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const isPlain = Object.getPrototypeOf(value) === Object.prototype
    return isPlain ? (value as Record<string, unknown>) : undefined
  },
  isBytes: (value: unknown, length: number): value is Uint8Array =>
    value instanceof Uint8Array && value.byteLength === length,
  /** A non-negative safe integer. */
  isCount: (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0,
  isCid: (value: unknown): value is CID =>
    value instanceof CID &&
    value.version === 1 &&
    value.multihash.code === 0x12 &&
    value.multihash.size === 32,
  /** Text that is not empty and of at most `maxBytes` bytes. */
  isText: (value: unknown, maxBytes: number): value is string =>
    typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= maxBytes,
  isHash: (value: unknown): value is string =>
    typeof value === 'string' && value.length === 66 && /^0x[0-9a-f]{64}$/.test(value),
  isAddress: (value: unknown): value is string =>
    typeof value === 'string' && value.length === 42 && /^0x[0-9a-f]{40}$/.test(value),
  /** The 0x text of `length` bytes. */
  hex(value: unknown, length: number): string | undefined {
    if (!(value instanceof Uint8Array) || value.byteLength !== length) return undefined
    const { buffer, byteOffset } = value
    return `0x${Buffer.from(buffer, byteOffset, length).toString('hex')}`
  },
  /** The amount of big-endian bytes without a zero in front. */
  wei(value: unknown): bigint | undefined {
    if (!(value instanceof Uint8Array) || value.byteLength > 16 || value[0] === 0) return undefined
    return weiFromBytes(value)
  },
  isWei: (value: unknown): value is bigint =>
    typeof value === 'bigint' && value >= 0n && value >> 128n === 0n
} as const
