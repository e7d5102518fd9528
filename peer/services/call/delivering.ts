import { isDatanetError } from '../../../protocol/base/errors.ts'
import { toWire } from '../../../protocol/base/schema.ts'
import { priceWei } from '../../../protocol/model/price.ts'
import type { ExchangeContext } from '../../../protocol/net/exchange.ts'
import { invokePartSchema } from '../../../protocol/net/invoke.ts'
import type { SignedReceipt } from '../../../protocol/receipt/receipt.ts'
import type { OnUndo } from '../../store/group-commit.ts'
import type { CallEnd, ProviderChannel } from '../channel/provider-channels.ts'
import { createCollecting } from './collecting.ts'
import { type Ending, type Endings, endingOf } from './endings.ts'
import type { KeptChunk } from './keeping.ts'
import { isCut, type LiveCall } from './live-call.ts'
import type { Steps } from './steps.ts'

/** The last chunk of an answer, which is on the disk together with the receipt and has not left yet. */
export interface Last {
  readonly part: unknown
  readonly receipt: SignedReceipt
  readonly ending: Ending
}

/**
 * Delivers one piece of text: paid for, counted, on the disk, then sent. Gives what ended the answer,
 * if anything did; the piece that comes with `steps` may end it, by the receipt in its own commit.
 */
export type Deliver = (
  call: LiveCall,
  text: string,
  context: ExchangeContext,
  steps?: Steps
) => AsyncGenerator<unknown, 'cancelled' | 'interrupted' | Last | undefined, boolean>

/** What leaves, and what it costs. */
interface Leaving {
  readonly chunk: KeptChunk
  readonly costWei: bigint
  readonly part: unknown
}

/** Deliveries, not one of them unpaid. specs/07-channel.md §Window */
export function createDelivering(
  endings: Pick<Endings, 'withLast'>,
  { voucherMs }: { readonly voucherMs: number }
): Deliver {
  /** Asks for money until a chunk of `costWei` is paid for; false when it will not be. */
  async function* ensurePaid(
    call: LiveCall,
    costWei: bigint,
    context: ExchangeContext
  ): AsyncGenerator<unknown, boolean, boolean> {
    const { channel } = call
    if (channel === undefined) return true
    // A payer may pay ahead; an answer of one chunk has no use for it.
    if (call.deliveredWei > 0n) {
      call.collecting ??= createCollecting(channel, context, { voucherMs, cut: call.cut.signal })
    }
    const needWei = call.deliveredWei + costWei
    if (needWei > call.request.maxWei) return false
    if (channel.isCovered(call.id, costWei)) return true
    call.collecting ??= createCollecting(channel, context, { voucherMs, cut: call.cut.signal })
    yield toWire(invokePartSchema, { needWei })
    while (!channel.isCovered(call.id, costWei)) await call.collecting.next(needWei)
    return true
  }

  /** Puts what leaves on the disk, with the receipt where nobody has to wait for the engine's end. */
  async function write(
    call: LiveCall,
    channel: ProviderChannel,
    { chunk, costWei, part }: Leaving,
    { context, steps }: { readonly context: ExchangeContext; readonly steps: Steps | undefined }
  ): Promise<Last | undefined> {
    let ending: Ending | undefined
    const keep = (onUndo: OnUndo) => call.kept?.add(chunk, onUndo)
    const end = (onUndo: OnUndo): CallEnd | undefined => {
      ending = isCut(call, context) ? undefined : endingWith(call, chunk, steps)
      if (ending === undefined) return undefined
      // From here on nothing else ends the call.
      call.ended = delivering as Promise<SignedReceipt>
      onUndo(() => {
        delete call.ended
      })
      return endings.withLast(call, ending, chunk)
    }
    const delivering = channel.deliver(call.id, costWei, keep, end)
    call.delivering = delivering
    const receipt = await delivering
    if (receipt !== undefined && ending !== undefined) return { part, receipt, ending }
    return undefined
  }

  return async function* deliver(call, text, context, steps) {
    const { signed, inputTokens, meter, channel } = call
    const outputTokens = meter.peek(text)
    const totalWei = priceWei(signed.offer.price, { inputTokens, outputTokens })
    const costWei = totalWei - call.deliveredWei
    if (!(yield* ensurePaid(call, costWei, context))) return 'interrupted'
    if (isCut(call, context)) return 'cancelled'
    const part = toWire(invokePartSchema, { chunk: text, costWei: totalWei })
    let last: Last | undefined
    if (channel !== undefined) {
      const leaving = { chunk: { text, costWei: totalWei, outputTokens }, costWei, part }
      last = await write(call, channel, leaving, { context, steps })
      // Not sent, and not owed: whoever left while it was written did not get it.
      if (last === undefined && isCut(call, context)) {
        channel.takeBack(call.id, costWei)
        call.isTakenBack = true
        return 'cancelled'
      }
    }
    call.deliveredWei = totalWei
    call.outputTokens = meter.push(text)
    if (last !== undefined) return last
    return (yield part) ? undefined : 'cancelled'
  }
}

/** How the answer ends with this chunk, if the engine is known to say no more. */
function endingWith(call: LiveCall, { text }: KeptChunk, steps?: Steps): Ending | undefined {
  const following = steps?.following
  if (following?.done !== true) return undefined
  const whole = { served: call.served, text: call.meter.text + text }
  try {
    return endingOf(whole, following.value)
  } catch (error) {
    // It fails again, and is told, once the chunk has left.
    if (isDatanetError(error)) return undefined
    throw error
  }
}
