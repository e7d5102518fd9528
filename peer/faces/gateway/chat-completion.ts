import type { AskEvent } from '../../api/models-api.ts'
import { readToolCalls } from '../../api/tool-calls.ts'
import { toOpenAiError } from './openai-error.ts'

export interface Completion {
  /** The model's id as the client named it. */
  readonly model: string
  readonly callId: string
  readonly createdAtMs: number
  /** Tools were named: what ends the answer may be calls of them. */
  readonly mayCall: boolean
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
  const read = completion.mayCall ? readToolCalls(text) : { content: text, toolCalls: [] }
  const { content, toolCalls } = read
  const calls = toolCalls.map(toOpenAiCall)
  return {
    ...head(completion, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: calls.length > 0 && content === '' ? null : content,
          refusal: null,
          ...(calls.length === 0 ? {} : { tool_calls: calls })
        },
        logprobs: null,
        finish_reason: done === undefined ? 'length' : finishReason(done, calls.length)
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
    // Tool calls end an answer: from their first mark on it is kept until they are whole.
    let calling = ''
    for await (const event of events) {
      if (event.type === 'chunk') {
        const mark = completion.mayCall ? event.text.indexOf(CALL_MARK) : -1
        const at = calling === '' ? mark : 0
        const content = at < 0 ? event.text : event.text.slice(0, at)
        if (calling === '' && content !== '') yield chunk(choice({ content }))
        if (at >= 0) calling += event.text.slice(at)
      }
      if (event.type !== 'done') continue
      const calls = readToolCalls(calling).toolCalls.map(toOpenAiCall)
      for (const [index, call] of calls.entries()) {
        yield chunk(choice({ tool_calls: [{ index, ...call }] }))
      }
      const usage = usageOf(event)
      const finish = choice({}, finishReason(event, calls.length))
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

/** What tool calls in an answer begin with (specs/06-model.md §Tool calls). */
const CALL_MARK = '\u001e'

function toOpenAiCall(call: { id: string; name: string; arguments: string }) {
  const { id, name, arguments: args } = call
  return { id, type: 'function' as const, function: { name, arguments: args } }
}

/** `stop` when the model said all it had to say, an abstention included. */
function finishReason({ receipt: { outcome } }: Done, calls: number) {
  if (calls > 0) return 'tool_calls' as const
  return outcome === 'answered' || outcome === 'abstained' ? ('stop' as const) : ('length' as const)
}

function usageOf({ receipt, citations, unanswered }: Done) {
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
      citations,
      ...(unanswered === undefined ? {} : { unanswered })
    }
  }
}

const sse = (value: object) => `data: ${JSON.stringify(value)}\n\n`
