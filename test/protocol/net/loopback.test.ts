import { describe, expect, onTestFinished, test } from 'vitest'
import { DatanetError, isAbort } from '../../../protocol/base/errors.ts'
import {
  type ExchangeHandler,
  type ServeInit,
  serveExchange
} from '../../../protocol/net/exchange.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { testNode } from '../../fixtures/network.ts'

const PROTOCOL = '/test/self/1'

/** A node that answers itself. */
async function self(handler: ExchangeHandler, init: ServeInit & { streams?: number } = {}) {
  const node = await testNode('self')
  const serving = await serveExchange(node, PROTOCOL, handler, init)
  const pool = createExchangePool(node, init.streams ? { streams: init.streams } : {})
  onTestFinished(() => pool.close())
  return { node, serving, pool, peer: node.peerId }
}

async function all(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const out: unknown[] = []
  for await (const part of parts) out.push(part)
  return out
}

async function* count(ask: unknown): AsyncGenerator<unknown, unknown, boolean> {
  for (let i = 0; i < Number(ask); i++) yield i
  return { counted: ask }
}

describe('an exchange of a node with itself', () => {
  test('gives parts and end, under its own id, however it is named', async () => {
    const { node, pool, peer } = await self(async function* (ask, { remotePeer }) {
      yield* count(ask)
      return remotePeer
    })
    const targets = [peer, peer.toString(), node.getMultiaddrs()]
    for (const target of targets) {
      const exchange = pool.ask(target, PROTOCOL, 3)
      expect(await all(exchange.parts)).toEqual([0, 1, 2])
      expect(await exchange.end).toBe(peer.toString())
    }
    expect(node.getConnections()).toEqual([])
  })

  test('keeps its streams, and opens others only when all are busy', async () => {
    const { pool, peer } = await self(count, { streams: 3 })
    const asks = Array.from({ length: 50 }, (_, i) => pool.request(peer, PROTOCOL, i))
    expect(await Promise.all(asks)).toEqual(asks.map((_, i) => ({ counted: i })))
  })

  test('hands its turn on when it is given up in the very moment it comes', async () => {
    const { pool, peer } = await self(count, { streams: 1 })
    const leaving = new AbortController()
    const first = pool.ask(peer, PROTOCOL, 1)
    const second = pool.request(peer, PROTOCOL, 2, { signal: leaving.signal })
    const third = pool.request(peer, PROTOCOL, 3)
    second.catch(() => {})
    // Before the second hears that the stream is free, it is not wanted any more.
    const ended = first.end.then(() => leaving.abort())
    await all(first.parts)
    await ended
    await expect(second).rejects.toSatisfy(isAbort)
    expect(await third).toEqual({ counted: 3 })
  })

  test('brings further messages in order, and makes a fast sender wait', async () => {
    let produced = 0
    const { pool, peer } = await self(async function* (_ask, { next }) {
      for (; produced < 400; produced++) yield new Uint8Array(100_000)
      return [await next(), await next()]
    })
    const exchange = pool.ask(peer, PROTOCOL, 'go')
    await exchange.send('a')
    await exchange.send('b')
    const parts = exchange.parts[Symbol.asyncIterator]()
    await parts.next()
    await expect.poll(() => produced).toBeGreaterThan(16)
    const before = produced
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    expect(produced).toBe(before)
    expect(produced).toBeLessThan(60)
    let left = 1
    for (let step = await parts.next(); step.done !== true; step = await parts.next()) left += 1
    expect(left).toBe(400)
    expect(await exchange.end).toEqual(['a', 'b'])
  })

  test('tells refusals by their code as those of another peer', async () => {
    const { pool, peer } = await self(async function* () {
      yield 'in'
      throw new DatanetError('PROVIDER_BUSY')
    })
    await expect(pool.request(peer, PROTOCOL, 1)).rejects.toMatchObject({
      code: 'PROVIDER_BUSY',
      details: { remote: true }
    })
    const unknown = pool.request(peer, '/test/unknown/1', 1)
    await expect(unknown).rejects.toMatchObject({ code: 'PROTOCOL_REFUSED' })
  })

  test('ends early on a stop, with what was delivered, and can be asked again', async () => {
    const { pool, peer } = await self(async function* () {
      for (let sent = 1; ; sent++) if (!(yield sent)) return { sent }
    })
    const exchange = pool.ask(peer, PROTOCOL, 1)
    const parts = exchange.parts[Symbol.asyncIterator]()
    await parts.next()
    exchange.stop()
    while ((await parts.next()).done !== true);
    expect(await exchange.end).toMatchObject({ sent: expect.any(Number) })
    const again = pool.ask(peer, PROTOCOL, 1)
    for await (const part of again.parts) {
      expect(part).toBe(1)
      break
    }
  })

  test('ends with the reason of an abort', async () => {
    const { pool, peer } = await self(async function* (_ask, { signal }) {
      yield 'in'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'out'
    })
    const abort = new AbortController()
    const exchange = pool.ask(peer, PROTOCOL, 1, { signal: abort.signal })
    const parts = exchange.parts[Symbol.asyncIterator]()
    await parts.next()
    abort.abort()
    await expect(parts.next()).rejects.toSatisfy(isAbort)
    expect(await exchange.end).toBe('out')
  })

  test('is cut when the server stops or the pool closes', async () => {
    const stuck: ExchangeHandler = async function* (_ask, { signal }) {
      yield 'in'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'out'
    }
    const { pool, peer, serving } = await self(stuck)
    const first = pool.ask(peer, PROTOCOL, 1)
    for await (const _ of first.parts) {
      await serving.stop()
      break
    }
    await expect(first.end).rejects.toMatchObject({ code: 'PEER_GONE' })
    const after = pool.request(peer, PROTOCOL, 1)
    await expect(after).rejects.toMatchObject({ code: 'PROTOCOL_REFUSED' })
  })

  test('is silent after its deadline and lets the handler see the caller go', async () => {
    const gone = Promise.withResolvers<unknown>()
    const { pool, peer } = await self(async function* (_ask, { signal }) {
      yield 'in'
      signal.addEventListener('abort', () => gone.resolve(signal.reason))
      await gone.promise
      return undefined
    })
    const late = pool.request(peer, PROTOCOL, 1, { deadlineMs: 50 })
    await expect(late).rejects.toMatchObject({ code: 'PEER_SILENT' })
    expect(await gone.promise).toMatchObject({ how: 'gone' })
  })
})
