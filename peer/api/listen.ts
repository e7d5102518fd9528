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
    throw refusal('CONFIG_INVALID', { port }, { cause, hint: portHint(port, cause) })
  }
  const { port: bound } = server.address() as AddressInfo
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`
}

/** Why `port` is not to be had, in words: what a failed listen left in `cause`. */
export function portHint(port: number, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE') return `port ${port} is taken: choose another, or 0 for a free one`
  if (code === 'EACCES') return `port ${port} needs more rights: choose one above 1023`
  return `port ${port} cannot be listened on`
}
