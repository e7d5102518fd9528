import {
  ApplicationCommandType,
  type BaseInteraction,
  type Interaction,
  type RepliableInteraction
} from 'discord.js'
import type { BotCommand } from '../commands/bot-command.ts'
import { codeOf, type Log } from '../log.ts'
import { said } from '../render/card.ts'
import { failureCard } from '../render/failure.ts'
import { answer, beside } from './answering.ts'
import { readCustomId } from './custom-id.ts'
import { isTooLate } from './discord-code.ts'

const OLD = 'This control is from an older version of the bot. Please start the command again.'

/**
 * Takes an interaction to its command. Never throws: what a command throws is told to the member in
 * words, and to the operator by its code.
 */
export function createRouter(
  commands: readonly BotCommand[],
  { log }: { readonly log: Log }
): (interaction: Interaction) => Promise<void> {
  const byName = new Map(
    commands.map((command) => [
      `${command.definition.type ?? ApplicationCommandType.ChatInput} ${command.definition.name}`,
      command
    ])
  )
  const actions = <K extends 'buttons' | 'selects' | 'modals'>(kind: K) =>
    new Map(commands.flatMap((command) => Object.entries(command[kind] ?? {}))) as ReadonlyMap<
      string,
      NonNullable<BotCommand[K]>[string]
    >
  const [buttons, selects, modals] = [actions('buttons'), actions('selects'), actions('modals')]

  async function route(interaction: Interaction): Promise<void> {
    if (interaction.isChatInputCommand()) {
      const command = byName.get(`${ApplicationCommandType.ChatInput} ${interaction.commandName}`)
      await (command?.run?.(interaction) ?? expired(interaction))
    } else if (interaction.isMessageContextMenuCommand()) {
      const command = byName.get(`${ApplicationCommandType.Message} ${interaction.commandName}`)
      await (command?.onMessage?.(interaction) ?? expired(interaction))
    } else if (interaction.isAutocomplete()) {
      const command = byName.get(`${ApplicationCommandType.ChatInput} ${interaction.commandName}`)
      await (command?.complete?.(interaction) ?? interaction.respond([]))
    } else if (interaction.isButton()) {
      const { action = '', subject = '' } = readCustomId(interaction.customId) ?? {}
      await (buttons.get(action)?.(interaction, subject) ?? expired(interaction))
    } else if (interaction.isAnySelectMenu()) {
      const { action = '', subject = '' } = readCustomId(interaction.customId) ?? {}
      await (selects.get(action)?.(interaction, subject) ?? expired(interaction))
    } else if (interaction.isModalSubmit()) {
      const { action = '', subject = '' } = readCustomId(interaction.customId) ?? {}
      await (modals.get(action)?.(interaction, subject) ?? expired(interaction))
    }
  }

  return async (interaction) => {
    try {
      await route(interaction)
    } catch (error) {
      log('interaction', { id: interaction.id, code: codeOf(error) })
      if (isTooLate(error) || !isRepliable(interaction)) return
      await tell(interaction, error).catch((again) => {
        log('untold', { id: interaction.id, code: codeOf(again) })
      })
    }
  }
}

async function expired(interaction: RepliableInteraction): Promise<void> {
  await answer(interaction, said(OLD))
}

/** For the member alone: the message that everyone sees may hold an answer already. */
async function tell(interaction: RepliableInteraction, error: unknown): Promise<void> {
  await beside(interaction, failureCard(error))
}

function isRepliable(interaction: BaseInteraction): interaction is RepliableInteraction {
  return interaction.isRepliable()
}
