import { DatanetError } from '../base/errors.ts'

const KINDS = ['ask', 'part', 'more', 'end', 'error', 'stop'] as const

/**
 * One frame of an exchange. The caller sends `ask`, `more` and `stop`; the server `part`, and exactly
 * one `end` or `error`. `id` is the caller's count on this stream: `stop` and `end` can cross on the
 * wire, and a frame of a finished exchange is ignored. specs/05-network.md §Exchange
 */
export interface Message {
  readonly t: (typeof KINDS)[number]
  readonly id: number
  readonly v?: unknown
}

/** A message in the form that goes on the wire: an undefined value is left out. */
export function message(t: Message['t'], id: number, v?: unknown): Message {
  return v === undefined ? { t, id } : { t, id, v }
}

/** `value` as a message; unknown keys are ignored. Refuses anything else (FRAME_MALFORMED). */
export function asMessage(value: unknown): Message {
  if (typeof value === 'object' && value !== null) {
    const { t, id, v } = value as Partial<Message>
    if (KINDS.includes(t as Message['t']) && Number.isSafeInteger(id) && (id as number) >= 0) {
      return message(t as Message['t'], id as number, v)
    }
  }
  throw new DatanetError('FRAME_MALFORMED', { reason: 'not a message of an exchange' })
}
