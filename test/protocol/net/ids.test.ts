import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketsOf, RENDEZVOUS_BUCKETS, rendezvousCid } from '../../../protocol/net/ids.ts'

const DAY_MS = 86_400_000

test('a rendezvous key is the raw CID of its text', () => {
  const digest = createHash('sha256').update('datanet/1:topic:health:3').digest('hex')
  const cid = rendezvousCid('topic', 'health', 3)
  expect(Buffer.from(cid.multihash.digest).toString('hex')).toBe(digest)
  expect(cid.code).toBe(0x55)
})

test('a peer keeps one bucket and moves the other with the UTC day', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(20_000), (peer, day) => {
      const today = bucketsOf('topic', peer, day * DAY_MS)
      expect(bucketsOf('topic', peer, day * DAY_MS + DAY_MS - 1)).toEqual(today)
      expect(bucketsOf('topic', peer, (day + 1) * DAY_MS)[0]).toBe(today[0])
      for (const bucket of today) expect(bucket).toBeLessThan(RENDEZVOUS_BUCKETS.topic)
    })
  )
})

test('many peers fill every bucket', () => {
  const buckets = Array.from({ length: 200 }, (_, i) => bucketsOf('topic', `peer ${i}`, 0)).flat()
  expect(new Set(buckets).size).toBe(RENDEZVOUS_BUCKETS.topic)
})

test('refuses a bucket or a value outside the bounds', () => {
  const refused = expect.objectContaining({ code: 'INPUT_INVALID' })
  expect(() => rendezvousCid('topic', 'health', RENDEZVOUS_BUCKETS.topic)).toThrow(refused)
  expect(() => rendezvousCid('topic', '', 0)).toThrow(refused)
  expect(() => rendezvousCid('topic', 'x'.repeat(257), 0)).toThrow(refused)
})
