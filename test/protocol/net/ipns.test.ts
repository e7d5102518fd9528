import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../../../protocol/base/codec.ts'
import { ipnsName, signIpns, verifyIpns } from '../../../protocol/net/ipns.ts'
import { testKey } from '../../fixtures/network.ts'
import { refusal } from '../base/refusal.ts'

const key = await testKey('a name')
const entry = { value: '/ipfs/bafybeiexample', sequence: 3, expiresAtMs: 2_000_000_000_000 }
const NOW_MS = 1_900_000_000_000
const name = ipnsName(key)

test('a record says what its key signed, under the name that the key has', async () => {
  expect(name).toMatch(/^k51[a-z0-9]{59}$/)
  const record = await signIpns(entry, key)
  expect(await verifyIpns(record, name, NOW_MS)).toEqual(entry)
  // The two fields of version 2 alone: 8 is the signature, 9 the data.
  expect([record[0], record[1]]).toEqual([0x42, 64])
  expect(record[66]).toBe(0x4a)
  expect(Buffer.from(record).toString('latin1')).toContain('2033-05-18T03:33:20.000000000Z')
})

// IPNS-R1
test('what is no record is refused', async () => {
  const record = await signIpns(entry, key)
  const otherData = Buffer.concat([Uint8Array.of(0x42, 1, 0), Uint8Array.of(0x4a, 1, 0)])
  const bad = [
    record.subarray(0, 70),
    record.subarray(66),
    Uint8Array.of(0x40, 1),
    Buffer.concat([record, Buffer.alloc(10_240)])
  ]
  for (const bytes of bad) {
    expect(await refusal(() => verifyIpns(bytes, name, NOW_MS))).toBe('RECORD_MALFORMED')
  }
  expect(await refusal(() => verifyIpns(otherData, name, NOW_MS))).toBe('SIGNATURE_INVALID')
  const data = encodeCanonical({ Value: new Uint8Array(1) })
  const payload = Buffer.concat([new TextEncoder().encode('ipns-signature:'), data])
  const signature = await key.sign(payload)
  const partial = Buffer.concat([
    ...[Uint8Array.of(0x42, 64), signature, Uint8Array.of(0x4a, data.byteLength), data]
  ])
  expect(await refusal(() => verifyIpns(partial, name, NOW_MS))).toBe('RECORD_MALFORMED')
})

// IPNS-R2, IPNS-R3
test('a record by another key, or one that is over, is refused', async () => {
  const other = await generateKeyPair('Ed25519')
  const forged = await signIpns(entry, other)
  expect(await refusal(() => verifyIpns(forged, name, NOW_MS))).toBe('SIGNATURE_INVALID')
  const record = await signIpns(entry, key)
  expect(await refusal(() => verifyIpns(record, name, entry.expiresAtMs))).toBe('RECORD_EXPIRED')
})
