import { createHash } from 'node:crypto'
import { ButtonStyle, type ChatInputCommandInteraction } from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { plainLine, plainText } from '../render/markdown.ts'
import { moneyOf, percent } from '../render/money.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { choicesOf, chooseDatanet } from './choose-datanet.ts'
import { modelChoices } from './choose-model.ts'
import { labelOf } from './names.ts'
import { IN_SERVERS, subcommand, textOption } from './opening.ts'

const LINES = 15

/** `/datanet`, `/price` and `/leaderboard`: what there is here, what it costs, and who made it. */
export function createDatanet(parts: BotParts): readonly BotCommand[] {
  const { api, store } = parts
  const { members } = store
  const datanet = textOption('datanet', 'Which Datanet', { autocomplete: true })

  async function infoCard(one: DatanetSummary, user: string): Promise<Card> {
    const head = await api.datanets.head(one.id).catch(() => undefined)
    const models = (await api.models.list()).filter(({ model }) => model.datanets?.includes(one.id))
    const { royaltyPpm, contributorsPpm } = one.royalty
    const isJoined = members.joined(user).includes(one.id)
    return {
      colour: COLOUR.notice,
      parts: [
        `**${plainLine(one.name, 100)}**\n${plainText(one.purpose, 600)}`,
        [
          `**Takes** ${one.schemas.join(', ')} · **under** ${one.licences.map((licence) => plainLine(licence, 60)).join(', ')}`,
          `**Review** ${one.review.approvals} approvals and ${percent(one.review.sharePpm)} of the verdicts · **Curators** ${one.curators.length}`,
          `**Royalty** ${percent(royaltyPpm)} of the price, of it ${percent(contributorsPpm)} to contributors`,
          head === undefined
            ? '**Published** as far as this peer knows: nothing yet'
            : `**Published** revision ${head.ordinal} with ${head.rows - head.withdrawn} contributions`,
          `**Models** ${
            models
              .map(({ model }) => plainLine(model.name, 60))
              .slice(0, 5)
              .join(', ') || 'none yet'
          }`
        ].join('\n'),
        `**Who gives something agrees to**\n${plainText(one.consent, 900)}`,
        `-# \`${one.id}\``
      ],
      buttons: [
        isJoined
          ? button('Leave', 'leavedatanet', one.id)
          : button('Join: I agree to these words', 'joindatanet', one.id, ButtonStyle.Success)
      ]
    }
  }

  async function list(interaction: ChatInputCommandInteraction): Promise<void> {
    const joined = members.joined(interaction.user.id)
    const known = await api.datanets.list()
    const lines = known
      .slice(0, LINES)
      .map(
        ({ id, name, purpose }) =>
          `${joined.includes(id) ? '✓ ' : ''}**${plainLine(name, 80)}** ${plainLine(purpose, 120)}`
      )
    const rest = known.length > LINES ? `\n-# and ${known.length - LINES} more` : ''
    await answer(
      interaction,
      said(lines.length === 0 ? 'No Datanet is known here yet.' : lines.join('\n') + rest)
    )
  }

  async function search(interaction: ChatInputCommandInteraction): Promise<void> {
    const found = await api.datanets.find(interaction.options.getString('topic', true))
    const lines = found
      .slice(0, LINES)
      .map(({ name, purpose }) => `**${plainLine(name, 80)}** ${plainLine(purpose, 120)}`)
    await answer(interaction, said(lines.join('\n')))
  }

  const joins =
    (isJoining: boolean): NonNullable<BotCommand['buttons']>[string] =>
    async (interaction, id) => {
      await deferEdit(interaction)
      const one = await api.datanets.show(id)
      const words = createHash('sha256').update(one.consent).digest('hex')
      if (isJoining) members.join(interaction.user.id, id, words)
      else members.leave(interaction.user.id, id)
      await interaction.editReply(card(await infoCard(one, interaction.user.id)))
    }

  async function price(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const wanted = interaction.options.getString('model')
    const money = await moneyOf(api)
    const lines = (await api.models.list())
      .filter(({ model }) => wanted === null || model.model === wanted || model.name === wanted)
      .slice(0, LINES)
      .map(({ model, offers }) => {
        const cheapest = offers.toSorted((a, b) => (a.callWei < b.callWei ? -1 : 1))[0]
        const cost =
          cheapest === undefined
            ? 'nobody offers it just now'
            : `${money(cheapest.callWei)} a question and ${money(cheapest.outputTokenWei * 100n)} for 100 tokens of answer; ${percent(cheapest.royaltyPpm)} of it royalty`
        return `**${plainLine(model.name, 80)}** ${cost}`
      })
    await answer(interaction, said(lines.join('\n') || 'No model is known here.'))
  }

  async function leaderboard(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction, false)
    const wanted = interaction.options.getString('datanet') ?? undefined
    const one = wanted === undefined ? undefined : await chooseDatanet(parts, wanted, interaction)
    const rows: { name: string; accepted: number }[] = []
    for (const { user, name } of members.shown()) {
      const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
      if (account === undefined) continue
      const { contributions } = await api.accounts.show(account.address)
      const counted = contributions.filter(({ datanet: id }) => one === undefined || id === one.id)
      rows.push({ name, accepted: counted.reduce((sum, { accepted }) => sum + accepted, 0) })
    }
    const lines = rows
      .toSorted((a, b) => b.accepted - a.accepted)
      .slice(0, LINES)
      .map(({ name, accepted }, n) => `${n + 1}\\. ${plainLine(name, 32)} — ${accepted} accepted`)
    const title = one === undefined ? 'all Datanets' : plainLine(one.name, 80)
    await answer(
      interaction,
      said(
        `**Contributors, ${title}**\n${lines.join('\n') || 'Nobody chose to be shown.'}\n-# Only who chose a name is shown: /privacy settings`
      )
    )
  }

  const complete: BotCommand['complete'] = async (interaction) => {
    const typed = interaction.options.getFocused()
    await interaction.respond(await choicesOf(parts, interaction, typed))
  }

  return [
    {
      definition: {
        name: 'datanet',
        description: 'The Datanets of this community',
        ...IN_SERVERS,
        options: [
          subcommand('info', 'What a Datanet is for, takes and pays', [datanet]),
          subcommand('list', 'Those that are known here'),
          subcommand('search', 'Look for others', [
            textOption('topic', 'What about', { required: true })
          ]),
          subcommand('join', 'Agree to a Datanet’s words', [datanet]),
          subcommand('leave', 'Leave it again', [datanet])
        ]
      },
      async run(interaction) {
        await defer(interaction)
        const sub = interaction.options.getSubcommand()
        if (sub === 'list') return list(interaction)
        if (sub === 'search') return search(interaction)
        const wanted = interaction.options.getString('datanet') ?? undefined
        const one = await chooseDatanet(parts, wanted, interaction)
        await answer(interaction, await infoCard(one, interaction.user.id))
      },
      complete,
      buttons: { joindatanet: joins(true), leavedatanet: joins(false) }
    },
    {
      definition: {
        name: 'price',
        description: 'What models cost',
        ...IN_SERVERS,
        options: [textOption('model', 'Which model', { autocomplete: true })]
      },
      run: price,
      async complete(interaction) {
        const listings = await api.models.list().catch(() => [])
        await interaction.respond(modelChoices(listings, interaction.options.getFocused()))
      }
    },
    {
      definition: {
        name: 'leaderboard',
        description: 'Who contributed most, of those who want to be shown',
        ...IN_SERVERS,
        options: [datanet]
      },
      run: leaderboard,
      complete
    }
  ]
}
