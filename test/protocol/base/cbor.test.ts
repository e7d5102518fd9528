import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { decodePlain, encodePlain } from '../../../protocol/base/cbor.ts'
import { cidOf, decodeCanonical, RAW } from '../../../protocol/base/codec.ts'

const cid = fc
  .tuple(fc.uint8Array({ maxLength: 4 }), fc.boolean())
  .map(([bytes, isRaw]) => (isRaw ? cidOf(bytes, RAW) : cidOf(bytes)))
const key = fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).filter((k) => k !== '__proto__')
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    fc.boolean(),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 400 }),
    cid,
    fc.array(tie('any'), { maxLength: 30 }),
    fc.dictionary(key, tie('any'), { maxKeys: 30, noNullPrototype: true })
  )
})).any

/** What the library makes of the bytes, if it writes them again as they are. */
function byLibrary(bytes: Uint8Array): unknown {
  try {
    const read = dagCbor.decode(bytes)
    return Buffer.compare(dagCbor.encode(read), bytes) === 0 ? read : undefined
  } catch {
    return undefined
  }
}

test('values are written as the library writes them, and read back the same', () => {
  fc.assert(
    fc.property(value, (given) => {
      const bytes = dagCbor.encode(given)
      const written = encodePlain(given)
      expect(written).toEqual(new Uint8Array(bytes))
      // A mark of byte order is left to the library.
      const read = decodePlain(bytes)
      if (read !== undefined) expect(read).toEqual(dagCbor.decode(bytes))
      expect(decodeCanonical(bytes, 1_000_000)).toEqual(dagCbor.decode(bytes))
    }),
    { numRuns: 400 }
  )
})

test('of bytes that were changed, only what the library would write is read', () => {
  fc.assert(
    fc.property(
      value,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      fc.nat(3),
      (given, changes, cut) => {
        const bytes = new Uint8Array(dagCbor.encode(given))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const changed = bytes.subarray(0, bytes.length - (cut % bytes.length))
        const read = decodePlain(changed)
        if (read !== undefined) expect(read).toEqual(byLibrary(changed))
      }
    ),
    { numRuns: 2_000 }
  )
})

test('any bytes at all are read as the library reads them, or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = decodePlain(bytes)
      if (read !== undefined) expect(read).toEqual(byLibrary(bytes))
    }),
    { numRuns: 5_000 }
  )
})

test('what is odd is left to the library', () => {
  for (const odd of [1.5, -0, null, undefined, 1n, '\ud800', { ü: 1 }, new Date(), { a: null }]) {
    expect(encodePlain(odd)).toBeUndefined()
  }
  const long = [0x18, 1]
  const unsorted = [0xa2, 0x61, 0x62, 1, 0x61, 0x61, 2]
  const twice = [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]
  const endless = [0x9f, 0xff]
  const longer = [0xa2, 0x62, 0x61, 0x61, 1, 0x61, 0x62, 2]
  for (const bytes of [long, unsorted, twice, endless, longer, [0xf6], [0x01, 0x01], [0x81]]) {
    expect(decodePlain(Uint8Array.from(bytes))).toBeUndefined()
  }
  const old = CID.parse('QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n')
  expect(decodePlain(dagCbor.encode(old))).toBeUndefined()
})

test('bytes that were read are a copy, and what was written is not written over', () => {
  const bytes = dagCbor.encode(new Uint8Array([1, 2, 3]))
  const read = decodePlain(bytes)
  bytes.fill(9)
  expect(read).toEqual(new Uint8Array([1, 2, 3]))
  const first = encodePlain('first')
  encodePlain('other')
  expect(first).toEqual(new Uint8Array(dagCbor.encode('first')))
})
