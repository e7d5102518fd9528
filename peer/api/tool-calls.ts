import { decodeForm, encodeForm } from '../../protocol/model/answer-form.ts'
import { encodeToolCalls, readAnswer, type ToolCall } from '../../protocol/model/tool-calls.ts'

/**
 * The text of a form, for `Question.form`: tools, toolChoice and json as specs/06-model.md §Answer form
 * has them. Refuses what is none (INPUT_INVALID).
 */
export function formText(form: unknown): string {
  return encodeForm(decodeForm(JSON.stringify(form)))
}

/** An answer's text and the tools it asks its caller to run; RECORD_MALFORMED for calls that are none. */
export function readToolCalls(answer: string): {
  readonly content: string
  readonly toolCalls: readonly ToolCall[]
} {
  return readAnswer(answer)
}

/** The text of an earlier answer, as a message must have it: its words, then its tool calls. */
export function answerText(content: string, toolCalls: readonly ToolCall[]): string {
  return content + encodeToolCalls(toolCalls)
}
