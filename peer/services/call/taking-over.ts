import { DatanetError } from '../../../protocol/base/errors.ts'
import { decodeRequest } from '../../../protocol/net/invoke.ts'
import { commitmentOf } from '../../../protocol/receipt/receipt.ts'
import type { ProviderChannels } from '../channel/provider-channels.ts'
import { OFFERED } from '../model/offering.ts'
import type { CallAsk } from '../receipt/showing.ts'
import { ATTRIBUTION_MS } from './crediting.ts'
import { cutOff, type Endings } from './endings.ts'
import type { Again, Keeping } from './keeping.ts'
import { type LiveCall, liveKey } from './live-call.ts'

/**
 * Gives what the same ask was answered before, or undefined when it is to be answered now. A call of
 * `live` that still runs on another stream ends there. Refuses another request under the id of a call
 * (CALL_CONFLICT), a call still being taken on (PROVIDER_BUSY), and an ask for the rest of a call that
 * is not known (CALL_UNKNOWN). specs/07-channel.md §Replay
 */
export function createTakingOver(
  live: ReadonlyMap<string, LiveCall>,
  channels: Pick<ProviderChannels, 'idOf' | 'ready'>,
  keeping: Pick<Keeping, 'again'>,
  endings: Pick<Endings, 'finish'>
): (ask: CallAsk, from: number) => Promise<Again | undefined> {
  /** Ends a call for whoever asks again. Refuses those who do not know its request (CALL_CONFLICT). */
  async function takeOver(call: LiveCall, request: Uint8Array): Promise<void> {
    if (Buffer.compare(call.requestBytes, request) !== 0) {
      throw new DatanetError('CALL_CONFLICT', { callId: call.id })
    }
    call.cut.abort()
    // It ends by itself, with its attribution, unless its stream hangs.
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, 2 * ATTRIBUTION_MS)
    await Promise.race([call.over.promise, patience.promise])
    clearTimeout(timer)
    await call.delivering?.catch(() => {})
    if (!live.has(liveKey(call.channel?.channelId, call.id))) return
    // Still being taken on: it ends as soon as it is.
    if (call.isAdmitted !== true) throw new DatanetError('PROVIDER_BUSY', { callId: call.id })
    await endings.finish(call, cutOff(call, 'cancelled'))
  }

  return async (ask, from) => {
    if (ask.request.byteLength > OFFERED.maxInputBytes) {
      throw new DatanetError('REQUEST_TOO_LARGE', { maxInputBytes: OFFERED.maxInputBytes })
    }
    const request = decodeRequest(ask.request)
    const callId = Buffer.from(request.callId).toString('hex')
    if (ask.terms !== undefined) {
      const channelId = channels.idOf(ask.terms)
      await channels.ready
      const running = live.get(liveKey(channelId, callId))
      if (running !== undefined) await takeOver(running, ask.request)
      const commitment = commitmentOf(request.requestSalt, ask.request)
      const again = keeping.again(channelId, callId, commitment, from)
      if (again !== undefined) return again
    }
    const isAskedAnew = from === 0 && (ask.terms === undefined || ask.voucher !== undefined)
    if (isAskedAnew) return undefined
    throw new DatanetError('CALL_UNKNOWN', { callId })
  }
}
