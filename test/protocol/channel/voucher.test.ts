import { TypedDataEncoder, Wallet } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publicKeyOf } from '../../../protocol/base/secp256k1.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher,
  verifyVoucher,
  voucherDigest
} from '../../../protocol/channel/voucher.ts'

const secretKey = new Uint8Array(32).fill(7)
const domain = escrowDomain(31_337, `0x${'ab'.repeat(20)}`)
const separator = domainSeparator(domain)
const signer = createVoucherSigner(separator, secretKey)
const ethersTypes = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cumulativeWei', type: 'uint128' },
    { name: 'royaltyWei', type: 'uint128' },
    { name: 'receipts', type: 'uint64' },
    { name: 'receiptsRoot', type: 'bytes32' }
  ]
}
const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)
const anyVoucher = fc
  .record({
    channelId: hash,
    amounts: fc.tuple(fc.bigInt(0n, 2n ** 128n - 1n), fc.bigInt(0n, 2n ** 128n - 1n)),
    receipts: fc.oneof(fc.nat(), fc.maxSafeNat()),
    root: hash.filter((root) => BigInt(root) !== 0n)
  })
  .map(({ channelId, amounts: [a, b], receipts, root }) => ({
    channelId,
    cumulativeWei: a > b ? a : b,
    royaltyWei: a > b ? b : a,
    receipts,
    receiptsRoot: receipts === 0 ? `0x${'0'.repeat(64)}` : root
  }))
const voucher = {
  channelId: `0x${'11'.repeat(32)}`,
  cumulativeWei: 1_000_000n,
  royaltyWei: 300_000n,
  receipts: 3,
  receiptsRoot: `0x${'22'.repeat(32)}`
}
const signed = signer.sign(voucher)

describe('the voucher digest', () => {
  test("equals ethers' for any voucher", () => {
    fc.assert(
      fc.property(anyVoucher, (any) => {
        const theirs = TypedDataEncoder.hash({ ...domain }, ethersTypes, any)
        expect(`0x${Buffer.from(voucherDigest(separator, any)).toString('hex')}`).toBe(theirs)
      }),
      { numRuns: 3_000 }
    )
  })

  test("is signed as ethers' wallet signs it", async () => {
    const wallet = new Wallet(`0x${Buffer.from(secretKey).toString('hex')}`)
    expect(signer.address).toBe(wallet.address.toLowerCase())
    const theirs = await wallet.signTypedData({ ...domain }, ethersTypes, voucher)
    expect(Buffer.from(signed.signature).toString('hex').slice(0, 64)).toBe(theirs.slice(2, 66))
  })
})

describe('the voucher on the wire', () => {
  test('is 168 bytes that give back the same voucher', () => {
    fc.assert(
      fc.property(anyVoucher, fc.uint8Array({ minLength: 64, maxLength: 64 }), (any, signature) => {
        const bytes = encodeVoucher({ ...any, signature })
        expect(bytes.byteLength).toBe(168)
        expect(decodeVoucher(bytes)).toEqual({ ...any, signature })
      })
    )
  })

  test('is refused or gives back its own bytes, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 168, maxLength: 168 }), (bytes) => {
        try {
          expect(encodeVoucher(decodeVoucher(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'VOUCHER_MALFORMED' })
        }
      })
    )
  })

  test.each([0, 1, 152, 167, 169, 200])('is refused at %i bytes', (length) => {
    expect(() => decodeVoucher(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'VOUCHER_MALFORMED', details: { field: 'length' } })
    )
  })

  test('reads a view into a larger buffer', () => {
    const frame = Buffer.concat([Buffer.alloc(5), encodeVoucher(signed), Buffer.alloc(5)])
    expect(decodeVoucher(frame.subarray(5, 173))).toEqual(signed)
  })

  test.each([
    ['royaltyWei', { royaltyWei: voucher.cumulativeWei + 1n }],
    ['royaltyWei', { royaltyWei: -1n }],
    ['cumulativeWei', { cumulativeWei: 1n << 128n }],
    ['cumulativeWei', { cumulativeWei: -1n }],
    ['receipts', { receipts: 2 ** 53 }],
    ['receipts', { receipts: 1.5 }],
    ['receipts', { receipts: -1 }],
    ['receiptsRoot', { receipts: 0 }],
    ['receiptsRoot', { receiptsRoot: `0x${'0'.repeat(64)}` }]
  ])('is not made with a bad %s: %o', (field, change) => {
    const refusal = expect.objectContaining({ code: 'VOUCHER_MALFORMED', details: { field } })
    expect(() => encodeVoucher({ ...signed, ...change })).toThrow(refusal)
    expect(() => signer.sign({ ...voucher, ...change })).toThrow(refusal)
  })

  test('is refused with a count beyond what we can count', () => {
    const bytes = encodeVoucher(signed)
    bytes.fill(0xff, 64, 72)
    expect(() => decodeVoucher(bytes)).toThrow(
      expect.objectContaining({ code: 'VOUCHER_MALFORMED', details: { field: 'receipts' } })
    )
  })

  test('is not made with a signature of 65 bytes', () => {
    expect(() => encodeVoucher({ ...signed, signature: new Uint8Array(65) })).toThrow(
      expect.objectContaining({ code: 'VOUCHER_MALFORMED', details: { field: 'signature' } })
    )
  })
})

