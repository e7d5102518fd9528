import { isAbort } from '../../protocol/base/errors.ts'
import type { AskEvent, Question } from './models-api.ts'
import type { PeerApi } from './peer-api.ts'
import { refusal } from './problem.ts'
import type { Reservation } from './spending-cap.ts'

/** Failures after which a provider may claim what was prepaid, and gives no receipt for it. */
const LOST: readonly unknown[] = ['PEER_GONE', 'PEER_SILENT']

/**
 * Asks within `reservation` and settles it with what the call did cost, however it ends: failed
 * attempts were paid for as well, and of one that was lost what it had prepaid counts. A price above what a spending cap left is SPENDING_LIMIT, and an
 * answer that ends without `done` PEER_GONE.
 */
export async function* meteredAsk(
  api: Pick<PeerApi, 'models' | 'receipts'>,
  question: Question,
  { reservation, signal }: { readonly reservation: Reservation; readonly signal: AbortSignal }
): AsyncGenerator<AskEvent> {
  let callId = ''
  let runningWei = 0n
  // A provider that failed half-way was still paid for what it delivered.
  let sunkWei = 0n
  let finished = false
  // Also of one that its listener leaves.
  let isLost = true

  async function receiptWei(): Promise<bigint> {
    if (callId === '') return 0n
    const receipt = await api.receipts.show(callId).catch(() => undefined)
    if (receipt === undefined) return runningWei + (isLost ? reservation.prepaidWei : 0n)
    return receipt.priceWei > runningWei ? receipt.priceWei : runningWei
  }

  try {
    const within = { ...question, maxWei: reservation.maxWei }
    for await (const event of api.models.ask(within, { signal })) {
      if (event.type === 'started') callId = event.callId
      if (event.type === 'chunk') runningWei = event.costWei
      if (event.type === 'retrying') {
        sunkWei += runningWei + (LOST.includes(event.code) ? reservation.prepaidWei : 0n)
        runningWei = 0n
      }
      if (event.type === 'done') {
        finished = true
        reservation.settle(sunkWei + event.receipt.priceWei)
      }
      yield event
    }
    if (!finished) throw refusal('PEER_GONE', { callId })
  } catch (error) {
    isLost = isAbort(error) || LOST.includes(codeOf(error))
    throw reservation.cut && codeOf(error) === 'PRICE_TOO_HIGH'
      ? refusal('SPENDING_LIMIT', { maxWei: reservation.maxWei }, { cause: error })
      : error
  } finally {
    // Cut short: the receipt may be there all the same, else what was promised is what we know.
    if (!finished) reservation.settle(sunkWei + (await receiptWei()))
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
