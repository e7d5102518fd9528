import type { AskEvent, ModelListing, Question } from '../../api/models-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import type { ChatRequest } from './chat-request.ts'
import type { SpendingCap } from './spending-cap.ts'

/** A call whose provider has begun to answer, or has failed before it did. */
export interface PaidCall {
  readonly callId: string
  /** The events from the first chunk on. Settles the reservation however it ends. */
  readonly events: AsyncIterable<AskEvent>
}

export interface PaidCallComponents {
  readonly api: PeerApi
  readonly cap: SpendingCap
}

/**
 * Asks the model under the spending cap, and returns once the first piece of the answer is there:
 * what fails earlier is thrown, so that it still can have its own HTTP status. Refuses with
 * SPENDING_LIMIT before anything is paid. A streamed answer is not tried elsewhere once text of it
 * was delivered: it could not be taken back.
 */
export async function startPaidCall(
  { api, cap }: PaidCallComponents,
  request: ChatRequest,
  { listing, signal }: { readonly listing: ModelListing; readonly signal: AbortSignal }
): Promise<PaidCall> {
  const reservation = cap.reserve({
    leastWei: cheapestWei(listing),
    ...(request.maxWei === undefined ? {} : { wantWei: request.maxWei })
  })
  let callId = ''
  let runningWei = 0n
  // A provider that failed half-way was still paid for what it delivered.
  let sunkWei = 0n

  async function* counted(): AsyncGenerator<AskEvent> {
    let finished = false
    try {
      for await (const event of api.models.ask(question(), { signal })) {
        if (event.type === 'started') callId = event.callId
        if (event.type === 'chunk') runningWei = event.costWei
        if (event.type === 'retrying') {
          sunkWei += runningWei
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
      throw reservation.cut && codeOf(error) === 'PRICE_TOO_HIGH'
        ? refusal('SPENDING_LIMIT', { maxWei: reservation.maxWei }, { cause: error })
        : error
    } finally {
      // Cut short: the receipt may be there all the same, else the running cost is what we know.
      if (!finished) reservation.settle(sunkWei + (await receiptWei()))
    }
  }

  function question(): Question {
    return {
      model: listing.model.model,
      messages: request.messages,
      maxWei: reservation.maxWei,
      retry: !request.stream,
      ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens })
    }
  }

  async function receiptWei(): Promise<bigint> {
    if (callId === '') return 0n
    const receipt = await api.receipts.show(callId).catch(() => undefined)
    const priceWei = receipt?.priceWei ?? 0n
    return priceWei > runningWei ? priceWei : runningWei
  }

  const events = counted()
  const early: AskEvent[] = []
  // Up to the first chunk nothing has been shown, so what happens there needs no replay.
  for (;;) {
    const { done, value } = await events.next()
    if (done) break
    if (value.type === 'chunk' || value.type === 'done') {
      early.push(value)
      break
    }
  }
  // Nobody may come to read the rest of an answer whose caller has left.
  const leave = () => void events.return(undefined)
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return { callId, events: resumed(early, events) }
}

async function* resumed(early: AskEvent[], rest: AsyncGenerator<AskEvent>) {
  try {
    yield* early
    yield* rest
  } finally {
    // A reader that leaves while `early` is shown would leave `rest`, and its reservation, open.
    await rest.return(undefined)
  }
}

/** The least a call can cost: with no offer at hand, anything but nothing. */
function cheapestWei({ offers }: ModelListing): bigint {
  return (
    offers.reduce<bigint | undefined>(
      (least, { callWei }) => (least === undefined || callWei < least ? callWei : least),
      undefined
    ) ?? 1n
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
