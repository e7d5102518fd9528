import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cidOf, encodeCanonical } from '../../../protocol/base/codec.ts'
import type { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../../../protocol/base/schema.ts'
import { refusal } from './refusal.ts'

const schema = z.strictObject({
  account: field.address,
  root: field.hash,
  feeWei: field.wei,
  label: field.label,
  text: field.text(8),
  of: field.cid,
  salt: field.bytes(4),
  sharePpm: field.ppm.optional()
})
const record = {
  account: `0x${'ab'.repeat(20)}`,
  root: `0x${'cd'.repeat(32)}`,
  feeWei: 256n,
  label: 'l',
  text: 'text',
  of: cidOf(Uint8Array.of(1)),
  salt: Uint8Array.of(1, 2, 3, 4)
}
const wire = {
  account: Buffer.alloc(20, 0xab),
  root: Buffer.alloc(32, 0xcd),
  feeWei: Uint8Array.of(1, 0),
  label: 'l',
  text: 'text',
  of: record.of,
  salt: record.salt
}

test('writes addresses, hashes and amounts as bytes and reads them back', () => {
  const bytes = encodeRecord(schema, record)
  expect(bytes).toEqual(encodeCanonical(wire))
  expect(decodeRecord(schema, bytes)).toEqual(record)
})

describe('refuses to read', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a field too many', { extra: 1 }],
    ['an address of 19 bytes', { account: Buffer.alloc(19) }],
    ['an address as text', { account: record.account }],
    ['a hash of 31 bytes', { root: Buffer.alloc(31) }],
    ['a salt of another length', { salt: Uint8Array.of(1) }],
    ['an empty label', { label: '' }],
    ['a label of 257 bytes in fewer characters', { label: 'é'.repeat(129) }],
    ['a text over its bytes', { text: 'ééééé' }],
    ['a share over the whole', { sharePpm: 1_000_001 }],
    ['a CID of version 0', { of: CID.createV0(record.of.multihash as never) }],
    ['a CID of another hash', { of: CID.parse('bafkqaaik') }],
    ['a CID with half a digest', { of: CID.createV1(0x71, createDigest(0x12, Buffer.alloc(16))) }]
  ])('%s', async (_, change) => {
    const bytes = encodeCanonical({ ...wire, ...change })
    expect(await refusal(() => decodeRecord(schema, bytes))).toBe('RECORD_MALFORMED')
  })

  test('an amount with a leading zero', async () => {
    const bytes = encodeCanonical({ ...wire, feeWei: Uint8Array.of(0, 1) })
    expect(await refusal(() => decodeRecord(schema, bytes))).toBe('RECORD_NOT_CANONICAL')
  })

  // FIELD-R1
  test('a record without a field', async () => {
    const { salt: _, ...rest } = wire
    expect(await refusal(() => decodeRecord(schema, encodeCanonical(rest)))).toBe(
      'RECORD_MALFORMED'
    )
  })
})

test('says which field was wrong', () => {
  try {
    decodeRecord(schema, encodeCanonical({ ...wire, label: '' }))
    expect.unreachable()
  } catch (error) {
    expect((error as DatanetError).details).toMatchObject({ field: 'label' })
  }
})

test('refuses to write a record outside the schema', async () => {
  const write = (change: object) => refusal(() => encodeRecord(schema, { ...record, ...change }))
  expect(await write({ account: `0x${'AB'.repeat(20)}` })).toBe('RECORD_MALFORMED')
  expect(await write({ root: '0x00' })).toBe('RECORD_MALFORMED')
  expect(await write({ feeWei: -1n })).toBe('INPUT_INVALID')
})
