import { answer, deferEdit } from '../discord/answering.ts'
import { button, type Card, COLOUR, card } from '../render/card.ts'
import { plainText } from '../render/markdown.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { ANYWHERE } from './opening.ts'

const SHOWN = 10

/** `/inbox`: what came while a member was away, and whether it also comes as a direct message. */
export function createInbox({ store }: BotParts): BotCommand {
  const { notices, members } = store

  function inbox(user: string): Card {
    const { dm } = members.settings(user)
    const lines = notices
      .of(user, SHOWN)
      .map(
        ({ atMs, text, isRead }) =>
          `${isRead ? '' : '**new** '}<t:${Math.floor(atMs / 1000)}:R> ${plainText(text, 280)}`
      )
    return {
      colour: COLOUR.notice,
      parts: [
        '**Your inbox**',
        lines.length === 0
          ? 'Nothing yet. What becomes of what you gave and asked stands here.'
          : lines.join('\n'),
        `-# Direct messages are ${dm ? 'on: news come there as well' : 'off'}.`
      ],
      buttons: [
        button(dm ? 'No direct messages' : 'Also as direct messages', 'dm', dm ? 'off' : 'on')
      ]
    }
  }

  return {
    definition: {
      name: 'inbox',
      description: 'What became of what you gave and asked',
      ...ANYWHERE
    },
    async run(interaction) {
      const { id } = interaction.user
      await answer(interaction, inbox(id))
      notices.markRead(id)
    },
    buttons: {
      async dm(interaction, wanted) {
        members.change(interaction.user.id, { dm: wanted === 'on' })
        await deferEdit(interaction)
        await interaction.editReply(card(inbox(interaction.user.id)))
      }
    }
  }
}
