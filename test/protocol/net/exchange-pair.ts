import { onTestFinished } from 'vitest'
import {
  type ExchangeHandler,
  type ServeInit,
  serveExchange
} from '../../../protocol/net/exchange.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { testNode } from '../../fixtures/network.ts'

export const PROTOCOL = '/test/exchange/1'

/** Two nodes, one of which answers by `handler`, and the other's pool. */
export async function pair(handler: ExchangeHandler, init: ServeInit & { streams?: number } = {}) {
  const [server, caller] = await Promise.all([testNode('server'), testNode('caller')])
  const serving = await serveExchange(server, PROTOCOL, handler, init)
  const pool = createExchangePool(caller, init.streams ? { streams: init.streams } : {})
  onTestFinished(() => pool.close())
  await caller.dial(server.getMultiaddrs())
  const streams = () =>
    caller
      .getConnections()
      .flatMap((connection) => connection.streams.filter((stream) => stream.protocol === PROTOCOL))
  return { server, caller, serving, pool, streams, peer: server.peerId }
}

/** Every part, once the last is there. */
export async function all(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const out: unknown[] = []
  for await (const part of parts) out.push(part)
  return out
}

/** Counts to what it is asked, and says so. */
export async function* count(ask: unknown): AsyncGenerator<unknown, unknown, boolean> {
  for (let i = 0; i < Number(ask); i++) yield i
  return { counted: ask }
}
