import { AbiCoder, keccak256 } from 'ethers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../../protocol/base/codec.ts'
import { decodeRecord, encodeRecord } from '../../../protocol/base/schema.ts'
import type { AccountSigner } from '../../../protocol/base/typed-data.ts'
import {
  datanetKey,
  type Manifest,
  manifestSchema,
  type SignedManifest,
  signManifest,
  verifyManifest
} from '../../../protocol/datanet/manifest.ts'
import { refusal } from '../base/refusal.ts'
import { CURATORS, manifest, person, someCid } from './people.ts'

const [first, second, third] = CURATORS
let founding: SignedManifest

beforeAll(async () => {
  founding = await signManifest(manifest(), [first, second])
})

function approvalsOf(bytes: Uint8Array): Promise<Uint8Array[]> {
  return import('@ipld/dag-cbor').then(
    (c) => c.decode<{ approvals: Uint8Array[] }>(bytes).approvals
  )
}

describe('a founding manifest', () => {
  // MANIFEST-W1
  test('is what its curators approved', () => {
    const verified = verifyManifest(founding.bytes)
    expect(verified.manifest).toEqual(manifest())
    expect(verified.cid.equals(founding.cid)).toBe(true)
    expect(verified.bytes).toBe(founding.bytes)
  })

  test.each<[string, AccountSigner[]]>([
    ['one curator of two', [first]],
    ['one curator twice', [first, first]],
    ['a curator and a stranger', [second, person(4)]]
  ])('is refused under the approval of %s', async (_, signers) => {
    const { bytes } = await signManifest(manifest(), signers)
    expect(await refusal(() => verifyManifest(bytes))).toBe('APPROVALS_MISSING')
  })

  test('is refused under approvals of another manifest', async () => {
    const other = await signManifest(manifest({ name: 'other' }), [first, second])
    const body = encodeRecord(manifestSchema, manifest())
    const bytes = encodeCanonical({ body, approvals: await approvalsOf(other.bytes) })
    expect(await refusal(() => verifyManifest(bytes))).toBe('APPROVALS_MISSING')
  })

  test('is refused under an approval that is no signature', async () => {
    const body = encodeRecord(manifestSchema, manifest())
    const bytes = encodeCanonical({ body, approvals: [new Uint8Array(64)] })
    expect(await refusal(() => verifyManifest(bytes))).toBe('SIGNATURE_INVALID')
  })

  test.each<[string, Partial<Manifest>]>([
    ['a threshold above the curators', { threshold: 4 }],
    ['more reviews than curators', { review: { ...manifest().review, approvals: 4 } }],
    ['a lease of no length', { review: { ...manifest().review, leaseMs: 0 } }],
    ['hosts out of order', { hosts: ['b', 'a'] }],
    ['its intake host as another one', { hosts: [manifest().intakeHost] }],
    ['files without their schema', { files: { mimes: ['image/png'], maxBytes: 1 } }],
    ['the schema of files without bounds', { schemas: ['file/1'] }],
    ['a delay above 30 days', { changeDelayMs: 2_592_000_001 }],
    ['a later time of coming into force', { effectiveAtMs: 1_001 }],
    ['curators out of order', { curators: [third.address, first.address] }],
    ['a curator twice', { curators: [first.address, first.address, second.address] }],
    ['a prev', { prev: someCid(1) }],
    ['a later seq without prev', { seq: 1 }],
    ['no topic', { topics: [] }],
    ['33 licences', { licences: Array.from({ length: 33 }, (_, i) => `L${i}`) }],
    ['shares that are not a whole', { royalty: { ...manifest().royalty, builderPpm: 1 } }]
  ])('does not exist with %s', async (_, change) => {
    expect(await refusal(() => signManifest(manifest(change), [first]))).toBe('RECORD_MALFORMED')
  })
})

