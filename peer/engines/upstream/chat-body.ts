import { readAnswer } from '../../../protocol/model/tool-calls.ts'
import type { TextRequest } from '../text-model.ts'

/** What a request says beside the question: whom it is for. */
export interface ChatTarget {
  readonly model: string
  /** Further members of the body: what some servers choose an adapter by. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/** `request` as a body of the OpenAI API, streamed and with usage at the end. */
export function chatBody(request: TextRequest, { model, extra }: ChatTarget): object {
  const { messages, maxTokens, form, temperature } = request
  const { tools, toolChoice, json } = form ?? {}
  return {
    model,
    messages: messages.map(messageOf),
    stream: true,
    stream_options: { include_usage: true },
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(tools === undefined
      ? {}
      : { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
    ...(toolChoice === undefined
      ? {}
      : {
          tool_choice:
            typeof toolChoice === 'string'
              ? toolChoice
              : { type: 'function', function: { name: toolChoice.name } }
        }),
    ...(json === undefined
      ? {}
      : {
          response_format:
            json.schema === undefined
              ? { type: 'json_object' }
              : { type: 'json_schema', json_schema: { ...json, name: json.name ?? 'answer' } }
        }),
    ...extra
  }
}

/** An earlier answer carries its tool calls in its text. */
function messageOf({ role, content, toolCallId }: TextRequest['messages'][number]): object {
  if (role === 'tool') return { role, content, tool_call_id: toolCallId ?? '' }
  if (role !== 'assistant') return { role, content }
  const { content: text, toolCalls } = readAnswer(content)
  if (toolCalls.length === 0) return { role, content: text }
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args }
  }))
  return { role, content: text === '' ? null : text, tool_calls: calls }
}
