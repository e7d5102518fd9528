import {
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction
} from 'discord.js'
import { parseAmount } from '../../peer/api/amounts.ts'
import { answer, deferEdit } from '../discord/answering.ts'
import { card, said } from '../render/card.ts'
import type { Asking, Request } from './asking.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { choicesOf } from './choose-datanet.ts'
import { modelChoices } from './choose-model.ts'
import { ANYWHERE, textOption } from './opening.ts'

const QUESTION_CHARACTERS = 2_000

/** `/ask`: a question to a model, its answer streamed, with its sources, their shares and the cost. */
export function createAsk(parts: BotParts, asking: Asking): BotCommand {
  const { api, store } = parts

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const { options } = interaction
    const most = options.getString('max_cost')
    const wanted = options.getString('model') ?? undefined
    const datanet = options.getString('datanet') ?? undefined
    await asking.ask(interaction, {
      question: options.getString('question', true),
      isPrivate: options.getBoolean('private') ?? false,
      ...(wanted === undefined ? {} : { model: wanted }),
      ...(datanet === undefined ? {} : { datanet }),
      ...(most === null ? {} : { maxWei: `${parseAmount(most)}` })
    })
  }

  async function cancel(interaction: ButtonInteraction, id: string): Promise<void> {
    // The money first: Discord has three seconds for its answer.
    const failed = asking.cancel(id, interaction.user.id)
    if (failed === 'over') {
      await answer(interaction, said('This question is not being answered any more.'))
    } else if (failed === 'not yours') await answer(interaction, said('Only who asked can cancel.'))
    else await deferEdit(interaction)
  }

  async function pay(interaction: ButtonInteraction, id: string): Promise<void> {
    const key = `quote ${interaction.id}`
    const before = store.claims.kept(interaction.id, key)
    const request = (before ?? store.pending.take(id, interaction.user.id)) as Request | undefined
    if (request === undefined) {
      await answer(
        interaction,
        said('This price is not offered any more, or not to you. Ask again.')
      )
      return
    }
    store.claims.keep(interaction.id, key, request)
    await asking.ask(interaction, { ...request, isConfirmed: true })
  }

  async function leave(interaction: ButtonInteraction, id: string): Promise<void> {
    if (store.pending.take(id, interaction.user.id) === undefined) {
      await answer(interaction, said('This price is not offered any more, or not to you.'))
      return
    }
    await deferEdit(interaction)
    await interaction.editReply(card(said('Nothing was asked, and nothing was paid.')))
  }

  async function complete(interaction: AutocompleteInteraction): Promise<void> {
    const { name, value } = interaction.options.getFocused(true)
    if (name === 'datanet') {
      await interaction.respond(await choicesOf(parts, interaction, value))
      return
    }
    const listings = await api.models.list().catch(() => [])
    await interaction.respond(modelChoices(listings, value))
  }

  return {
    definition: {
      name: 'ask',
      description: 'Ask a model of the community; its sources are paid',
      ...ANYWHERE,
      options: [
        textOption('question', 'What you want to know', {
          required: true,
          max: QUESTION_CHARACTERS
        }),
        textOption(
          'model',
          'Which model answers; the newest one that is offered unless you choose',
          {
            autocomplete: true
          }
        ),
        textOption('datanet', 'From which Datanet; any unless you choose', { autocomplete: true }),
        textOption('max_cost', 'The most it may cost, such as 0.01', { max: 30 }),
        {
          type: ApplicationCommandOptionType.Boolean,
          name: 'private',
          description: 'Only you see question and answer'
        }
      ]
    },
    run,
    complete,
    buttons: { cancel, pay, leave },
    stop: () => asking.stop()
  }
}
