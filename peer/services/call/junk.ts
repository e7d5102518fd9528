import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { ExchangeHandler } from '../../../protocol/net/exchange.ts'
import type { Standing } from '../../net/standing.ts'

/**
 * `handler` that answers who is barred with PROVIDER_BUSY before anything is looked at, and counts
 * vouchers that their channel's signer did not sign: no honest payer sends one, and each costs a check.
 * specs/07-channel.md §Junk
 */
export function withStanding(
  handler: ExchangeHandler,
  standing: Standing,
  own: string
): ExchangeHandler {
  return async function* guarded(ask, context) {
    const { remotePeer } = context
    if (standing.isBarred(remotePeer)) throw new DatanetError('PROVIDER_BUSY', { barred: true })
    try {
      return yield* handler(ask, context)
    } catch (error) {
      // What a peer asks of itself passes by memory: it has nobody to defend itself from.
      if (remotePeer !== own && isJunk(error)) standing.strike(remotePeer)
      throw error
    }
  }
}

function isJunk(error: unknown): boolean {
  if (!isDatanetError(error)) return false
  return error.code === 'SIGNATURE_INVALID' && error.details.struct === 'Voucher'
}
