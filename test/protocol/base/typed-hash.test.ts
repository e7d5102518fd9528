import { TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TypedDomain, TypedStruct } from '../../../protocol/base/typed-data.ts'
import { plainDigest } from '../../../protocol/base/typed-hash.ts'

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((b) => `0x${Buffer.from(b).toString('hex')}`)
const uint = (bits: bigint) =>
  fc.oneof(
    fc.maxSafeNat(),
    fc.bigInt({ min: -1n, max: 2n ** (bits + 1n) }),
    fc.constant(2n ** bits - 1n)
  )

/** Values of each type, right ones and a few that are not. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\ud800')),
  bytes32: fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    hex(32),
    fc.uint8Array({ minLength: 31, maxLength: 33 })
  ),
  address: fc.oneof(
    hex(20),
    hex(20).map((text) => text.toUpperCase().replace('X', 'x')),
    hex(21)
  ),
  uint8: uint(8n),
  uint64: uint(64n),
  uint80: uint(80n),
  uint256: uint(256n),
  bool: fc.boolean(),
  bytes: fc.uint8Array()
}

const domains: fc.Arbitrary<TypedDomain> = fc.record(
  {
    name: fc.string(),
    version: fc.string(),
    chainId: fc.bigInt({ min: 0n, max: 2n ** 64n }),
    verifyingContract: hex(20)
  },
  { requiredKeys: ['name', 'version'] }
)

const cases = fc
  .array(fc.constantFrom(...Object.keys(VALUES)), { minLength: 1, maxLength: 6 })
  .chain((types) => {
    const fields = types.map((type, n) => ({ name: `field${n}`, type }))
    const struct: TypedStruct = { name: 'Note', fields }
    const value = fc.record(
      Object.fromEntries(
        fields.map(({ name, type }) => [name, VALUES[type] as fc.Arbitrary<unknown>])
      )
    )
    return fc.record({ struct: fc.constant(struct), value })
  })

test('the plain way gives what the library gives, and leaves to it what it refuses', () => {
  let plain = 0
  fc.assert(
    fc.property(domains, cases, (domain, { struct, value }) => {
      const own = plainDigest(domain, struct, value)
      if (own === undefined) return
      plain += 1
      const types = { [struct.name]: [...struct.fields] }
      const theirs = TypedDataEncoder.hash({ ...domain }, types, value)
      expect(`0x${Buffer.from(own).toString('hex')}`).toBe(theirs)
    }),
    { numRuns: 400 }
  )
  expect(plain).toBeGreaterThan(40)
})

test.each<[string, string, unknown]>([
  ['an amount below zero', 'uint64', -1n],
  ['an amount over its bits', 'uint8', 256],
  ['a fraction', 'uint64', 1.5],
  ['half a character', 'string', '\udc00'],
  ['a hash that is too short', 'bytes32', new Uint8Array(31)],
  ['an address that may hold a checksum', 'address', `0x${'Ab'.repeat(20)}`],
  ['a field that is missing', 'string', undefined],
  ['a type that is not plain', 'bytes', new Uint8Array(2)]
])('%s is left to the library', (_, type, value) => {
  const struct: TypedStruct = { name: 'Note', fields: [{ name: 'of', type }] }
  expect(plainDigest({ name: 'test', version: '1' }, struct, { of: value })).toBeUndefined()
})

test('a domain with what it should not have is left to the library', () => {
  const struct: TypedStruct = { name: 'Note', fields: [{ name: 'of', type: 'string' }] }
  const domain = { name: 'test', version: '1', salt: '0x00' }
  expect(plainDigest(domain, struct, { of: 'words' })).toBeUndefined()
})
