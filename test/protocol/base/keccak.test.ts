import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keccak256 } from '../../../protocol/base/keccak.ts'

test('keccak256 is that of the chain, for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      const hash = keccak256(bytes)
      expect(hash).toEqual(keccak_256(bytes))
      // Not a view into a pool: whoever keeps it would keep everything around it.
      expect(hash.buffer.byteLength).toBe(32)
    })
  )
})
