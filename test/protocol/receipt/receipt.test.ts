import { TypedDataEncoder, Wallet } from 'ethers'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { decodeCanonical, encodeCanonical, sha256 } from '../../../protocol/base/codec.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import {
  commitmentOf,
  decodeReceipt,
  encodeReceipt,
  type Receipt,
  type SignedReceipt
} from '../../../protocol/receipt/receipt.ts'
import {
  createReceiptSigner,
  receiptDigest,
  receiptLeaf,
  verifyReceiptSignature
} from '../../../protocol/receipt/receipt-signature.ts'
import { type ReceiptExpectation, verifyReceipt } from '../../../protocol/receipt/verify-receipt.ts'
import {
  address,
  answer,
  cid,
  hash,
  receiptSigner,
  request,
  sampleReceipt,
  separator
} from './sample-receipt.ts'

const refusal = (code: string) => expect.objectContaining({ code })
const signed = receiptSigner.sign(sampleReceipt)
const sign = (change: Partial<Receipt>) => receiptSigner.sign({ ...sampleReceipt, ...change })
const expected: ReceiptExpectation = {
  domainSeparator: separator,
  receiptSigner: receiptSigner.address,
  callId: sampleReceipt.callId,
  attempt: 0,
  channelId: sampleReceipt.channelId,
  provider: sampleReceipt.provider,
  model: cid(1),
  offer: cid(2),
  builder: address(20),
  request,
  answer,
  usage: { inputTokens: 5, outputTokens: 2 },
  priceWei: 1_000n,
  royaltyPpm: 300_000
}