describe('a later manifest', () => {
  const next = (change: Partial<Manifest> = {}) =>
    manifest({ seq: 1, prev: founding.cid, name: 'renamed', ...change })

  test('follows under the approvals of the curators before', async () => {
    const heirs = [person(11), person(12)].map((p) => p.address).sort()
    const { bytes } = await signManifest(next({ curators: heirs, threshold: 1 }), [first, third])
    expect(verifyManifest(bytes, founding).manifest.name).toBe('renamed')
  })

  test('is refused when only the curators it names itself approved', async () => {
    const heirs = [person(11), person(12)].sort((a, b) => (a.address < b.address ? -1 : 1))
    const taken = next({ curators: heirs.map((h) => h.address) })
    const { bytes } = await signManifest(taken, heirs)
    expect(await refusal(() => verifyManifest(bytes, founding))).toBe('APPROVALS_MISSING')
  })

  test.each<[string, () => Partial<Manifest>]>([
    ['a gap in seq', () => ({ seq: 2 })],
    ['another prev', () => ({ prev: someCid(1) })]
  ])('is refused with %s', async (_, change) => {
    const { bytes } = await signManifest(next(change()), [first, second])
    expect(await refusal(() => verifyManifest(bytes, founding))).toBe('RECORD_SUPERSEDED')
  })

  // MANIFEST-R4
  test('keeps the delay of the one before, not its own', async () => {
    const slow = await signManifest(manifest({ changeDelayMs: 5_000 }), [first, second])
    const following = (change: Partial<Manifest>) =>
      signManifest(manifest({ seq: 1, prev: slow.cid, changeDelayMs: 0, ...change }), [
        first,
        second
      ])
    const early = await following({ createdAtMs: 2_000, effectiveAtMs: 6_999 })
    const inTime = await following({ createdAtMs: 2_000, effectiveAtMs: 7_000 })
    expect(await refusal(() => verifyManifest(early.bytes, slow))).toBe('CHANGE_TOO_SOON')
    expect(verifyManifest(inTime.bytes, slow).manifest.effectiveAtMs).toBe(7_000)
  })

  test('cannot be taken for a founding one, nor replayed', async () => {
    const one = await signManifest(next(), [first, second])
    expect(await refusal(() => verifyManifest(one.bytes))).toBe('RECORD_SUPERSEDED')
    expect(await refusal(() => verifyManifest(one.bytes, one))).toBe('RECORD_SUPERSEDED')
    expect(await refusal(() => verifyManifest(founding.bytes, founding))).toBe('RECORD_SUPERSEDED')
  })
})

test('no changed byte of a signed manifest is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const forged = Uint8Array.from(founding.bytes)
      const i = at % forged.byteLength
      forged[i] = (forged[i] as number) ^ flip
      expect([
        'APPROVALS_MISSING',
        'RECORD_MALFORMED',
        'RECORD_NOT_CANONICAL',
        'RECORD_SUPERSEDED',
        'SIGNATURE_INVALID'
      ]).toContain(await refusal(() => verifyManifest(forged)))
    }),
    { numRuns: 200 }
  )
})

test('a manifest comes back from its bytes', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const any = fc.record({
    name: text,
    purpose: text,
    topics: fc.array(text, { minLength: 1, maxLength: 3 }),
    seq: fc.constant(0),
    createdAtMs: fc.nat()
  })
  fc.assert(
    fc.property(any, (founding) => {
      const change = { ...founding, effectiveAtMs: founding.createdAtMs }
      const bytes = encodeRecord(manifestSchema, manifest(change))
      expect(decodeRecord(manifestSchema, bytes)).toEqual(manifest(change))
    })
  )
})

test('the chain key is what Solidity computes from digest, curators and threshold', () => {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ['bytes32', 'address[]', 'uint8'],
    [founding.cid.multihash.digest, manifest().curators, manifest().threshold]
  )
  expect(datanetKey(founding)).toBe(keccak256(encoded))
})
