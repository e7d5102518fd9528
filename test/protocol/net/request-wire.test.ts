import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cidOf } from '../../../protocol/base/codec.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { type CallRequest, requestSchema } from '../../../protocol/net/invoke.ts'
import { requestFromWire, requestToWire } from '../../../protocol/net/request-wire.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const cid = fc.uint8Array({ maxLength: 3 }).map((b) => cidOf(b))
const message = fc.record(
  {
    role: fc.constantFrom('system' as const, 'user' as const, 'assistant' as const),
    content: fc.string({ unit: 'grapheme', maxLength: 40 })
  },
  { noNullPrototype: true }
)
const request: fc.Arbitrary<CallRequest> = fc
  .record({
    callId: bytes(16),
    attempt: fc.nat(255),
    model: cid,
    offer: cid,
    messages: fc.array(message, { minLength: 1, maxLength: 5 }),
    most: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
    maxWei: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    requestSalt: bytes(16),
    answerSalt: bytes(16)
  })
  .map(({ most, ...rest }) => ({
    ...rest,
    version: 1,
    ...(most === undefined ? {} : { maxOutputTokens: most })
  }))

/** What a reader may find where something else should stand. */
const ODD: readonly unknown[] = [
  ...[undefined, null, -1, 0, 1.5, 256, '', 1n, -1n, 1n << 128n, [], {}, new Uint8Array(0)],
  ...[
    new Uint8Array(3),
    new Uint8Array(17).fill(1),
    Array(257).fill({ role: 'user', content: '' })
  ],
  [{ role: 'user', content: 'x', more: 1 }],
  [{ role: 'nobody', content: 'x' }],
  [{ role: 'user', content: 1 }]
]

test('a request is written and read as its schema says', () => {
  fc.assert(
    fc.property(request, (one) => {
      const wire = toWire(requestSchema, one)
      expect(requestToWire(one)).toEqual(wire)
      expect(requestFromWire(wire)).toEqual(fromWire(requestSchema, wire))
    })
  )
})

test('nothing is written or read that the schema refuses', () => {
  fc.assert(
    fc.property(request, fc.nat(), fc.constantFrom(...ODD), (one, at, odd) => {
      const wire = toWire(requestSchema, one) as object
      const keys = [...Object.keys(one), 'maxOutputTokens', 'unknown']
      const change = { [keys[at % keys.length] as string]: odd }
      const written = requestToWire({ ...one, ...change } as CallRequest)
      if (written !== undefined) {
        expect(written).toEqual(toWire(requestSchema, { ...one, ...change } as CallRequest))
      }
      const read = requestFromWire({ ...wire, ...change })
      if (read !== undefined) {
        expect(read).toEqual(fromWire(requestSchema, { ...wire, ...change } as never))
      }
    }),
    { numRuns: 1_000 }
  )
})
