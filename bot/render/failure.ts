import { toProblem } from '../../peer/api/problem.ts'
import { type Card, COLOUR } from './card.ts'
import { plainLine } from './markdown.ts'

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
  LANGUAGE_REFUSED: 'Set the language of the text, or give it to a Datanet that takes it.',
  PERSONAL_DATA_FOUND:
    'Press “Edit” and take it out: what is published cannot be called back from everywhere.',
  SPAM_REFUSED: 'Press “Edit”, and say what the text is about in your own words.',
  INTAKE_LIMIT: 'Give more once curators have read what you gave, or tomorrow.',
  INPUT_INVALID: 'Look at what you typed, and try again.',
  FORBIDDEN: 'The bot’s token does not permit this. Tell who runs this bot.',
  UNAUTHORIZED: 'The peer does not know this bot’s token. Tell who runs this bot.'
}

/** Of these a member must know what was found, and where. */
const EXPLAINED = new Set([
  ...['PERSONAL_DATA_FOUND', 'SPAM_REFUSED', 'LANGUAGE_REFUSED', 'INTAKE_LIMIT']
])

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
  const said = EXPLAINED.has(body.code) ? plainLine(body.detail, 400) : body.title
  const what = `${said.slice(0, 1).toUpperCase()}${said.slice(1)}.`
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
