import { keccak_256 } from '@noble/hashes/sha3.js'
import { computeAddress, Signature, SigningKey } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressOfPublicKey,
  javascriptSecp256k1,
  loadNativeSecp256k1,
  publicKeyOf,
  recoverAddress,
  type Secp256k1,
  secp256k1
} from '../../../protocol/base/secp256k1.ts'
import { refusal } from './refusal.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const native = loadNativeSecp256k1()
const both: Secp256k1[] =
  native === undefined ? [javascriptSecp256k1] : [javascriptSecp256k1, native]

const secret = fc
  .bigInt(1n, ORDER - 1n)
  .map((n) => Uint8Array.from(Buffer.from(n.toString(16).padStart(64, '0'), 'hex')))
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })

const KEY = Uint8Array.from(Buffer.alloc(32, 7))
const DIGEST = keccak_256(Buffer.from('hello'))

/**
 * The least s above half the order. The 64 bytes have room for 2^127 such values only; any higher one
 * would set the parity bit and be read as another, lower s.
 */
const HIGH_S = (ORDER >> 1n) + 1n

test('uses the native implementation on this platform, where its binary is installed', () => {
  expect(secp256k1.kind).toBe(native === undefined ? 'javascript' : 'native')
})

// SIG-W1
test('native, JavaScript and ethers make the same signatures and recover the same account', () => {
  fc.assert(
    fc.property(secret, digest, (key, hash) => {
      const ours = both.map((s) => Buffer.from(s.sign(hash, key)).toString('hex'))
      expect(new Set(ours).size).toBe(1)
      const theirs = new SigningKey(key).sign(hash)
      expect(`0x${ours[0]}`).toBe(Signature.from(theirs).compactSerialized)
      const publicKey = publicKeyOf(key)
      const account = computeAddress(new SigningKey(key)).toLowerCase()
      expect(addressOfPublicKey(publicKey)).toBe(account)
      const signature = Buffer.from(ours[0] as string, 'hex')
      for (const s of both) {
        expect(addressOfPublicKey(s.recover(hash, signature))).toBe(account)
        expect(s.verify(hash, signature, publicKey)).toBe(true)
        const other = Uint8Array.from(hash)
        other[0] = (other[0] as number) ^ 1
        expect(s.verify(other, signature, publicKey)).toBe(false)
      }
    }),
    { numRuns: 40 }
  )
})

test('native and JavaScript agree about arbitrary bytes: same account, or both refuse', () => {
  const outcome = (s: Secp256k1, hash: Uint8Array, signature: Uint8Array) => {
    try {
      return addressOfPublicKey(s.recover(hash, signature))
    } catch {
      return 'refused'
    }
  }
  fc.assert(
    fc.property(digest, fc.uint8Array({ minLength: 64, maxLength: 64 }), (hash, signature) => {
      expect(new Set(both.map((s) => outcome(s, hash, signature))).size).toBe(1)
    }),
    { numRuns: 100 }
  )
})

describe.each(both)('$kind', (implementation) => {
  const signature = implementation.sign(DIGEST, KEY)

  test.each([HIGH_S, (1n << 255n) - 1n])('refuses the high s %d', async (highS) => {
    const high = Uint8Array.from(signature)
    high.set(Buffer.from(highS.toString(16).padStart(64, '0'), 'hex'), 32)
    expect(await refusal(() => implementation.recover(DIGEST, high))).toBe('SIGNATURE_INVALID')
    expect(await refusal(() => implementation.verify(DIGEST, high, publicKeyOf(KEY)))).toBe(
      'SIGNATURE_INVALID'
    )
  })

  test.each([0, 63, 65])('refuses %d bytes', async (length) => {
    const bytes = new Uint8Array(length)
    expect(await refusal(() => implementation.recover(DIGEST, bytes))).toBe('SIGNATURE_INVALID')
  })

  // SIG-R2
  test('recovers another account when the parity bit is flipped', () => {
    const flipped = Uint8Array.from(signature)
    flipped[32] = (flipped[32] as number) ^ 0x80
    const account = addressOfPublicKey(publicKeyOf(KEY))
    expect(addressOfPublicKey(implementation.recover(DIGEST, flipped))).not.toBe(account)
  })
})

test.each([
  ['r zero', `${'00'.repeat(32)}${'01'.padStart(64, '0')}`],
  ['s zero', `${'01'.padStart(64, '0')}${'00'.repeat(32)}`],
  ['r of the order', `${ORDER.toString(16)}${'01'.padStart(64, '0')}`],
  ['r that is no x of the curve', `${'05'.padStart(64, '0')}${'01'.padStart(64, '0')}`]
])('recovers nothing from a signature with %s', async (_, hex) => {
  const act = () => recoverAddress(DIGEST, Buffer.from(hex, 'hex'))
  expect(await refusal(act)).toBe('SIGNATURE_INVALID')
})
