import fc from 'fast-check'
import { expect, test } from 'vitest'
import { suffixArray } from '../../../../peer/engines/attribution/suffix-array.ts'

test('suffixes stand in the order of what follows them', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 0, max: 4 })
        .chain((largest) =>
          fc.tuple(fc.constant(largest), fc.array(fc.integer({ min: 0, max: largest })))
        ),
      ([largest, values]) => {
        const key = (at: number) => values.slice(at).join('')
        const sorted = [...values.keys()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
        expect([...suffixArray(Int32Array.from(values), largest)]).toEqual(sorted)
      }
    ),
    { numRuns: 300 }
  )
})
