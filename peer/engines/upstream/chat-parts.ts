import { z } from 'zod'
import type { ToolCall } from '../../../protocol/model/tool-calls.ts'
import type { TextEnd } from '../text-model.ts'
import { failed, refusedWith } from './upstream-error.ts'

const callSchema = z.object({
  index: z.int().min(0).max(127).nullish(),
  id: z.string().max(256).nullish(),
  function: z
    .object({ name: z.string().max(64).nullish(), arguments: z.string().nullish() })
    .nullish()
})
const saidSchema = z.object({
  content: z.string().nullish(),
  tool_calls: z.array(callSchema).max(128).nullish()
})
const partSchema = z.object({
  model: z.string().nullish(),
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        delta: saidSchema.nullish(),
        message: saidSchema.nullish(),
        finish_reason: z.string().nullish()
      })
    )
    .nullish(),
  usage: z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) }).nullish()
})

/** Puts an answer together from its parts. */
export interface ChatParts {
  /** The text in the part. Refuses what is no part, an error in its place, and another model's. */
  take(data: string): string
  /** How it ended. Refuses an answer that was cut off (ENGINE_FAILED). */
  end(): TextEnd
}

/**
 * Parts of one answer, all of them by the model `expected`, if one is: a server that falls back to its
 * base model must not be heard for the adapter. Refuses with ENGINE_FAILED, or as `refusedWith` does.
 */
export function createChatParts({ expected }: { readonly expected?: string }): ChatParts {
  const calls = new Map<number, { id: string; name: string; arguments: string }>()
  let finish: string | undefined
  let usage: TextEnd['usage']

  function takeCall(call: z.output<typeof callSchema>): void {
    const at = call.index ?? calls.size
    const known = calls.get(at) ?? { id: '', name: '', arguments: '' }
    known.id ||= call.id ?? ''
    known.name ||= call.function?.name ?? ''
    known.arguments += call.function?.arguments ?? ''
    calls.set(at, known)
  }

  return {
    take(data) {
      const parsed = partSchema.safeParse(toJson(data))
      if (!parsed.success) throw failed('not an answer', parsed.error)
      const { model, error, choices, usage: counted } = parsed.data
      if (error != null) throw refusedWith(statusOf(error), new Headers(), JSON.stringify(error))
      if (expected !== undefined && model !== expected && (choices?.length ?? 0) > 0) {
        throw failed('answered by another model')
      }
      if (counted != null) {
        usage = { inputTokens: counted.prompt_tokens, outputTokens: counted.completion_tokens }
      }
      const [choice] = choices ?? []
      finish = choice?.finish_reason ?? finish
      const said = choice?.delta ?? choice?.message
      for (const call of said?.tool_calls ?? []) takeCall(call)
      return said?.content ?? ''
    },
    end() {
      if (finish === undefined) throw failed('cut off')
      if (finish === 'content_filter') throw failed('withheld by the model')
      const toolCalls = [...calls]
        .sort(([a], [b]) => a - b)
        .map(([at, call]): ToolCall => ({ ...call, id: call.id || `call_${at}` }))
      if (toolCalls.some(({ name }) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))) {
        throw failed('a tool call without a name')
      }
      return {
        finish: toolCalls.length > 0 ? 'tools' : finish === 'length' ? 'length' : 'stop',
        toolCalls,
        ...(usage === undefined ? {} : { usage })
      }
    }
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw failed('not JSON', cause)
  }
}

/** An error in the midst of a stream: vLLM and llama.cpp give it a status as `code`. */
function statusOf(error: unknown): number {
  const { code, status } = Object(error) as { code?: unknown; status?: unknown }
  const number = Number(code ?? status)
  return Number.isInteger(number) && number >= 400 && number < 600 ? number : 500
}
