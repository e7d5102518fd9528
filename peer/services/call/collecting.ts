import { DatanetError } from '../../../protocol/base/errors.ts'
import { fromWire } from '../../../protocol/base/schema.ts'
import type { ExchangeContext } from '../../../protocol/net/exchange.ts'
import { invokeMoreSchema } from '../../../protocol/net/invoke.ts'
import type { ProviderChannel } from '../channel/provider-channels.ts'

/** Takes the vouchers of one call as they come, so that a payer who pays ahead is not waited for. */
export interface Collecting {
  /**
   * Resolves when another voucher was taken. Rejects as `accept` refuses one, with the reason of a
   * stopped exchange or of a call that was cut, and with VOUCHER_TIMEOUT when none came in time: a silent payer must not hold
   * its reservation.
   */
  next(needWei: bigint): Promise<void>
}

/** Collects for one call from now until its exchange ends. */
export function createCollecting(
  channel: ProviderChannel,
  context: ExchangeContext,
  { voucherMs, cut }: { readonly voucherMs: number; readonly cut: AbortSignal }
): Collecting {
  let news = Promise.withResolvers<void>()
  let failure: { readonly error: unknown } | undefined

  async function collect(): Promise<void> {
    try {
      for (;;) {
        const more = fromWire(invokeMoreSchema, await context.next())
        await channel.accept(more.voucher, context.remotePeer, {
          callId: Buffer.from(more.callId).toString('hex'),
          coveredWei: more.coveredWei
        })
        news.resolve()
        news = Promise.withResolvers()
      }
    } catch (error) {
      failure = { error }
      news.resolve()
    }
  }
  collect()

  return {
    async next(needWei) {
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        late.reject(new DatanetError('VOUCHER_TIMEOUT', { needWei: `${needWei}` }))
      }, voucherMs)
      const onCut = () => late.reject(cut.reason)
      cut.addEventListener('abort', onCut, { once: true })
      try {
        cut.throwIfAborted()
        if (failure === undefined) await Promise.race([news.promise, late.promise])
        if (failure !== undefined) throw failure.error
      } finally {
        clearTimeout(timer)
        cut.removeEventListener('abort', onCut)
      }
    }
  }
}
