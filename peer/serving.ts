import type { Libp2p } from '@libp2p/interface'
import { type ExchangeHandler, serveExchange } from '../protocol/net/exchange.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'

/** Serves each handler under the protocol of its name until `stop`. */
export async function serveExchanges(
  node: Libp2p,
  handlers: Partial<Readonly<Record<keyof typeof PROTOCOLS, ExchangeHandler>>>
): Promise<{ stop(): Promise<unknown> }> {
  const servers = await Promise.all(
    Object.entries(handlers).map(([name, handler]) =>
      serveExchange(node, PROTOCOLS[name as keyof typeof PROTOCOLS], handler)
    )
  )
  return { stop: () => Promise.all(servers.map((server) => server.stop())) }
}
