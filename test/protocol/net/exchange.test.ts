import { describe, expect, test } from 'vitest'
import { DatanetError, isAbort } from '../../../protocol/base/errors.ts'
import { type ExchangeHandler, endWith } from '../../../protocol/net/exchange.ts'
import { all, count, PROTOCOL, pair } from './exchange-pair.ts'

describe('an exchange', () => {
  test('gives the parts in order and then the end value', async () => {
    const { pool, peer } = await pair(count)
    const exchange = pool.ask(peer, PROTOCOL, 100)
    expect(await all(exchange.parts)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(await exchange.end).toEqual({ counted: 100 })
  })

  // EXCHANGE-W1
  test('uses one stream for asks one after another and one each for asks at once', async () => {
    const { pool, peer, streams } = await pair(count, { streams: 4 })
    for (let i = 0; i < 10; i++) await pool.request(peer, PROTOCOL, 2)
    expect(streams()).toHaveLength(1)
    const [first] = streams().map((stream) => stream.id)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => pool.request(peer, PROTOCOL, i))
    )
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => ({ counted: i })))
    expect(streams()).toHaveLength(4)
    expect(streams().map((stream) => stream.id)).toContain(first)
  })

  test('brings further messages of the caller to the handler in order', async () => {
    const { pool, peer } = await pair(async function* (_ask, { next, messages }) {
      const first = await next()
      yield 'ready'
      const rest: unknown[] = []
      for await (const more of messages) if (rest.push(more) === 199) break
      return [first, ...rest]
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await exchange.send(i)
    })()
    expect(await all(exchange.parts)).toEqual(['ready'])
    await sending
    expect(await exchange.end).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  test('tells the handler that no further message came in time', async () => {
    const { pool, peer } = await pair(async function* (_ask, { next }) {
      yield 'waiting'
      return next({ deadlineMs: 20 })
    })
    await expect(pool.request(peer, PROTOCOL, 'go')).rejects.toMatchObject({ code: 'PEER_SILENT' })
  })

  test('lets the remote wait for a slow reader', async () => {
    let produced = 0
    const { pool, peer } = await pair(async function* () {
      for (; produced < 400; produced++) yield new Uint8Array(100_000)
      return 'all'
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    const parts = exchange.parts[Symbol.asyncIterator]()
    await parts.next()
    let before = -1
    // Still: no more is produced between two turns of the network, far from the 40 MB on offer.
    while (before !== produced) {
      before = produced
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(produced).toBeLessThan(100)
    let got = 1
    while ((await parts.next()).done !== true) got += 1
    expect(got).toBe(400)
    expect(await exchange.end).toBe('all')
  })
})

describe('a cancelled exchange', () => {
  const untilStopped: ExchangeHandler = async function* (_ask, { signal }) {
    let delivered = 0
    while (yield delivered) delivered += 1
    return { delivered, how: signal.reason.how }
  }

  // EXCHANGE-W2
  test('still gives the end value after a break, and keeps its stream', async () => {
    const { pool, peer, streams } = await pair(untilStopped)
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    for await (const part of exchange.parts) if (part === 10) break
    const end = (await exchange.end) as { delivered: number; how: string }
    expect(end.how).toBe('cancelled')
    expect(end.delivered).toBeGreaterThanOrEqual(10)
    const [before] = streams().map((stream) => stream.id)
    const again = pool.ask(peer, PROTOCOL, 'go')
    for await (const part of again.parts) if (part === 3) break
    await again.end
    expect(streams().map((stream) => stream.id)).toEqual([before])
  })

  test('throws the abort reason to the reader and still gives the end value', async () => {
    const { pool, peer, streams } = await pair(untilStopped)
    const abort = new AbortController()
    const exchange = pool.ask(peer, PROTOCOL, 'go', { signal: abort.signal })
    const reading = (async () => {
      for await (const part of exchange.parts) if (part === 5) abort.abort()
    })()
    await expect(reading).rejects.toSatisfy(isAbort)
    expect(await exchange.end).toMatchObject({ how: 'cancelled' })
    expect(streams()).toHaveLength(1)
  })

  test('gives every part that the end value counts after stop()', async () => {
    const { pool, peer } = await pair(untilStopped)
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    const got: unknown[] = []
    for await (const part of exchange.parts) {
      got.push(part)
      if (part === 5) exchange.stop()
    }
    const { delivered } = (await exchange.end) as { delivered: number }
    expect(got.length).toBeGreaterThanOrEqual(delivered)
  })

  // EXCHANGE-R3
  test('still gives the parts that a handler ends with', async () => {
    const { pool, peer } = await pair(async function* (_ask, { signal }) {
      yield 'first'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return endWith(['second', 'third'], 'three of them')
    })
    const exchange = pool.ask(peer, PROTOCOL, 0)
    const got: unknown[] = []
    for await (const part of exchange.parts) {
      got.push(part)
      exchange.stop()
    }
    expect([got, await exchange.end]).toEqual([['first', 'second', 'third'], 'three of them'])
  })

  test('is reset when the handler ignores the stop', async () => {
    const hang = Promise.withResolvers<void>()
    const { pool, peer, streams } = await pair(async function* () {
      yield 'one'
      await hang.promise
      return 'never'
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    for await (const _ of exchange.parts) break
    await expect(exchange.end).rejects.toMatchObject({ code: 'PEER_SILENT' })
    expect(streams()).toHaveLength(0)
    hang.resolve()
  })

  test('rejects with the reason when it was aborted before it began', async () => {
    const { pool, peer } = await pair(count)
    const exchange = pool.ask(peer, PROTOCOL, 1, { signal: AbortSignal.abort() })
    await expect(exchange.end).rejects.toSatisfy(isAbort)
    await expect(all(exchange.parts)).rejects.toSatisfy(isAbort)
  })

  test('ends a handler that yields on and on without looking at its signal', async () => {
    const over = Promise.withResolvers<void>()
    const { pool, peer } = await pair(async function* () {
      try {
        for (;;) yield 'more'
      } finally {
        over.resolve()
      }
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    for await (const _ of exchange.parts) break
    expect(await exchange.end).toBeUndefined()
    await over.promise
  })
})

describe('a failing exchange', () => {
  test('carries the code and bounded words of the handler and leaves the stream usable', async () => {
    const { pool, peer, streams } = await pair(async function* (ask) {
      yield 'part'
      if (ask === 'bad') {
        throw new DatanetError(
          'VOUCHER_INSUFFICIENT',
          { requiredWei: 17n, note: 'x'.repeat(9_000), 'forged\nkey': 1 },
          { hint: `pay\n${'y'.repeat(9_000)}` }
        )
      }
      return 'fine'
    })
    const error = (await pool.request(peer, PROTOCOL, 'bad').catch((e) => e)) as DatanetError
    expect(error.code).toBe('VOUCHER_INSUFFICIENT')
    expect(error.details).toMatchObject({ remote: true, peer: peer.toString() })
    expect(error.details.said).toMatchObject({ requiredWei: '17' })
    expect(JSON.stringify(error.details).length).toBeLessThan(2_000)
    expect(error.details.text).not.toContain('\n')
    expect(await pool.request(peer, PROTOCOL, 'good')).toBe('fine')
    expect(streams()).toHaveLength(1)
  })

  test('says INTERNAL and nothing else about an error that is not of the vocabulary', async () => {
    const { pool, peer } = await pair(async function* () {
      yield 'part'
      throw new Error('password in /etc/secret')
    })
    const error = (await pool.request(peer, PROTOCOL, 'go').catch((e) => e)) as DatanetError
    expect(error.code).toBe('INTERNAL')
    expect(JSON.stringify([error.message, error.details])).not.toContain('secret')
  })

  // EXCHANGE-R4
  test('is PEER_GONE at once when the peer is lost in the middle', async () => {
    const seen = Promise.withResolvers<string>()
    const { pool, peer, server } = await pair(async function* (_ask, { signal }) {
      yield 'first'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      seen.resolve(signal.reason.how)
      return 'late'
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    const started = performance.now()
    const reading = (async () => {
      for await (const _ of exchange.parts) server.stop()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'PEER_GONE' })
    await expect(exchange.end).rejects.toMatchObject({ code: 'PEER_GONE' })
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(await seen.promise).toBe('gone')
  })

  // EXCHANGE-R3
  test('is PEER_SILENT when nothing comes within the deadline', async () => {
    const hang = Promise.withResolvers<void>()
    const { pool, peer } = await pair(async function* () {
      await hang.promise
      yield 'never'
      return undefined
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go', { deadlineMs: 50 })
    await expect(exchange.end).rejects.toMatchObject({ code: 'PEER_SILENT' })
    hang.resolve()
  })

  test('is PROTOCOL_REFUSED or PEER_UNREACHABLE when it cannot start', async () => {
    const { pool, peer, server } = await pair(count)
    const other = pool.request(peer, '/test/other/1', 1)
    await expect(other).rejects.toMatchObject({ code: 'PROTOCOL_REFUSED' })
    const addresses = server.getMultiaddrs()
    await server.stop()
    const gone = pool.request(addresses, PROTOCOL, 1)
    await expect(gone).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  // EXCHANGE-R5
  test('is refused beyond the exchanges that one peer may have', async () => {
    const hold = Promise.withResolvers<void>()
    const { pool, peer } = await pair(
      async function* () {
        yield 'in'
        await hold.promise
        return 'out'
      },
      { exchangesPerPeer: 1 }
    )
    const first = pool.ask(peer, PROTOCOL, 1)
    const parts = first.parts[Symbol.asyncIterator]()
    await parts.next()
    const second = pool.request(peer, PROTOCOL, 2)
    await expect(second).rejects.toMatchObject({ code: 'PROVIDER_BUSY' })
    hold.resolve()
    expect(await first.end).toBe('out')
  })

  test('is told that the handler ran past its deadline', async () => {
    const { pool, peer } = await pair(
      async function* (_ask, { signal }) {
        yield 'in'
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason))
        )
        return 'out'
      },
      { deadlineMs: 50 }
    )
    await expect(pool.request(peer, PROTOCOL, 1)).rejects.toMatchObject({
      code: 'PEER_SILENT',
      details: { remote: true }
    })
  })
})
