import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import {
  cidFromDigest,
  cidOf,
  decodeCanonical,
  digestOf,
  encodeCanonical,
  parseCid,
  RAW,
  sha256,
  verifyCid
} from '../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { refusal } from './refusal.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const cid = cidOf(bytes('01'))

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger().map((n) => n + 0 || 0),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 8 }).map((b) => cidOf(b)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }).filter((k) => k !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true }
    )
  )
}))

describe('canonical dag-cbor', () => {
  // CODEC-W1
  test('decodes what it encoded, and encodes that to the same bytes', () => {
    fc.assert(
      fc.property(value, (input) => {
        const encoded = encodeCanonical(input)
        const decoded = decodeCanonical(encoded)
        expect(decoded).toEqual(input)
        expect(encodeCanonical(decoded)).toEqual(encoded)
      })
    )
  })

  test('accepts only bytes that are their own encoding, whatever the bytes', () => {
    const mutated = fc
      .tuple(value, fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([input, at, flip]) => {
        const encoded = Uint8Array.from(encodeCanonical(input))
        const i = at % encoded.byteLength
        encoded[i] = (encoded[i] as number) ^ flip
        return encoded
      })
    const noise = fc.uint8Array({ maxLength: 64 })
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (input) => {
        let decoded: unknown
        try {
          decoded = decodeCanonical(input)
        } catch (error) {
          expect(isDatanetError(error)).toBe(true)
          return
        }
        expect(encodeCanonical(decoded)).toEqual(input)
      }),
      { numRuns: 500 }
    )
  })

  test('orders keys by length, then by bytes', () => {
    expect(Buffer.from(encodeCanonical({ bb: 1, a: 2, ba: 3 })).toString('hex')).toBe(
      'a36161026262610362626201'
    )
  })

  test.each([
    ['a fraction', 1.5],
    ['an integer beyond 2^53-1', 2 ** 53],
    ['not a number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['null', null],
    ['undefined', undefined],
    ['a null inside', { a: [null] }],
    ['an undefined field', { a: undefined }],
    ['a bigint', 1n],
    ['an unpaired surrogate', '\ud800'],
    ['a key outside ASCII', { é: 1 }],
    ['a key with a control character', { '\n': 1 }],
    ['a date', new Date(0)],
    ['a function', () => 1],
    ['65 levels', Array.from({ length: 65 }).reduce<unknown>((inner) => [inner], 1)]
  ])('does not encode %s', async (_, input) => {
    expect(await refusal(() => encodeCanonical(input))).toBe('RECORD_MALFORMED')
  })

  test.each([
    ['keys out of order', 'a2616202616101'],
    ['a float that is an integer', 'fb3ff0000000000000'],
    ['a negative zero', 'fb8000000000000000'],
    ['text that is not UTF-8', '61ff']
  ])('refuses %s as not canonical', async (_, hex) => {
    expect(await refusal(() => decodeCanonical(bytes(hex)))).toBe('RECORD_NOT_CANONICAL')
  })

  test.each([
    ['nothing', ''],
    ['bytes after the value', '0101'],
    ['a value cut short', 'a26161'],
    ['a float', 'f93e00'],
    ['null', 'f6'],
    ['an integer beyond 2^53-1', '1b0020000000000000'],
    ['a repeated key', 'a2616101616102'],
    ['an integer in more bytes than needed', '1801'],
    ['an array of indefinite length', '9fff'],
    ['a foreign tag', 'c001'],
    ['a key that is not text', 'a10101']
  ])('refuses %s as malformed', async (_, hex) => {
    expect(await refusal(() => decodeCanonical(bytes(hex)))).toBe('RECORD_MALFORMED')
  })

  test('refuses nesting that would exhaust the stack', async () => {
    const deep = Buffer.alloc(200_000, 0x81)
    expect(await refusal(() => decodeCanonical(deep))).toBe('RECORD_MALFORMED')
    const shallow = Buffer.concat([Buffer.alloc(65, 0x81), bytes('01')])
    expect(await refusal(() => decodeCanonical(shallow))).toBe('RECORD_MALFORMED')
    expect(decodeCanonical(shallow.subarray(1))).toBeInstanceOf(Array)
  })

  // CODEC-R1
  test('refuses more bytes than allowed before reading them', async () => {
    expect(await refusal(() => decodeCanonical(bytes('ffff'), 1))).toBe('RECORD_TOO_LARGE')
  })
})

describe('CIDs', () => {
  test('are version 1, dag-cbor, sha2-256 of the bytes', () => {
    const digest = createHash('sha256').update(bytes('01')).digest('hex')
    expect(Buffer.from(cid.bytes).toString('hex')).toBe(`01711220${digest}`)
    expect(cidOf(bytes('01'), RAW).code).toBe(RAW)
    expect(Buffer.from(digestOf(cid)).toString('hex')).toBe(digest)
    expect(cidFromDigest(digestOf(cid)).equals(cid)).toBe(true)
    expect(parseCid(cid.toString()).equals(cid)).toBe(true)
  })

  test('match their own bytes only', async () => {
    expect(() => verifyCid(cid, bytes('01'))).not.toThrow()
    expect(await refusal(() => verifyCid(cid, bytes('02')))).toBe('CID_MISMATCH')
  })

  test('of another hash have no digest for the chain', async () => {
    const identity = CID.parse('bafkqaaik')
    expect(await refusal(() => digestOf(identity))).toBe('RECORD_MALFORMED')
    expect(await refusal(() => parseCid('bafkqaaik'))).toBe('INPUT_INVALID')
  })

  test.each(['', 'bafy', 'QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n'])(
    'are not parsed from %j',
    async (text) => {
      expect(await refusal(() => parseCid(text))).toBe('INPUT_INVALID')
    }
  )

  test('hash parts as one', () => {
    expect(sha256(bytes('01'), bytes('02'))).toEqual(sha256(bytes('0102')))
  })
})
