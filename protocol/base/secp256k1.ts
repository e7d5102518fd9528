import { createRequire } from 'node:module'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { DatanetError } from './errors.ts'
import { keccak256 } from './keccak.ts'

/**
 * Compact signatures of 64 bytes (EIP-2098: r, then s with the parity of y in its top bit) over
 * 32-byte digests. The prebuilt native library where this platform has one, else pure JavaScript
 * with the same results (test/protocol/base/secp256k1.test.ts compares them).
 */
export interface Secp256k1 {
  readonly kind: 'native' | 'javascript'
  sign(digest: Uint8Array, secretKey: Uint8Array): Uint8Array
  recover(digest: Uint8Array, signature: Uint8Array): Uint8Array
  verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
}

interface Native {
  ecdsaSign(digest: Uint8Array, key: Uint8Array): { signature: Uint8Array; recid: number }
  ecdsaRecover(s: Uint8Array, recid: number, digest: Uint8Array, compressed: boolean): Uint8Array
  ecdsaVerify(s: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean
}

const HALF_ORDER = Buffer.from((noble.Point.Fn.ORDER >> 1n).toString(16), 'hex')
const NO_S = new Uint8Array(32)

/** The same in pure JavaScript, for platforms without a binary. */
export const javascriptSecp256k1: Secp256k1 = {
  kind: 'javascript',
  sign(digest, secretKey) {
    const s = noble.sign(digest, secretKey, { prehash: false, format: 'recovered' })
    return pack(s.subarray(1), s[0] ?? 0)
  },
  recover(digest, signature) {
    const { rs, parity } = unpack(signature)
    const recovered = Uint8Array.of(parity, ...rs)
    return noble.Point.fromBytes(
      noble.recoverPublicKey(recovered, digest, { prehash: false })
    ).toBytes(false)
  },
  verify(digest, signature, publicKey) {
    return noble.verify(unpack(signature).rs, digest, publicKey, { prehash: false })
  }
}

/** The native implementation, or undefined where no binary for this platform is installed. */
export function loadNativeSecp256k1(): Secp256k1 | undefined {
  let native: Native
  try {
    native = createRequire(import.meta.url)('secp256k1/bindings.js') as Native
  } catch {
    return undefined
  }
  return {
    kind: 'native',
    sign(digest, secretKey) {
      const { signature, recid } = native.ecdsaSign(digest, secretKey)
      return pack(signature, recid)
    },
    recover(digest, signature) {
      const { rs, parity } = unpack(signature)
      return native.ecdsaRecover(rs, parity, digest, false)
    },
    verify(digest, signature, publicKey) {
      return native.ecdsaVerify(unpack(signature).rs, digest, publicKey)
    }
  }
}

/** The implementation this process uses; its `kind` is logged at start. */
export const secp256k1: Secp256k1 = loadNativeSecp256k1() ?? javascriptSecp256k1

/** The account (lowercase 0x address) of an uncompressed 65-byte public key. */
export function addressOfPublicKey(publicKey: Uint8Array): string {
  return `0x${Buffer.from(keccak256(publicKey.subarray(1)).subarray(12)).toString('hex')}`
}

/** The uncompressed public key of `secretKey`. */
export function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  return noble.getPublicKey(secretKey, false)
}

/** The account that signed `digest`. Refuses malformed or high-s signatures (SIGNATURE_INVALID). */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): string {
  try {
    return addressOfPublicKey(secp256k1.recover(digest, signature))
  } catch (cause) {
    throw new DatanetError('SIGNATURE_INVALID', {}, { cause })
  }
}

function pack(rs: Uint8Array, recid: number): Uint8Array {
  const out = new Uint8Array(rs)
  out[32] = (out[32] ?? 0) | ((recid & 1) << 7)
  return out
}

function unpack(signature: Uint8Array): { rs: Uint8Array; parity: number } {
  if (signature.byteLength !== 64) {
    throw new DatanetError('SIGNATURE_INVALID', { bytes: signature.byteLength })
  }
  const rs = new Uint8Array(signature)
  const parity = (rs[32] ?? 0) >> 7
  rs[32] = (rs[32] ?? 0) & 0x7f
  const s = rs.subarray(32)
  if (Buffer.compare(s, HALF_ORDER) > 0 || Buffer.compare(s, NO_S) === 0) {
    throw new DatanetError('SIGNATURE_INVALID', { reason: 'high s' })
  }
  return { rs, parity }
}
