import type { AskEvent } from '../../api/models-api.ts'
import { toOpenAiError } from './openai-error.ts'

export interface Completion {
  /** The model's id as the client named it. */
  readonly model: string
  readonly callId: string
  readonly createdAtMs: number
}

type Done = Extract<AskEvent, { type: 'done' }>

/** The whole answer as one `chat.completion`; text of an attempt that failed is left out. */
export async function toCompletion(events: AsyncIterable<AskEvent>, completion: Completion) {
  let text = ''
  let done: Done | undefined
  for await (const event of events) {
    if (event.type === 'chunk') text += event.text
    if (event.type === 'retrying') text = ''
    if (event.type === 'done') done = event
  }
  return {
    ...head(completion, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: done === undefined ? 'length' : finishReason(done)
      }
    ],
    usage: done === undefined ? undefined : usageOf(done)
  }
}

/**
 * The answer as server-sent `chat.completion.chunk`s and `[DONE]`. The last chunk carries the usage
 * and the costs: one of its own with `includeUsage`, as OpenAI does it, else that of the finish. A
 * failure under way becomes an error event, after which the stream ends without `[DONE]`.
 */
export async function* toChunks(
  events: AsyncIterable<AskEvent>,
  completion: Completion,
  { includeUsage, onError }: { includeUsage: boolean; onError?: (error: unknown) => void }
): AsyncGenerator<string> {
  const chunk = (choices: readonly object[], rest: object = includeUsage ? { usage: null } : {}) =>
    sse({ ...head(completion, 'chat.completion.chunk'), choices, ...rest })
  const choice = (delta: object, finish: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason: finish }
  ]
  try {
    yield chunk(choice({ role: 'assistant', content: '' }))
    for await (const event of events) {
      if (event.type === 'chunk') yield chunk(choice({ content: event.text }))
      if (event.type !== 'done') continue
      const usage = usageOf(event)
      const finish = choice({}, finishReason(event))
      if (includeUsage) {
        yield chunk(finish)
        yield chunk([], { usage })
      } else yield chunk(finish, { usage })
    }
    yield 'data: [DONE]\n\n'
  } catch (error) {
    onError?.(error)
    yield sse(toOpenAiError(error))
  }
}

function head({ model, callId, createdAtMs }: Completion, object: string) {
  return {
    id: `chatcmpl-${callId}`,
    object,
    created: Math.floor(createdAtMs / 1000),
    model,
    system_fingerprint: null
  }
}

/** `stop` when the model said all it had to say, an abstention included. */
function finishReason({ receipt: { outcome } }: Done): 'stop' | 'length' {
  return outcome === 'answered' || outcome === 'abstained' ? 'stop' : 'length'
}

function usageOf({ receipt, citations }: Done) {
  return {
    prompt_tokens: receipt.inputTokens,
    completion_tokens: receipt.outputTokens,
    total_tokens: receipt.inputTokens + receipt.outputTokens,
    x_datanet: {
      receipt: receipt.callId,
      outcome: receipt.outcome,
      costWei: receipt.priceWei.toString(),
      royaltyWei: receipt.royaltyWei.toString(),
      provider: receipt.provider,
      model: receipt.model,
      method: receipt.method,
      credits: receipt.credits,
      citations
    }
  }
}

const sse = (value: object) => `data: ${JSON.stringify(value)}\n\n`
