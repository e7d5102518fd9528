import { expect, test } from 'vitest'
import { cidOf } from '../../../protocol/base/codec.ts'
import { createSeqGuard, type Equivocation } from '../../../protocol/net/seq-guard.ts'

const name = (id: string) => ({ issuer: 'issuer', kind: 'offer', id })
const bytes = (fill: number, length = 10) => new Uint8Array(length).fill(fill)
const refused = (code: string) => expect.objectContaining({ code })

test('names beyond the bound are forgotten, the longest unused first', () => {
  const guard = createSeqGuard({ names: 2 })
  guard.check(name('a'), 5, bytes(1))
  guard.check(name('b'), 5, bytes(1))
  guard.check(name('a'), 5, bytes(1))
  guard.check(name('c'), 5, bytes(1))
  expect(() => guard.check(name('a'), 4, bytes(1))).toThrow(refused('RECORD_SUPERSEDED'))
  expect(() => guard.check(name('b'), 4, bytes(1))).not.toThrow()
})

test('so are documents beyond the bytes, but never the one that was just seen', () => {
  const guard = createSeqGuard({ bytes: 100 })
  guard.check(name('a'), 5, bytes(1, 60))
  guard.check(name('b'), 5, bytes(1, 60))
  expect(() => guard.check(name('b'), 4, bytes(1))).toThrow(refused('RECORD_SUPERSEDED'))
  expect(() => guard.check(name('a'), 4, bytes(1))).not.toThrow()
  guard.check(name('large'), 5, bytes(1, 1_000))
  expect(() => guard.check(name('large'), 4, bytes(1))).toThrow(refused('RECORD_SUPERSEDED'))
})

// DOCUMENT-R8
test('one body in two wrappings is one document, and two bodies in like ones are two', () => {
  const guard = createSeqGuard()
  const [one, two] = [cidOf(bytes(1)), cidOf(bytes(2))]
  guard.check(name('a'), 5, bytes(10), one)
  guard.check(name('a'), 5, bytes(11), one)
  expect(guard.evidence).toEqual([])
  expect(() => guard.check(name('a'), 5, bytes(12), two)).toThrow(refused('RECORD_EQUIVOCATES'))
  expect(guard.evidence).toHaveLength(1)
})

// DOCUMENT-R3
test('what was told twice is handed on once, and refused by a guard that starts from it', () => {
  const told: Equivocation[] = []
  const guard = createSeqGuard({ onEvidence: (pair) => told.push(pair) })
  guard.check(name('a'), 5, bytes(1))
  for (const fill of [2, 3, 1]) {
    expect(() => guard.check(name('a'), 5, bytes(fill))).toThrow(refused('RECORD_EQUIVOCATES'))
  }
  expect(told).toEqual([{ ...name('a'), seq: 5, documents: [bytes(1), bytes(2)] }])
  const again = createSeqGuard({ evidence: told })
  expect(again.evidence).toEqual(told)
  for (const fill of [1, 2, 3]) {
    expect(() => again.check(name('a'), 5, bytes(fill))).toThrow(refused('RECORD_EQUIVOCATES'))
  }
  expect(() => again.check(name('a'), 4, bytes(1))).toThrow(refused('RECORD_SUPERSEDED'))
  expect(() => again.check(name('a'), 6, bytes(9))).not.toThrow()
})
