import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusal } from './problem.ts'

/**
 * Resolves with the URL of `server` once it listens on `host`, a loopback name, and `port`, a free one
 * for 0. Refuses a port that is taken or not to be had (CONFIG_INVALID).
 */
export async function listenOn(server: Server, host: string, port: number): Promise<string> {
  try {
    server.listen(port, host.replace(/^\[|\]$/g, ''))
    await once(server, 'listening')
  } catch (cause) {
    throw refusal('CONFIG_INVALID', { port }, { cause, hint: `port ${port} cannot be listened on` })
  }
  const { port: bound } = server.address() as AddressInfo
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`
}
