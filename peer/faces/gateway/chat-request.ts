import { z } from 'zod'
import type { ChatMessage } from '../../api/models-api.ts'
import { refusal } from '../../api/problem.ts'
import { answerText } from '../../api/tool-calls.ts'
import { callsField, formFields, formOf } from './chat-form.ts'

/** A chat request as this gateway understands it. */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly maxOutputTokens?: number
  readonly maxWei?: bigint
  /** The question may be asked in public, in the peer's own name, should the model abstain. */
  readonly publish?: true
  /** Tools and the form of the answer. */
  readonly form?: string
  /** The parameter that asks for the form: for a model that answers in plain text only. */
  readonly formParam?: string
}

const MAX_MESSAGES = 256

const textParts = z
  .array(
    z.object({
      type: z.literal('text', { error: 'only text parts are supported' }),
      text: z.string()
    })
  )
  .min(1)
  .transform((parts) => parts.map(({ text }) => text).join(''))

const content = z.union([z.string(), textParts], { error: 'only text content is supported' })
const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string().min(1).max(256) }),
  z.object({ role: z.literal('assistant'), content: content.nullish(), tool_calls: callsField })
])

const tokens = z.int().positive().nullish()
const empty = (what: string) =>
  z
    .array(z.unknown())
    .max(0, { error: `${what} are not supported` })
    .nullish()

// What would change the shape of the answer is refused; what only steers sampling (temperature,
// top_p, seed, penalties, user, metadata, store…) has no effect on these models and is ignored.
const body = z.object({
  model: z.string().min(1).max(256),
  messages: z.array(message).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  n: z.literal(1, { error: 'one answer a call: n must be 1' }).nullish(),
  ...formFields,
  functions: empty('functions'),
  stop: z
    .union([z.literal(''), z.array(z.string()).max(0)], { error: 'stop is not supported' })
    .nullish(),
  logprobs: z.literal(false, { error: 'logprobs are not supported' }).nullish(),
  audio: z.null({ error: 'audio is not supported' }).optional(),
  modalities: z.array(z.literal('text', { error: 'only text is supported' })).nullish(),
  x_datanet: z
    .object({
      maxWei: z
        .string()
        .regex(/^\d{1,39}$/, { error: 'a decimal amount' })
        .optional(),
      publish: z.boolean().optional()
    })
    .nullish()
})

/**
 * The request in `input`, a parsed JSON body. Refuses what is malformed or not supported with
 * INPUT_INVALID, naming the parameter. `x_datanet.maxWei` bounds the price of this one call,
 * `x_datanet.publish` is the asker's consent to ask in public what the model cannot answer.
 */
export function parseChatRequest(input: unknown): ChatRequest {
  const parsed = body.safeParse(input)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const param = issue?.path.join('.') ?? ''
    throw refusal('INPUT_INVALID', { param }, { hint: `${param || 'body'}: ${issue?.message}` })
  }
  const { model, messages, stream, stream_options, x_datanet } = parsed.data
  const maxOutputTokens = parsed.data.max_completion_tokens ?? parsed.data.max_tokens
  const { form, param: formParam } = formOf(parsed.data)
  return {
    model,
    messages: messages.map(toMessage),
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    ...(maxOutputTokens == null ? {} : { maxOutputTokens }),
    ...(form === undefined || formParam === undefined ? {} : { form, formParam }),
    ...(x_datanet?.publish === true ? { publish: true as const } : {}),
    ...(x_datanet?.maxWei === undefined ? {} : { maxWei: BigInt(x_datanet.maxWei) })
  }
}

function toMessage(one: z.output<typeof message>, index: number): ChatMessage {
  if (one.role === 'tool') {
    return { role: 'tool', content: one.content, toolCallId: one.tool_call_id }
  }
  if (one.role !== 'assistant') {
    return { role: one.role === 'developer' ? 'system' : one.role, content: one.content }
  }
  const calls = (one.tool_calls ?? []).map(({ id, function: { name, arguments: args } }) => ({
    id,
    name,
    arguments: args
  }))
  if (one.content == null && calls.length === 0) {
    const param = `messages.${index}.content`
    throw refusal('INPUT_INVALID', { param }, { hint: `${param}: only text content is supported` })
  }
  return { role: 'assistant', content: answerText(one.content ?? '', calls) }
}
