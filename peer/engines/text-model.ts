import type { AnswerForm } from '../../protocol/model/answer-form.ts'
import type { ToolCall } from '../../protocol/model/tool-calls.ts'
import type { EngineRequest } from './engine.ts'

/** What a language model is asked. */
export interface TextRequest {
  readonly messages: EngineRequest['messages']
  readonly maxTokens?: number
  readonly form?: AnswerForm
  /** 0 for what must come out alike each time. */
  readonly temperature?: number
}

/** How its text ended. */
export interface TextEnd {
  readonly finish: 'stop' | 'length' | 'tools'
  readonly toolCalls: readonly ToolCall[]
  /** What the server says it counted, by a vocabulary of its own; nothing is billed by it. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number }
}

/** A language model, wherever it runs. */
export interface TextModel {
  /** The engine of the card: `openai` or `llama`. */
  readonly kind: string
  readonly base: string
  /** Whether it takes tools and schemas. */
  readonly forms: boolean
  /**
   * Streams text. Refuses what the model cannot take (INPUT_INVALID, REQUEST_TOO_LARGE), a busy server
   * (PROVIDER_BUSY), a slow one (ENGINE_TIMEOUT), an adapter that is not its card's (ADAPTER_REFUSED),
   * and everything else that breaks with ENGINE_FAILED; abort passes through.
   */
  generate(
    request: TextRequest,
    options: { readonly signal: AbortSignal }
  ): AsyncGenerator<string, TextEnd>
}
