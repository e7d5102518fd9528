import { streamPair } from '@libp2p/utils'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../../protocol/base/codec.ts'
import { isDatanetError } from '../../../protocol/base/errors.ts'
import { createFrameDecoder, createFrames, encodeFrames } from '../../../protocol/net/frames.ts'

const MAX = 4_096

/** Cuts `bytes` at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort(
    (a, b) => a - b
  )
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.byteLength))
}

describe('the frame decoder', () => {
  test('gives back every frame, however the bytes are cut', () => {
    const value = fc.oneof(fc.maxSafeInteger(), fc.string(), fc.uint8Array({ maxLength: 500 }))
    fc.assert(
      fc.property(fc.array(value), fc.array(fc.nat()), (values, places) => {
        const decoder = createFrameDecoder(MAX)
        const frames = cut(encodeFrames(values, MAX), places).flatMap((part) => decoder.feed(part))
        expect(frames.map((frame) => Buffer.from(frame).toString('hex'))).toEqual(
          values.map((each) => Buffer.from(encodeCanonical(each)).toString('hex'))
        )
        expect(decoder.inFrame).toBe(false)
      })
    )
  })

  test('gives frames within the limit or a code for any bytes at all', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const decoder = createFrameDecoder(MAX)
        try {
          for (const chunk of chunks) {
            for (const frame of decoder.feed(chunk)) {
              expect(frame.byteLength).toBeGreaterThan(0)
              expect(frame.byteLength).toBeLessThanOrEqual(MAX)
            }
          }
        } catch (error) {
          if (!isDatanetError(error)) throw error
          expect(['FRAME_TOO_LARGE', 'FRAME_MALFORMED']).toContain(error.code)
        }
      }),
      { numRuns: 500 }
    )
  })

  test.each([
    ['a length over the limit', [0x81, 0x20], 'FRAME_TOO_LARGE'],
    ['a length of 2 GiB', [0xff, 0xff, 0xff, 0xff, 0x07], 'FRAME_TOO_LARGE'],
    ['an empty frame', [0], 'FRAME_MALFORMED'],
    ['a length that is not minimal', [0x81, 0x00], 'FRAME_MALFORMED']
  ])('refuses %s before it keeps a byte of it', (_name, bytes, code) => {
    const decoder = createFrameDecoder(MAX)
    expect(() => decoder.feed(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code }))
  })
})

describe('a frame stream', () => {
  test('brings values across and ends cleanly', async () => {
    const [left, right] = await streamPair()
    const [from, to] = [createFrames(left), createFrames(right)]
    await from.write({ a: 1 }, 'b')
    expect(await to.read()).toEqual({ a: 1 })
    expect(await to.read()).toBe('b')
    await left.close()
    expect(await to.read()).toBeUndefined()
  })

  test('says that an end in the middle of a frame is not clean', async () => {
    const [left, right] = await streamPair()
    const to = createFrames(right)
    left.send(Uint8Array.from([5, 1, 2]))
    await left.close()
    await expect(to.read()).rejects.toMatchObject({ code: 'FRAME_MALFORMED' })
  })

  test('throws when the remote resets in the middle', async () => {
    const [left, right] = await streamPair()
    const to = createFrames(right)
    const reading = to.read()
    left.abort(new Error('gone'))
    await expect(reading).rejects.toThrow()
  })

  test('refuses a value over its limit without sending any of it', async () => {
    const [left, right] = await streamPair()
    const [from, to] = [createFrames(left, { maxFrameBytes: 100 }), createFrames(right)]
    const large = from.write('first', new Uint8Array(100))
    await expect(large).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
    await from.write('second')
    expect(await to.read()).toBe('second')
  })
})