describe('the voucher signature', () => {
  const flip = (at: number, bit = 1) => {
    const signature = Uint8Array.from(signed.signature)
    signature[at] = (signature[at] as number) ^ bit
    return signature
  }
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const highS = () => {
    const signature = Uint8Array.from(signed.signature)
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`) & (2n ** 255n - 1n)
    signature.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32)
    return signature
  }
  const swapped = () =>
    Uint8Array.from([...signed.signature.subarray(32), ...signed.signature.subarray(0, 32)])

  test('holds for the address and for the public key', () => {
    verifyVoucher(separator, signed, signer.address)
    verifyVoucher(separator, signed, publicKeyOf(secretKey))
  })

  test('holds for any voucher after the wire', () => {
    fc.assert(
      fc.property(anyVoucher, (any) => {
        verifyVoucher(separator, decodeVoucher(encodeVoucher(signer.sign(any))), signer.address)
      }),
      { numRuns: 200 }
    )
  })

  const mutants: [string, object][] = [
    ['another channel', { channelId: `0x${'12'.repeat(32)}` }],
    ['one wei more', { cumulativeWei: voucher.cumulativeWei + 1n }],
    ['one wei less', { cumulativeWei: voucher.cumulativeWei - 1n }],
    ['another royalty', { royaltyWei: voucher.royaltyWei - 1n }],
    ['amounts swapped', { cumulativeWei: voucher.royaltyWei, royaltyWei: voucher.cumulativeWei }],
    ['another count', { receipts: voucher.receipts + 1 }],
    ['another root', { receiptsRoot: `0x${'23'.repeat(32)}` }],
    ['r changed', { signature: flip(0) }],
    ['s changed', { signature: flip(63) }],
    ['the parity bit flipped', { signature: flip(32, 0x80) }],
    ['the high s of the same point', { signature: highS() }],
    ['r and s swapped', { signature: swapped() }],
    ['a zero signature', { signature: new Uint8Array(64) }],
    ['all ones', { signature: new Uint8Array(64).fill(0xff) }],
    ['zero r', { signature: Uint8Array.from(signed.signature).fill(0, 0, 32) }],
    ['zero s', { signature: Uint8Array.from(signed.signature).fill(0, 32) }],
    ['63 bytes', { signature: signed.signature.subarray(1) }],
    ['65 bytes', { signature: Uint8Array.from([...signed.signature, 27]) }]
  ]
  test.each(mutants)('is refused with %s', (_name, change) => {
    const refusal = expect.objectContaining({ code: 'SIGNATURE_INVALID' })
    const mutant = { ...signed, ...change }
    expect(() => verifyVoucher(separator, mutant, signer.address)).toThrow(refusal)
    expect(() => verifyVoucher(separator, mutant, publicKeyOf(secretKey))).toThrow(refusal)
  })

  test.each([
    ['another chain', escrowDomain(1, `0x${'ab'.repeat(20)}`)],
    ['another escrow', escrowDomain(31_337, `0x${'ac'.repeat(20)}`)],
    ['another version', { ...domain, version: '2' }]
  ])('is refused on %s', (_name, other) => {
    expect(() => verifyVoucher(domainSeparator(other), signed, signer.address)).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' })
    )
  })

  test('of another key is refused', () => {
    const other = new Uint8Array(32).fill(8)
    const theirs = createVoucherSigner(separator, other).sign(voucher)
    expect(() => verifyVoucher(separator, theirs, signer.address)).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' })
    )
    expect(() => verifyVoucher(separator, theirs, publicKeyOf(secretKey))).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' })
    )
  })
})
