import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy to `port` of this machine that holds every byte back for `oneWayMs`, each way. */
export async function startProxy(
  port: number,
  oneWayMs: number
): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from)
    // Timers of one duration fire in order, so the bytes stay in order.
    from.on('data', (data) => setTimeout(() => to.writable && to.write(data), oneWayMs))
    from.on('end', () => setTimeout(() => to.end(), oneWayMs))
    from.on('error', () => to.destroy())
    from.on('close', () => sockets.delete(from))
  }
  const server = createServer({ noDelay: true }, (inside) => {
    const outside = connect({ port, host: '127.0.0.1', noDelay: true })
    pass(inside, outside)
    pass(outside, inside)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}
