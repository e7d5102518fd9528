import {
  DiscordAPIError,
  MessageFlags,
  RESTJSONErrorCodes,
  type RepliableInteraction
} from 'discord.js'
import { type Card, card } from '../render/card.ts'

type Updatable = Extract<RepliableInteraction, { deferUpdate: unknown }>

/**
 * Says that an answer comes; `isPrivate` fixes for good who sees it. That it was said before, by an
 * earlier try or by a request that Discord took and whose reply was lost, is as well.
 */
export async function defer(interaction: RepliableInteraction, isPrivate = true): Promise<void> {
  if (interaction.deferred || interaction.replied) return
  try {
    await interaction.deferReply(isPrivate ? { flags: MessageFlags.Ephemeral } : {})
  } catch (error) {
    accepted(interaction, error)
  }
}

/** Says that the message with the control will change; the same is true of it. */
export async function deferEdit(interaction: Updatable): Promise<void> {
  if (interaction.deferred || interaction.replied) return
  try {
    await interaction.deferUpdate()
  } catch (error) {
    accepted(interaction, error)
  }
}

/** Shows `shown` as the answer: at once, or in place of what said that it would come. */
export async function answer(
  interaction: RepliableInteraction,
  shown: Card,
  { isPrivate = true }: { readonly isPrivate?: boolean } = {}
): Promise<void> {
  const content = card(shown)
  if (interaction.deferred || interaction.replied) {
    await interaction.editReply(content)
    return
  }
  const { attachments: _, flags, ...rest } = content
  try {
    await interaction.reply({
      ...rest,
      flags: (isPrivate ? flags | MessageFlags.Ephemeral : flags) as number
    })
  } catch (error) {
    accepted(interaction, error)
    await interaction.editReply(content)
  }
}

/** Shows `shown` beside what there is, to who clicked alone. */
export async function beside(interaction: RepliableInteraction, shown: Card): Promise<void> {
  if (!interaction.deferred && !interaction.replied) {
    await answer(interaction, shown)
    return
  }
  const { attachments: _, flags, ...rest } = card(shown)
  await interaction.followUp({ ...rest, flags: (flags | MessageFlags.Ephemeral) as number })
}

/** Passes on what is not “answered already”: that one means that the answer arrived. */
function accepted(interaction: RepliableInteraction, error: unknown): void {
  const isAnswered =
    error instanceof DiscordAPIError &&
    error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged
  if (!isAnswered) throw error
  interaction.deferred = true
}
