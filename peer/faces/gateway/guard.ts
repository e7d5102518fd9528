import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { refusal } from '../../api/problem.ts'
import { errorResponse } from './openai-error.ts'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** True for the names under which a program on this machine reaches this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host.toLowerCase()) || host === '::1'
}

/**
 * Refuses a request for any other name than this machine's with FORBIDDEN: a web page whose name
 * was re-pointed at 127.0.0.1 still sends its own name as Host.
 */
export const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host') ?? ''
  if (!isLoopback(host.replace(/:\d{1,5}$/, ''))) {
    throw refusal('FORBIDDEN', { host }, { hint: 'this endpoint answers to loopback names only' })
  }
  await next()
}

/** Refuses a request without `Authorization: Bearer token` with UNAUTHORIZED, in constant time. */
export function bearerOnly(token: string): MiddlewareHandler {
  const expected = digest(token)
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    // Digests, so that neither the length nor a common beginning shows in the time it takes.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw refusal('UNAUTHORIZED')
    }
    await next()
  }
}

/** Refuses a body above `maxBytes` with REQUEST_TOO_LARGE, before it is read whole. */
export function boundedBody(maxBytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => errorResponse(refusal('REQUEST_TOO_LARGE', { maxBytes }))
  })
}

const digest = (text: string) => createHash('sha256').update(text).digest()
