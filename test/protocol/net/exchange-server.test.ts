import type { Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { createFrames } from '../../../protocol/net/frames.ts'
import { message } from '../../../protocol/net/message.ts'
import { count, PROTOCOL, pair } from './exchange-pair.ts'

async function raw(p: Awaited<ReturnType<typeof pair>>): Promise<Stream> {
  return p.caller.dialProtocol(p.peer, PROTOCOL)
}

describe('a server', () => {
  test('answers an oversized frame with its code and lives on', async () => {
    const p = await pair(count)
    const stream = await raw(p)
    const io = createFrames(stream)
    stream.send(Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
    expect(await io.read()).toMatchObject({ t: 'error', id: 0, v: { code: 2 } })
    await io.closed
    expect(await p.pool.request(p.peer, PROTOCOL, 1)).toEqual({ counted: 1 })
  })

  test.each([
    ['bytes that are not dag-cbor', Uint8Array.from([2, 0xff, 0xff])],
    ['an empty frame', Uint8Array.from([0])],
    ['a value that is no message', Uint8Array.from([1, 0x05])]
  ])('answers %s with FRAME_MALFORMED and lives on', async (_name, bytes) => {
    const p = await pair(count)
    const stream = await raw(p)
    const io = createFrames(stream)
    stream.send(bytes)
    expect(await io.read()).toMatchObject({ t: 'error', id: 0, v: { code: 1 } })
    await io.closed
    expect(await p.pool.request(p.peer, PROTOCOL, 1)).toEqual({ counted: 1 })
  })

  test('outlives any bytes at all', async () => {
    const p = await pair(count)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), async (bytes) => {
        const stream = await raw(p)
        stream.send(bytes)
        await stream.close()
      }),
      { numRuns: 40 }
    )
    expect(await p.pool.request(p.peer, PROTOCOL, 1)).toEqual({ counted: 1 })
  })

  // EXCHANGE-R2
  test('ignores a stop that crossed its end', async () => {
    const p = await pair(count)
    const io = createFrames(await raw(p))
    await io.write(message('ask', 1, 0))
    expect(await io.read()).toMatchObject({ t: 'end', id: 1 })
    await io.write(message('stop', 1), message('more', 1, 'x'), message('ask', 2, 0))
    expect(await io.read()).toMatchObject({ t: 'end', id: 2 })
  })

  // FRAME-W1
  test('refuses an ask over the frame limit before sending it', async () => {
    const { pool, peer } = await pair(count)
    const huge = pool.request(peer, PROTOCOL, new Uint8Array(LIMITS.frameBytes))
    await expect(huge).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
  })

  test('cuts running exchanges when it stops', async () => {
    const { pool, peer, serving } = await pair(async function* (_ask, { signal }) {
      yield 'in'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'out'
    })
    const exchange = pool.ask(peer, PROTOCOL, 1)
    for await (const _ of exchange.parts) {
      await serving.stop()
      break
    }
    await expect(exchange.end).rejects.toMatchObject({ code: 'PEER_GONE' })
    const after = pool.request(peer, PROTOCOL, 1)
    await expect(after).rejects.toMatchObject({ code: 'PROTOCOL_REFUSED' })
  })
})

test('closing a pool rejects what is running and leaves no timer', async () => {
  const { pool, peer } = await pair(async function* (_ask, { signal }) {
    yield 'in'
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return 'out'
  })
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const exchange = pool.ask(peer, PROTOCOL, 1)
  await exchange.parts[Symbol.asyncIterator]().next()
  pool.close()
  await expect(exchange.end).rejects.toMatchObject({ code: 'PEER_GONE' })
  await expect(pool.request(peer, PROTOCOL, 1)).rejects.toMatchObject({ code: 'PEER_GONE' })
  await expect.poll(timers).toBeLessThanOrEqual(before)
})
