import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  InteractionContextType
} from 'discord.js'

/** Where a command is offered: in servers alone. */
export const IN_SERVERS = {
  contexts: [InteractionContextType.Guild],
  integration_types: [ApplicationIntegrationType.GuildInstall]
}

/** Also in direct messages with the bot, and to who brought it along themselves. */
export const ANYWHERE = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
  integration_types: [
    ApplicationIntegrationType.GuildInstall,
    ApplicationIntegrationType.UserInstall
  ]
}

/** An option of text. */
export function textOption(
  name: string,
  description: string,
  more: { readonly required?: boolean; readonly autocomplete?: boolean; readonly max?: number } = {}
) {
  const { required = false, autocomplete = false, max = 100 } = more
  return {
    type: ApplicationCommandOptionType.String as const,
    name,
    description,
    required,
    max_length: max,
    ...(autocomplete ? { autocomplete: true as const } : {})
  } as APIApplicationCommandBasicOption & { type: ApplicationCommandOptionType.String }
}

/** A subcommand with its options. */
export function subcommand(
  name: string,
  description: string,
  options: APIApplicationCommandBasicOption[] = []
): APIApplicationCommandSubcommandOption {
  return { type: ApplicationCommandOptionType.Subcommand, name, description, options }
}
