import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cidOf } from '../../../protocol/base/codec.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import type { Credit } from '../../../protocol/receipt/attribution.ts'
import { type Receipt, receiptSchema } from '../../../protocol/receipt/receipt.ts'
import { receiptFromWire, receiptToWire } from '../../../protocol/receipt/receipt-wire.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hex = (length: number) =>
  bytes(length).map((b) => `0x${Buffer.from(b).toString('hex').replace(/^0/, '1')}`)
const cid = fc.uint8Array({ maxLength: 3 }).map((b) => cidOf(b))
const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const count = fc.maxSafeInteger().map(Math.abs)

const credits: fc.Arbitrary<Credit[]> = fc
  .uniqueArray(fc.tuple(cid, hex(20)), { maxLength: 6, selector: ([c]) => `${c}` })
  .map((owners) => {
    const lines: Credit[] = owners.map(([contribution, account]) => ({
      contribution: `${contribution}`,
      account,
      basis: 'retrieved',
      ppm: 1_000
    }))
    return [...lines, { basis: 'unattributed', ppm: 1_000_000 - 1_000 * lines.length }]
  })

const receipt: fc.Arbitrary<Receipt> = fc
  .record({
    callId: bytes(16),
    attempt: count,
    channelId: hex(32),
    seq: count,
    provider: label,
    model: cid,
    offer: cid,
    request: bytes(32),
    answer: bytes(32),
    usage: fc.record({ inputTokens: count, outputTokens: count }, { noNullPrototype: true }),
    wei: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    outcome: fc.constantFrom('answered', 'abstained', 'cancelled', 'interrupted'),
    method: label,
    credits,
    builder: hex(20),
    startedAtMs: fc.nat(),
    ms: fc.nat()
  })
  .map(({ wei, ms, ...rest }) => ({
    ...rest,
    version: 1,
    priceWei: wei,
    royaltyWei: wei / 3n,
    finishedAtMs: rest.startedAtMs + ms
  }))

/** What a reader may find where something else should stand. */
const ODD: readonly unknown[] = [
  ...[undefined, null, -1, 1.5, 0, '', 'text', 'x'.repeat(10_000), 1n, -1n, 1n << 128n, [], {}],
  ...[new Uint8Array(0), new Uint8Array(3), new Uint8Array(16), new Uint8Array(20)],
  ...[new Uint8Array(32), new Uint8Array(17).fill(1), `0x${'0'.repeat(64)}`, `0x${'0'.repeat(40)}`],
  [{ basis: 'unattributed', ppm: 999_999 }],
  [{ basis: 'unattributed', ppm: 1_000_000, more: 1 }],
  [{ basis: 'retrieved', ppm: 1_000_000 }],
  [{ basis: 'nothing', ppm: 1_000_000 }],
  { inputTokens: 1, outputTokens: 1, more: 1 }
]

function given<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

test('a receipt is written and read as its schema says', () => {
  fc.assert(
    fc.property(receipt, (one) => {
      const wire = toWire(receiptSchema, one)
      expect(receiptToWire(one)).toEqual(wire)
      expect(receiptFromWire(wire)).toEqual(fromWire(receiptSchema, wire))
    })
  )
})

test('nothing is written or read that the schema refuses', () => {
  fc.assert(
    fc.property(receipt, fc.nat(), fc.constantFrom(...ODD), (one, at, odd) => {
      const wire = toWire(receiptSchema, one) as object
      const keys = [...Object.keys(one), 'unknown']
      const key = keys[at % keys.length] as string
      for (const change of [{ [key]: odd }, undefined]) {
        const written = { ...one, ...change } as Receipt
        const read = { ...wire, ...change }
        if (change === undefined) {
          delete (written as unknown as Record<string, unknown>)[key]
          delete (read as Record<string, unknown>)[key]
        }
        const toldWire = receiptToWire(written)
        if (toldWire !== undefined) expect(toldWire).toEqual(toWire(receiptSchema, written))
        const told = receiptFromWire(read)
        if (told !== undefined) expect(told).toEqual(given(() => fromWire(receiptSchema, read)))
      }
    }),
    { numRuns: 1_000 }
  )
})
