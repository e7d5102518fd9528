import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../../protocol/base/codec.ts'
import { DatanetError, ERRORS, type ErrorCode } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { fromWireError, toWireError } from '../../../protocol/net/wire-error.ts'

describe('an error on the wire', () => {
  test('keeps its code, and its details as a quotation', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const back = fromWireError(toWireError(new DatanetError(code, { seq: 7, ok: true })), 'peer')
      expect(back.code).toBe(code)
      expect(back.details).toMatchObject({ remote: true, peer: 'peer', said: { seq: 7, ok: true } })
    }
  })

  test('can always be sent, whatever the details hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string(), (details, hint) => {
        const wire = toWireError(new DatanetError('INTERNAL', details, { hint }))
        expect(encodeCanonical(wire).byteLength).toBeLessThan(8_192)
        expect(Buffer.byteLength(wire.text)).toBeLessThanOrEqual(LIMITS.remoteTextBytes)
      })
    )
  })

  test('is an error of ours whatever was received', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const error = fromWireError(value, 'peer')
        expect(Object.keys(ERRORS)).toContain(error.code)
        expect(error.details).toMatchObject({ remote: true })
      })
    )
    expect(fromWireError({ code: 65_000, text: 'x\ny' }, 'peer')).toMatchObject({
      code: 'INTERNAL',
      details: { wire: 65_000, text: 'x y' }
    })
  })
})
