import { DiscordAPIError, RESTJSONErrorCodes } from 'discord.js'

/** What Discord says when an interaction cannot be answered any more; nothing is owed then. */
const TOO_LATE: readonly unknown[] = [
  RESTJSONErrorCodes.UnknownInteraction,
  RESTJSONErrorCodes.InvalidWebhookToken,
  RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged
]

/** What Discord says when the message is gone. */
const GONE: readonly unknown[] = [
  RESTJSONErrorCodes.UnknownMessage,
  RESTJSONErrorCodes.UnknownWebhook,
  RESTJSONErrorCodes.UnknownChannel
]

/** True when `error` says that the answer came too late, or that there is one. */
export function isTooLate(error: unknown): boolean {
  return error instanceof DiscordAPIError && TOO_LATE.includes(error.code)
}

/** True when `error` says that nobody can read the message any more. */
export function isGone(error: unknown): boolean {
  return error instanceof DiscordAPIError && (GONE.includes(error.code) || isTooLate(error))
}
