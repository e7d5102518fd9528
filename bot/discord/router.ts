import {
  type BaseInteraction,
  type Interaction,
  MessageFlags,
  type RepliableInteraction
} from 'discord.js'
import type { BotCommand } from '../commands/bot-command.ts'
import { codeOf, type Log } from '../log.ts'
import { card, notice } from '../render/card.ts'
import { failureCard } from '../render/failure.ts'
import type { Claims } from './claims.ts'
import { readCustomId } from './custom-id.ts'
import { isTooLate } from './discord-code.ts'

/**
 * Takes every interaction to its command, once. Never throws: what a command throws is told to the
 * member in words, and to the operator by its code.
 */
export function createRouter(
  commands: readonly BotCommand[],
  { claims, log }: { readonly claims: Claims; readonly log: Log }
): (interaction: Interaction) => Promise<void> {
  const byName = new Map(commands.map((command) => [command.definition.name, command]))
  const buttons = new Map(commands.flatMap(({ buttons = {} }) => Object.entries(buttons)))
  const modals = new Map(commands.flatMap(({ modals = {} }) => Object.entries(modals)))

  async function route(interaction: Interaction): Promise<void> {
    if (interaction.isChatInputCommand()) {
      await (byName.get(interaction.commandName)?.run(interaction) ?? expired(interaction))
    } else if (interaction.isAutocomplete()) {
      await byName.get(interaction.commandName)?.complete?.(interaction)
    } else if (interaction.isButton()) {
      const control = readCustomId(interaction.customId)
      const act = buttons.get(control?.action ?? '')
      await (act?.(interaction, control?.subject ?? '') ?? expired(interaction))
    } else if (interaction.isModalSubmit()) {
      const control = readCustomId(interaction.customId)
      const act = modals.get(control?.action ?? '')
      await (act?.(interaction, control?.subject ?? '') ?? expired(interaction))
    }
  }

  return async (interaction) => {
    if (!claims.take(interaction.id)) return
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
  await interaction.reply(
    notice('This control is from an older version of the bot. Please start the command again.')
  )
}

/** For the member alone: the message that everyone sees may hold an answer already. */
async function tell(interaction: RepliableInteraction, error: unknown): Promise<void> {
  const { components } = card(failureCard(error))
  const flags = MessageFlags.IsComponentsV2 | MessageFlags.Ephemeral
  if (interaction.replied || interaction.deferred) await interaction.followUp({ components, flags })
  else await interaction.reply({ components, flags })
}

function isRepliable(interaction: BaseInteraction): interaction is RepliableInteraction {
  return interaction.isRepliable()
}
