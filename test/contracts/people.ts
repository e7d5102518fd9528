import { createHash } from 'node:crypto'
import { keySigner, type TypedDomain, type TypedStruct } from '../../protocol/base/typed-data.ts'

/** The key of the person called `name`. */
export function keyOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`test ${name}`).digest())
}

/** The account of the person called `name`. */
export function accountOf(name: string): string {
  return keySigner(keyOf(name)).address
}

/** 32 bytes as 0x text that stand for `text`. */
export function hashOf(text: string): string {
  return `0x${createHash('sha256').update(text).digest('hex')}`
}

/** Compact signatures of `value` by each of `names`. */
export function signAll(
  names: readonly string[],
  domain: TypedDomain,
  struct: TypedStruct,
  value: Record<string, unknown>
): Promise<Uint8Array[]> {
  return Promise.all(
    names.map((name) => keySigner(keyOf(name)).signTypedData(domain, struct, value))
  )
}

/** `signature` with s replaced by its mirror: valid for ecrecover, refused by everyone who is careful. */
export function highS(signature: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const vs = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  const parity = vs >> 255n
  const s = vs & ((1n << 255n) - 1n)
  const mirrored = (order - s) | ((parity ^ 1n) << 255n)
  const hex = (mirrored & ((1n << 256n) - 1n)).toString(16).padStart(64, '0')
  return Uint8Array.from(Buffer.concat([signature.subarray(0, 32), Buffer.from(hex, 'hex')]))
}
