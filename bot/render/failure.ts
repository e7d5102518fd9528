import { toProblem } from '../../peer/api/problem.ts'
import { type Card, COLOUR } from './card.ts'

// What a member can do about it; the rest of the table speaks by who can act and whether to retry.
const NEXT: Readonly<Record<string, string>> = {
  PEER_UNREACHABLE:
    'The peer behind this bot does not answer. Try again in a minute; if it stays so, tell who runs this bot.',
  PEER_GONE: 'The connection broke half-way. Try again.',
  PEER_SILENT: 'It took too long. Try again in a minute.',
  PROVIDER_BUSY: 'The model is busy just now. Try again in a minute.',
  MODEL_UNKNOWN: 'Pick a model from the list that opens while you type in the option “model”.',
  DATANET_UNKNOWN:
    'Pick a Datanet from the list that opens while you type in the option “datanet”.',
  DISCOVERY_EMPTY: 'No model is offered just now. Try again later.',
  OFFER_EXPIRED: 'Nobody offers this model just now. Try another one, or again later.',
  SPENDING_LIMIT: 'What this bot may spend today is used up. It starts anew at midnight UTC.',
  PRICE_TOO_HIGH:
    'The answer would cost more than this bot may pay for one. Try another model, or a shorter question.',
  FUNDS_INSUFFICIENT: 'The account that pays for answers is empty. Tell who runs this bot.',
  DEPOSIT_INSUFFICIENT: 'The account that pays for answers is empty. Tell who runs this bot.',
  REQUEST_TOO_LARGE: 'Ask in fewer words.',
  CONTRIBUTION_DUPLICATE: 'Nothing is lost: the same text is there already.',
  LICENCE_REFUSED: 'Choose one of the licences that the Datanet takes.',
  INPUT_INVALID: 'Look at what you typed, and try again.',
  FORBIDDEN: 'The bot’s token does not permit this. Tell who runs this bot.',
  UNAUTHORIZED: 'The peer does not know this bot’s token. Tell who runs this bot.'
}

/** A refusal in words for people: what happened, what to do next, the code for who runs the bot. */
export function failureWords(error: unknown): {
  readonly what: string
  readonly next: string
  readonly code: string
} {
  const { body } = toProblem(error)
  const usual = body.retryable
    ? 'Trying again can help.'
    : body.actor === 'operator'
      ? 'Tell who runs this bot.'
      : 'Trying the same again will not help.'
  const what = `${body.title.slice(0, 1).toUpperCase()}${body.title.slice(1)}.`
  return { what, next: NEXT[body.code] ?? usual, code: body.code }
}

/** A refusal as a message, after `before`, if there is something to keep. */
export function failureCard(error: unknown, before: readonly string[] = []): Card {
  const { what, next, code } = failureWords(error)
  return {
    colour: COLOUR.failed,
    parts: [...before, `**✕ ${what}**\n${next}`, `-# ${code}`]
  }
}
