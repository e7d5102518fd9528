import {
  ApplicationCommandType,
  type ButtonInteraction,
  ButtonStyle,
  type MessageContextMenuCommandInteraction,
  PermissionFlagsBits
} from 'discord.js'
import { answer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { fieldOf } from '../render/contribution-form.ts'
import { plainLine } from '../render/markdown.ts'
import type { Asking } from './asking.ts'
import { reportForm } from './attribution.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { chooseDatanet } from './choose-datanet.ts'
import type { Giving } from './giving.ts'
import { ANYWHERE, IN_SERVERS } from './opening.ts'

const DAY_MS = 86_400_000
const REFUSED = {
  'asked before': 'Its author was asked for this message already.',
  'author busy': 'Its author is being asked for another message. Ask again later.',
  'too many': 'You asked three people within an hour. Give others time to answer first.'
} as const

/** What the menus of messages offer. */
export function createMenus(
  parts: BotParts,
  {
    giving,
    asking,
    sources
  }: {
    readonly giving: Giving
    readonly asking: Asking
    readonly sources: (
      interaction: MessageContextMenuCommandInteraction,
      id: string
    ) => Promise<void>
  }
): readonly BotCommand[] {
  const { store, clock } = parts
  const { permissions, members, guilds, notices } = store
  const menu = (name: string, where = IN_SERVERS) => ({
    name,
    type: ApplicationCommandType.Message as const,
    ...where
  })

  /** Why a message cannot be given, whoever wants it. */
  function refusalOf(interaction: MessageContextMenuCommandInteraction): string | undefined {
    const { targetMessage: message, channel, guild } = interaction
    if (guild === null || channel === null || channel.isDMBased()) {
      return 'Messages are given in servers in which the bot is.'
    }
    if (message.author.bot || message.webhookId !== null) {
      return 'What bots wrote is nobody’s to give.'
    }
    if (message.content.trim() === '') return 'This message has no text.'
    const place = channel.isThread() ? channel.parent : channel
    if (place !== null && 'nsfw' in place && place.nsfw) {
      return 'Nothing is given from age-restricted channels.'
    }
    const { channels, windowDays } = guilds.settings(guild.id)
    const everyone = place?.permissionsFor(guild.roles.everyone)
    const isPublic = everyone?.has(PermissionFlagsBits.ViewChannel) === true
    const isNamed = channels.includes(place?.id ?? '')
    if (channels.length > 0 ? !isNamed : !isPublic || channel.type === 12) {
      return 'Nothing is given from this channel: it is not among those that administrators opened for it.'
    }
    if (clock.now() - message.createdTimestamp > windowDays * DAY_MS) {
      return `This message is older than ${windowDays} days. Who wrote it can give it in their own words: /contribute text.`
    }
    return undefined
  }

  async function contribute(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const { targetMessage: message, user } = interaction
    const refused = refusalOf(interaction)
    if (refused !== undefined) return answer(interaction, said(refused))
    const datanet = await chooseDatanet(parts, undefined, interaction)
    if (message.author.id === user.id) {
      await giving.open(interaction, datanet, 'm', {
        context: { message: message.id },
        values: { text: message.content }
      })
      return
    }
    if (members.settings(message.author.id).neverAsk) {
      return answer(interaction, said('Its author does not want to be asked.'))
    }
    // Nothing of the message itself is kept before its author agrees.
    const failed = permissions.ask({
      id: interaction.id,
      guild: interaction.guildId ?? '',
      channel: interaction.channelId,
      message: message.id,
      author: message.author.id,
      invoker: user.id,
      datanet: datanet.id
    })
    if (failed !== undefined) return answer(interaction, said(REFUSED[failed]))
    const link = `https://discord.com/channels/${interaction.guildId}/${interaction.channelId}/${message.id}`
    const asked: Card = {
      colour: COLOUR.notice,
      parts: [
        `<@${message.author.id}>, <@${user.id}> would like ${link} to be in **${plainLine(datanet.name, 100)}**: ${plainLine(datanet.purpose, 300)}`,
        '-# Only you can decide. Nothing of your message was stored or sent. You see everything before it is, and no answer within a week is a no.'
      ],
      buttons: [
        button('Show me', 'permit', interaction.id, ButtonStyle.Success),
        button('No', 'decline', interaction.id),
        button('Never ask me', 'never', interaction.id)
      ],
      pings: [message.author.id]
    }
    await answer(interaction, asked, { isPrivate: false })
  }

  /** The author's word: only theirs counts. */
  const decided =
    (act: (interaction: ButtonInteraction, id: string) => Promise<void>) =>
    async (interaction: ButtonInteraction, id: string): Promise<void> => {
      const permission = permissions.find(id)
      if (permission === undefined) {
        return answer(interaction, said('This was decided about, or a week went by.'))
      }
      if (permission.author !== interaction.user.id) {
        return answer(interaction, said('Only who wrote the message can decide.'))
      }
      await act(interaction, id)
    }

  const permit = decided(async (interaction, id) => {
    const { message: source, datanet: wanted } = permissions.find(id) as NonNullable<
      ReturnType<typeof permissions.find>
    >
    const datanet = await chooseDatanet(parts, wanted, interaction)
    // Read now, by the click of who wrote it; where Discord does not show it to us, they type it.
    const message = await interaction.channel?.messages.fetch(source).catch(() => undefined)
    await giving.open(interaction, datanet, 'm', {
      context: { message: source, permission: id },
      values: { text: message?.content ?? '' }
    })
  })

  const refuse = (words: string, isForEver: boolean) =>
    decided(async (interaction, id) => {
      const { invoker } = permissions.find(id) as NonNullable<ReturnType<typeof permissions.find>>
      await deferEdit(interaction)
      if (isForEver) members.change(interaction.user.id, { neverAsk: true })
      permissions.close(id)
      notices.put(
        invoker,
        `declined ${id}`,
        'Who wrote the message you asked for does not give it.'
      )
      await interaction.editReply(card(said(words)))
    })

  async function ask(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const { targetMessage: message, user } = interaction
    // What others wrote goes to nobody by our hand: who asks, asks in their own words.
    const isOwn = message.author.id === user.id
    const value = isOwn ? message.content.slice(0, 1_900) : ''
    await interaction.showModal({
      custom_id: customId({ action: 'askabout', subject: message.id }),
      title: 'Ask about this',
      components: [
        fieldOf(
          {
            ...{ id: 'question', label: 'What do you want to know?', max: 2_000, isLong: true },
            ...(isOwn ? {} : { description: 'In your own words: what others wrote is not sent.' })
          },
          value
        )
      ]
    })
  }

  async function show(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const { targetMessage: message } = interaction
    const ids = JSON.stringify(message.components.map((one) => one.toJSON()))
    const [, receipt] =
      message.author.id === interaction.client.user.id
        ? (/receipt `([0-9a-f]{32})`/.exec(ids) ?? [])
        : []
    if (receipt === undefined) {
      await answer(interaction, said('This is no answer of the bot, or one without a receipt.'))
    } else await sources(interaction, receipt)
  }

  async function withdraw(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const own = members
      .consents(interaction.user.id)
      .find(({ message, contribution }) => message === interaction.targetId && contribution)
    if (own?.contribution === undefined) {
      return answer(
        interaction,
        said('You gave nothing from this message. /mine shows all you gave.')
      )
    }
    await answer(interaction, {
      colour: COLOUR.failed,
      parts: ['**Take it back for good?** It is destroyed at every host that has it.'],
      buttons: [
        button('Take it back', 'withdraw', own.contribution, ButtonStyle.Danger),
        button('See all I gave', 'mine', '0')
      ]
    })
  }

  return [
    {
      definition: menu('Contribute'),
      onMessage: contribute,
      buttons: {
        permit,
        decline: refuse('Not given. Nothing of the message was stored.', false),
        never: refuse(
          'Not given, and you are not asked again. /privacy settings changes that.',
          true
        )
      }
    },
    {
      definition: menu('Ask about this', ANYWHERE),
      onMessage: ask,
      modals: {
        askabout: (interaction) =>
          asking.ask(interaction, {
            question: interaction.fields.getTextInputValue('question'),
            isPrivate: false
          })
      }
    },
    { definition: menu('Show sources', ANYWHERE), onMessage: show },
    {
      definition: menu('Report'),
      async onMessage(interaction) {
        const { channelId, targetMessage: message } = interaction
        await interaction.showModal(reportForm({ channelId, message }))
      }
    },
    { definition: menu('Withdraw my contribution'), onMessage: withdraw }
  ]
}
