import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import { type Rpc, RpcError } from './rpc.ts'

/** A JSON-RPC endpoint on loopback. */
export interface RpcServer {
  readonly url: string
  close(): Promise<void>
}

const MAX_BODY_BYTES = 2_097_152
const MAX_BATCH = 100

/**
 * Serves `rpc` over HTTP on 127.0.0.1 (a free port unless one is given). Bodies and batches are
 * bounded, and requests for another host are refused, so that no web page can reach it through a name
 * of its own. Refuses a port that is taken (CONFIG_INVALID).
 */
export async function serveRpc(rpc: Rpc, init: { port?: number } = {}): Promise<RpcServer> {
  const server = createServer((request, response) => {
    answer(rpc, request).then(
      ({ status, body }) => send(response, status, body),
      () => send(response, 500, failure(null, -32603, 'internal error'))
    )
  })
  server.requestTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const { port = 0 } = init
      const isTaken = 'code' in cause && cause.code === 'EADDRINUSE'
      const hint = isTaken
        ? `port ${port} is taken: choose another, or 0 for a free one`
        : `port ${port} cannot be listened on`
      reject(new DatanetError('CONFIG_INVALID', { port }, { cause, hint }))
    })
    server.listen(init.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

async function answer(
  rpc: Rpc,
  request: IncomingMessage
): Promise<{ status: number; body: unknown }> {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) {
    return { status: 403, body: failure(null, -32600, 'another host was asked for') }
  }
  if (request.method !== 'POST') {
    return { status: 405, body: failure(null, -32600, 'JSON-RPC is sent with POST') }
  }
  // A page of another site can post a form without asking first, but not this type.
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    return { status: 415, body: failure(null, -32600, 'content-type is application/json') }
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY_BYTES) {
      return { status: 413, body: failure(null, -32600, 'the request is too large') }
    }
    chunks.push(chunk)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return { status: 400, body: failure(null, -32700, 'not JSON') }
  }
  if (!Array.isArray(parsed)) return { status: 200, body: await call(rpc, parsed) }
  if (parsed.length === 0 || parsed.length > MAX_BATCH) {
    return { status: 400, body: failure(null, -32600, `a batch holds 1 to ${MAX_BATCH} requests`) }
  }
  return { status: 200, body: await Promise.all(parsed.map((one) => call(rpc, one))) }
}

async function call(rpc: Rpc, request: unknown): Promise<object> {
  if (typeof request !== 'object' || request === null) return failure(null, -32600, 'not a request')
  const { id = null, method, params = [] } = request as Record<string, unknown>
  if (typeof method !== 'string' || !Array.isArray(params)) {
    return failure(id, -32600, 'a request has a method and an array of params')
  }
  try {
    return { jsonrpc: '2.0', id, result: (await rpc(method, params)) ?? null }
  } catch (error) {
    if (error instanceof RpcError) return failure(id, error.rpcCode, error.message, error.data)
    return failure(id, -32603, isDatanetError(error) ? error.code : 'internal error')
  }
}

function failure(id: unknown, code: number, message: string, data?: string): object {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  // Whatever of the request was not read is not waited for.
  const close = status === 200 ? {} : { connection: 'close' }
  response.writeHead(status, { 'content-type': 'application/json', ...close })
  response.end(JSON.stringify(body))
}
