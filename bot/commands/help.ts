import { answer } from '../discord/answering.ts'
import { helpCard, TOPICS } from '../render/help.ts'
import type { BotCommand } from './bot-command.ts'
import { ANYWHERE, textOption } from './opening.ts'

/** `/help`: by topic, or which topics there are. */
export function createHelp(): BotCommand {
  return {
    definition: {
      name: 'help',
      description: 'How everything works',
      ...ANYWHERE,
      options: [textOption('topic', 'What about', { autocomplete: true })]
    },
    run: (interaction) =>
      answer(interaction, helpCard(interaction.options.getString('topic') ?? undefined)),
    async complete(interaction) {
      const typed = interaction.options.getFocused().toLowerCase()
      await interaction.respond(
        Object.entries(TOPICS)
          .filter(([name, { title }]) => `${name} ${title}`.toLowerCase().includes(typed))
          .map(([name, { title }]) => ({ name: title, value: name }))
      )
    }
  }
}
