import { ButtonStyle, type RepliableInteraction } from 'discord.js'
import { answer } from '../discord/answering.ts'
import { button, type Card, COLOUR, said } from '../render/card.ts'
import { helpCard } from '../render/help.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { chooseDatanet } from './choose-datanet.ts'
import type { Giving } from './giving.ts'
import { ANYWHERE } from './opening.ts'

/** What the bot is, in one card; the same for a member and for a channel. */
export const WELCOME: Card = {
  colour: COLOUR.notice,
  parts: [
    '**What people here know, answers questions, and they are paid for it.**',
    '**Ask** with /ask. The answer names its sources and what it cost.\n**Contribute** with /contribute. You see and confirm every word before anything is stored, and you earn whenever an answer uses it. You can take it back with /mine.\n**You need no wallet.** The bot keeps an account for you from your first contribution on; with /wallet link you take it over.',
    '-# Nothing is spent of yours until you say so with /budget. The bot reads no messages. /privacy shows what it keeps of you, and deletes it.'
  ],
  buttons: [
    button('How to ask', 'help', 'ask', ButtonStyle.Primary),
    button('Contribute', 'begin', 'text', ButtonStyle.Success),
    button('Link a wallet', 'help', 'wallet'),
    button('Privacy', 'help', 'privacy')
  ]
}

/** `/start`: what this is, and four ways to begin. */
export function createStart(parts: BotParts, giving: Giving): BotCommand {
  return {
    definition: {
      name: 'start',
      description: 'What this is, and how to begin',
      ...ANYWHERE
    },
    run: (interaction) => answer(interaction, WELCOME),
    buttons: {
      async begin(interaction) {
        if (interaction.guildId === null) {
          await answer(interaction, said('Contribute in a server: there people know its Datanets.'))
          return
        }
        await giving.open(interaction, await chooseDatanet(parts, undefined, interaction), 't')
      },
      help: (interaction: RepliableInteraction, topic: string) =>
        answer(interaction, helpCard(topic))
    }
  }
}
