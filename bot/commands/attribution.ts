import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  ComponentType,
  type ModalSubmitInteraction,
  type RepliableInteraction
} from 'discord.js'
import { answer, beside, defer } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { type Card, COLOUR, said } from '../render/card.ts'
import { fieldOf } from '../render/contribution-form.ts'
import { moneyOf } from '../render/money.ts'
import { sourcesCard } from '../render/sources.ts'
import type { Vote } from '../store/answers.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import type { Giving } from './giving.ts'
import { namesOf } from './names.ts'
import { ANYWHERE, textOption } from './opening.ts'

const WHY_NOT = ['wrong', 'not what I asked', 'a source is missing', 'unclear', 'harmful']
const REPORTS = ['Harmful or illegal', 'Somebody’s personal data', 'Not theirs to give', 'Spam']
const FORGOTTEN =
  'The bot does not know this answer any more: texts are kept for 30 days. Its receipt is still good: /attribution.'

/** `/attribution`, and what can be done with an answer: thumbs, Correct, Sources, Report. */
export function createAttribution(
  parts: BotParts,
  giving: Giving
): BotCommand & { sources(interaction: RepliableInteraction, callId: string): Promise<void> } {
  const { api, store } = parts
  const { answers } = store

  /** Who is credited with how much for a call. */
  async function sources(interaction: RepliableInteraction, callId: string): Promise<void> {
    await defer(interaction)
    const receipt = await api.receipts.show(callId.toLowerCase())
    const [names, money] = await Promise.all([namesOf(api, store, receipt.credits), moneyOf(api)])
    await answer(interaction, sourcesCard(receipt, { names, money, votes: answers.votes(callId) }))
  }

  const vote = (word: Vote) => async (interaction: ButtonInteraction, callId: string) => {
    // Once for each click, whoever does it: a second time would take it back.
    const now = await store.claims.step(
      interaction.id,
      'vote',
      () => answers.vote(callId, interaction.user.id, word) ?? 'none'
    )
    if (now === 'none') return answer(interaction, said('You took your word back.'))
    if (now === 'up') return answer(interaction, said('Thank you. 👍 counts once for you.'))
    const shown: Card = {
      colour: COLOUR.notice,
      parts: [
        '**Thank you. What was wrong?** If you know better, **Correct** it: that counts more.'
      ],
      selects: [
        {
          type: ComponentType.StringSelect,
          custom_id: customId({ action: 'because', subject: callId }),
          placeholder: 'What was wrong',
          options: WHY_NOT.map((reason) => ({ label: reason, value: reason }))
        }
      ]
    }
    return answer(interaction, shown)
  }

  async function correct(interaction: ButtonInteraction, callId: string): Promise<void> {
    const kept = answers.find(callId)
    if (kept === undefined) return answer(interaction, said(FORGOTTEN))
    const datanet = await api.datanets.show(kept.datanet)
    const { question, answer: wrong } = kept
    await giving.open(interaction, datanet, 'c', {
      context: { callId, question, wrong },
      values: { right: wrong }
    })
  }

  async function report(interaction: ButtonInteraction): Promise<void> {
    await interaction.showModal(reportForm(interaction))
  }

  async function reported(interaction: ModalSubmitInteraction, subject: string): Promise<void> {
    const [channel = '', message = ''] = subject.split('.')
    const reason = REPORTS[Number(interaction.fields.getRadioGroup('reason', true))] ?? ''
    const guild = interaction.guildId ?? ''
    answers.report({
      ...{ guild, channel, message, reporter: interaction.user.id, reason },
      note: interaction.fields.getTextInputValue('note').trim()
    })
    const { logChannel } = store.guilds.settings(guild)
    if (logChannel !== undefined) {
      const link = `https://discord.com/channels/${guild}/${channel}/${message}`
      const told: Card = {
        colour: COLOUR.failed,
        parts: [`**A message was reported: ${reason}**\n${link}\n-# /admin reports shows all`]
      }
      store.outbox.put({ channel: logChannel }, told, `report ${message} ${interaction.user.id}`)
    }
    await answer(
      interaction,
      said(
        '**Reported.** An administrator of this server looks at it. Nobody sees that it was you but they.'
      )
    )
  }

  return {
    sources,
    definition: {
      name: 'attribution',
      description: 'Who is credited with how much for an answer, by its receipt',
      ...ANYWHERE,
      options: [textOption('answer', 'The receipt under an answer', { required: true })]
    },
    async run(interaction: ChatInputCommandInteraction) {
      const id = interaction.options.getString('answer', true).trim()
      if (!/^[0-9a-f]{32}$/i.test(id)) {
        await answer(
          interaction,
          said('A receipt is 32 digits and letters: it stands under every answer.')
        )
      } else await sources(interaction, id)
    },
    buttons: { up: vote('up'), down: vote('down'), sources, correct, report },
    selects: {
      async because(interaction, callId) {
        answers.because(callId, interaction.user.id, interaction.values[0] ?? '')
        await beside(interaction, said('Thank you, that helps to look at it.'))
      }
    },
    modals: { reported }
  }
}

/** The form by which a message is reported. */
export function reportForm({
  channelId,
  message
}: {
  readonly channelId: string | null
  readonly message: { readonly id: string }
}) {
  return {
    custom_id: customId({ action: 'reported', subject: `${channelId ?? ''}.${message.id}` }),
    title: 'Report this to the administrators',
    components: [
      fieldOf({
        ...{ id: 'reason', label: 'What is wrong', max: 100 },
        choices: REPORTS.map((reason, n) => ({ label: reason, value: `${n}` }))
      }),
      fieldOf({ id: 'note', label: 'In your words', max: 500, isLong: true, isOptional: true })
    ]
  }
}
