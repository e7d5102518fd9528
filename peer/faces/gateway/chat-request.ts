import { z } from 'zod'
import type { ChatMessage } from '../../api/models-api.ts'
import { refusal } from '../../api/problem.ts'

/** A chat request as this gateway understands it. */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly maxOutputTokens?: number
  readonly maxWei?: bigint
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

const message = z.object({
  role: z
    .enum(['system', 'developer', 'user', 'assistant'])
    .transform((role) => (role === 'developer' ? 'system' : role)),
  content: z.union([z.string(), textParts], { error: 'only text content is supported' })
})

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
  tools: empty('tools'),
  functions: empty('functions'),
  stop: z
    .union([z.literal(''), z.array(z.string()).max(0)], { error: 'stop is not supported' })
    .nullish(),
  logprobs: z.literal(false, { error: 'logprobs are not supported' }).nullish(),
  audio: z.null({ error: 'audio is not supported' }).optional(),
  modalities: z.array(z.literal('text', { error: 'only text is supported' })).nullish(),
  response_format: z
    .object({ type: z.literal('text', { error: 'only plain text is supported' }) })
    .nullish(),
  x_datanet: z
    .object({
      maxWei: z
        .string()
        .regex(/^\d{1,39}$/, { error: 'a decimal amount' })
        .optional()
    })
    .nullish()
})

/**
 * The request in `input`, a parsed JSON body. Refuses what is malformed or not supported with
 * INPUT_INVALID, naming the parameter. `x_datanet.maxWei` bounds the price of this one call.
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
  return {
    model,
    messages,
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    ...(maxOutputTokens == null ? {} : { maxOutputTokens }),
    ...(x_datanet?.maxWei === undefined ? {} : { maxWei: BigInt(x_datanet.maxWei) })
  }
}