describe('a receipt on the wire', () => {
  test('gives back the same record, body and signature', () => {
    expect(decodeReceipt(encodeReceipt(signed))).toEqual(signed)
  })

  test('holds contributions as links and amounts as bytes, not as text', () => {
    const text = Buffer.from(encodeReceipt(signed)).toString('latin1')
    expect(text).not.toContain(cid(10).toString())
    expect(text).not.toContain(address(10).slice(2))
  })

  test('shows neither prompt nor answer, nor a hash that could be guessed', () => {
    const bytes = Buffer.from(encodeReceipt(signed))
    for (const secret of [request, answer]) {
      expect(bytes.includes(secret.bytes)).toBe(false)
      expect(bytes.includes(sha256(secret.bytes))).toBe(false)
      expect(bytes.includes(secret.salt)).toBe(false)
    }
  })

  test('is refused or is another one after any change of a byte', () => {
    const bytes = encodeReceipt(signed)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const mutant = Uint8Array.from(bytes)
        mutant[at] = (mutant[at] as number) ^ flip
        const read = () => {
          const again = decodeReceipt(mutant)
          verifyReceiptSignature(separator, again, receiptSigner.address)
        }
        expect(read).toThrow(expect.objectContaining({ name: 'DatanetError' }))
      }),
      { numRuns: 500 }
    )
  })

  test('is refused when cut anywhere', () => {
    const bytes = encodeReceipt(signed)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => decodeReceipt(bytes.subarray(0, length))).toThrow(refusal('RECORD_MALFORMED'))
      })
    )
  })

  test('is refused with noise of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(() => decodeReceipt(noise)).toThrow(
          expect.objectContaining({ name: 'DatanetError' })
        )
      })
    )
  })

  const line = (ppm: number, n = 10) => ({
    contribution: cid(n).toString(),
    account: address(n),
    basis: 'retrieved' as const,
    ppm
  })
  const changes: [string, Partial<Receipt>][] = [
    ['a version we do not know', { version: 2 as 1 }],
    ['a call id of 15 bytes', { callId: new Uint8Array(15) }],
    ['a negative attempt', { attempt: -1 }],
    ['half a token', { usage: { inputTokens: 0.5, outputTokens: 0 } }],
    ['more royalty than price', { royaltyWei: 1_001n }],
    ['a negative price', { priceWei: -1n, royaltyWei: -1n }],
    ['an end before its start', { finishedAtMs: 999 }],
    ['an outcome we do not know', { outcome: 'lost' as 'answered' }],
    ['a commitment of 31 bytes', { answer: new Uint8Array(31) }],
    ['a price without a channel', { channelId: hash(0) }],
    ['a place without a channel', { channelId: hash(0), seq: 1, priceWei: 0n, royaltyWei: 0n }],
    ['no credits', { credits: [] }],
    ['credits of less than the whole', { credits: [line(999_999)] }],
    ['credits of more than the whole', { credits: [line(600_000), line(400_001, 11)] }],
    ['a credit of nothing', { credits: [line(1_000_000), line(0, 11)] }],
    ['a line twice', { credits: [line(500_000), line(500_000)] }],
    [
      'a contribution without its account',
      { credits: [{ contribution: cid(10).toString(), basis: 'retrieved', ppm: 1_000_000 }] }
    ],
    [
      'an account for what is nobody’s',
      { credits: [{ account: address(10), basis: 'unattributed', ppm: 1_000_000 }] }
    ],
    ['the zero account as contributor', { credits: [{ ...line(1_000_000), account: address(0) }] }],
    ['the zero account as builder', { builder: address(0) }],
    [
      'too many credits',
      { credits: Array.from({ length: LIMITS.credits + 1 }, (_, n) => line(1, n + 1)) }
    ],
    ['a field nobody knows', { extra: 1 } as object]
  ]
  test.each(changes)('is not made with %s', (_name, change) => {
    expect(() => sign(change)).toThrow(expect.objectContaining({ name: 'DatanetError' }))
  })

  const digest = sha256(Uint8Array.of(10))
  test.each([
    ['of version 0', CID.createV0(createDigest(0x12, digest))],
    ['of another hash', CID.createV1(0x71, createDigest(0x16, digest))],
    ['of a hash cut short', CID.createV1(0x71, createDigest(0x12, digest.subarray(0, 20)))]
  ])('is refused when a credit links a CID %s', (_name, link) => {
    const body = decodeCanonical(signed.body) as { credits: object[] }
    const credits = body.credits.map((one, i) => (i === 0 ? { ...one, contribution: link } : one))
    const bytes = encodeCanonical({
      body: encodeCanonical({ ...body, credits }),
      signature: signed.signature
    })
    expect(() => decodeReceipt(bytes)).toThrow(refusal('RECORD_MALFORMED'))
  })

  test('of a free call has no channel, no place and no price', () => {
    const free = sign({ channelId: hash(0), seq: 0, priceWei: 0n, royaltyWei: 0n })
    expect(decodeReceipt(encodeReceipt(free))).toEqual(free)
    verifyReceiptSignature(separator, free, receiptSigner.address)
  })
})

describe('a commitment', () => {
  test('is the hash of salt and bytes', () => {
    expect(commitmentOf(request.salt, request.bytes)).toEqual(sha256(request.salt, request.bytes))
  })

  test('differs by salt and by bytes, and wants 16 bytes of salt', () => {
    const other = commitmentOf(new Uint8Array(16), request.bytes)
    expect(other).not.toEqual(commitmentOf(request.salt, request.bytes))
    expect(() => commitmentOf(new Uint8Array(15), request.bytes)).toThrow(refusal('INPUT_INVALID'))
  })
})

