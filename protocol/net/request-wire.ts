import { LIMITS } from '../base/limits.ts'
import { plain } from '../base/plain.ts'
import { weiToBytes } from '../base/units.ts'
import type { CallRequest } from './invoke.ts'

/**
 * Requests in and out of their wire form by hand, once per call on either side. Undefined means that
 * the schema in invoke.ts is to be asked, which says what is wrong. The two agree
 * (test/protocol/net/request-wire.test.ts).
 */

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant'])
const KEYS = 9

/** The wire form of a request. */
export function requestToWire(request: CallRequest): object | undefined {
  return isRequest(request) ? { ...request, maxWei: weiToBytes(request.maxWei) } : undefined
}

/** The request of a wire form. */
export function requestFromWire(wire: unknown): CallRequest | undefined {
  const at = plain.object(wire)
  if (at === undefined) return undefined
  const request = { ...at, maxWei: plain.wei(at.maxWei) } as CallRequest
  return isRequest(request) ? request : undefined
}

/** Everything that the schema demands, of a request in memory. */
function isRequest(request: CallRequest): boolean {
  const { maxOutputTokens, messages } = request
  const hasMost = 'maxOutputTokens' in request
  return (
    Object.keys(request).length === (hasMost ? KEYS + 1 : KEYS) &&
    request.version === 1 &&
    plain.isBytes(request.callId, 16) &&
    plain.isCount(request.attempt) &&
    request.attempt <= 255 &&
    plain.isCid(request.model) &&
    plain.isCid(request.offer) &&
    Array.isArray(messages) &&
    messages.length >= 1 &&
    messages.length <= 256 &&
    messages.every(isMessage) &&
    (!hasMost || (plain.isCount(maxOutputTokens) && maxOutputTokens >= 1)) &&
    plain.isWei(request.maxWei) &&
    plain.isBytes(request.requestSalt, 16) &&
    plain.isBytes(request.answerSalt, 16)
  )
}

function isMessage(message: unknown): boolean {
  const at = plain.object(message)
  return (
    at !== undefined &&
    Object.keys(at).length === 2 &&
    ROLES.has(at.role) &&
    typeof at.content === 'string' &&
    at.content.length <= LIMITS.frameBytes
  )
}
