import { meteredAsk } from '../../api/metered-ask.ts'
import type { AskEvent, ModelListing, Question } from '../../api/models-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import type { SpendingCap } from '../../api/spending-cap.ts'
import type { ChatRequest } from './chat-request.ts'

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
  // Whoever has the gateway's token asks for the peer, and in no other name.
  const publishAs = request.publish === true ? (await api.status()).account : undefined
  const reservation = cap.reserve({
    leastWei: cheapestWei(listing),
    ...(request.maxWei === undefined ? {} : { wantWei: request.maxWei })
  })
  function question(): Question {
    return {
      model: listing.model.model,
      messages: request.messages,
      retry: !request.stream,
      ...(publishAs === undefined ? {} : { publishAs }),
      ...(request.form === undefined ? {} : { form: request.form }),
      ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens })
    }
  }

  let callId = ''
  const events = meteredAsk(api, question(), { reservation, signal })
  const early: AskEvent[] = []
  // Up to the first chunk nothing has been shown, so what happens there needs no replay.
  for (;;) {
    const { done, value } = await events.next()
    if (done) break
    if (value.type === 'started') callId = value.callId
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