describe('the signature of a receipt', () => {
  const domain = escrowDomain(31_337, address(0xe5c))
  const types = {
    Receipt: [
      { name: 'channelId', type: 'bytes32' },
      { name: 'seq', type: 'uint64' },
      { name: 'leaf', type: 'bytes32' }
    ]
  }

  test("is over the digest that ethers gives for channel, place and the body's hash", async () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (seq, leaf) => {
        const value = { channelId: hash(7), seq, leaf }
        expect(`0x${Buffer.from(receiptDigest(separator, value, leaf)).toString('hex')}`).toBe(
          TypedDataEncoder.hash({ ...domain }, types, value)
        )
      })
    )
    const wallet = new Wallet(`0x${'05'.repeat(32)}`)
    const leaf = receiptLeaf(signed.body)
    const theirs = await wallet.signTypedData({ ...domain }, types, {
      channelId: sampleReceipt.channelId,
      seq: 0,
      leaf
    })
    expect(Buffer.from(signed.signature).toString('hex').slice(0, 64)).toBe(theirs.slice(2, 66))
  })

  test('by another key is refused', () => {
    const other = createReceiptSigner(separator, new Uint8Array(32).fill(6)).sign(sampleReceipt)
    expect(() => verifyReceipt(other, expected)).toThrow(refusal('SIGNATURE_INVALID'))
  })

  test('for another escrow is refused', () => {
    const elsewhere = domainSeparator(escrowDomain(1, address(0xe5c)))
    expect(() => verifyReceiptSignature(elsewhere, signed, receiptSigner.address)).toThrow(
      refusal('SIGNATURE_INVALID')
    )
  })

  // RECEIPT-R6
  test('is one for receipts that end together, each of which proves itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), (count) => {
        const all = Array.from({ length: count }, (_, seq) =>
          receiptSigner.prepare({ ...sampleReceipt, seq })
        )
        const group = receiptSigner.signAll(all)
        expect(new Set(group.map(({ signature }) => `${signature}`)).size).toBe(1)
        for (const [seq, one] of group.entries()) {
          expect(one.receipt.seq).toBe(seq)
          const read = decodeReceipt(encodeReceipt(one))
          verifyReceiptSignature(separator, read, receiptSigner.address)
          const { path = [] } = group[(seq + 1) % count] ?? one
          if (`${path}` === `${one.path}`) continue
          expect(() =>
            verifyReceiptSignature(separator, { ...read, path }, receiptSigner.address)
          ).toThrow(refusal('SIGNATURE_INVALID'))
        }
      }),
      { numRuns: 10 }
    )
    expect(receiptSigner.signAll([receiptSigner.prepare(sampleReceipt)])).toEqual([signed])
  })

  test('of a group that was verified counts for that group alone', () => {
    const two = [0, 1].map((seq) => receiptSigner.prepare({ ...sampleReceipt, seq }))
    const [first] = receiptSigner.signAll(two)
    verifyReceiptSignature(separator, first as SignedReceipt, receiptSigner.address)
    const other = new Uint8Array(32).fill(6)
    const [forged] = createReceiptSigner(separator, other).signAll(two)
    for (const signature of [forged?.signature, signed.signature]) {
      const turned = { ...first, signature } as SignedReceipt
      expect(() => verifyReceiptSignature(separator, turned, receiptSigner.address)).toThrow(
        refusal('SIGNATURE_INVALID')
      )
    }
  })

  test('does not carry over to another body', () => {
    const other = sign({ method: 'coverage/2' })
    const forged = { ...other, signature: signed.signature }
    expect(() => verifyReceipt(forged, expected)).toThrow(refusal('SIGNATURE_INVALID'))
  })
})

describe('the caller', () => {
  test('accepts the receipt of its call', () => {
    verifyReceipt(decodeReceipt(encodeReceipt(signed)), expected)
  })

  const contradictions: [string, Partial<Receipt>][] = [
    ['callId', { callId: new Uint8Array(16) }],
    ['attempt', { attempt: 1 }],
    ['channelId', { channelId: hash(8) }],
    ['provider', { provider: 'someone else' }],
    ['model', { model: cid(3) }],
    ['offer', { offer: cid(3) }],
    ['builder', { builder: address(21) }],
    ['request', { request: commitmentOf(answer.salt, request.bytes) }],
    ['answer', { answer: commitmentOf(answer.salt, Buffer.from('another answer')) }],
    ['usage.inputTokens', { usage: { inputTokens: 6, outputTokens: 2 } }],
    ['usage.outputTokens', { usage: { inputTokens: 5, outputTokens: 3 } }],
    ['priceWei', { priceWei: 1_001n }],
    ['royaltyWei', { royaltyWei: 299n }],
    ['royaltyWei', { royaltyWei: 301n }]
  ]
  test.each(contradictions)('refuses a receipt with another %s', (field, change) => {
    expect(() => verifyReceipt(sign(change), expected)).toThrow(
      expect.objectContaining({ code: 'RECEIPT_INVALID', details: { field } })
    )
  })
})
