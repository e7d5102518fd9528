import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { refusal } from './problem.ts'

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

/**
 * Which of `tokens` a request carries as `Authorization: Bearer`, found in a time that tells nothing
 * of them. Refuses a request with none of them (UNAUTHORIZED), and tokens too easily guessed when it
 * is made (CONFIG_INVALID).
 */
export function createBearerCheck<T extends { readonly token: string }>(
  tokens: readonly T[]
): (authorization: string | undefined) => T {
  if (tokens.some(({ token }) => !/^\S{8,}$/.test(token))) {
    throw refusal('CONFIG_INVALID', {}, { hint: 'a token needs 8 characters, none a space' })
  }
  const known = tokens.map((token) => ({ token, digest: digest(token.token) }))
  return (authorization) => {
    const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) throw refusal('UNAUTHORIZED')
    // Digests, so that neither the length nor a common beginning shows in the time it takes.
    const asked = digest(given)
    const found = known.filter((one) => timingSafeEqual(one.digest, asked))[0]
    if (found === undefined) throw refusal('UNAUTHORIZED')
    return found.token
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
