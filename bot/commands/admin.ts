import {
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
  PermissionFlagsBits
} from 'discord.js'
import { parseAmount } from '../../peer/api/amounts.ts'
import { answer, deferEdit } from '../discord/answering.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { plainLine } from '../render/markdown.ts'
import { moneyOf } from '../render/money.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { choicesOf, chooseDatanet } from './choose-datanet.ts'
import { IN_SERVERS, subcommand, textOption } from './opening.ts'

const NEEDED = {
  'View Channel': PermissionFlagsBits.ViewChannel,
  'Send Messages': PermissionFlagsBits.SendMessages,
  'Embed Links': PermissionFlagsBits.EmbedLinks,
  'Attach Files': PermissionFlagsBits.AttachFiles,
  'Read Message History': PermissionFlagsBits.ReadMessageHistory
} as const

const LIMITS = {
  per_question: 'perCallWei',
  per_member_day: 'perUserDayWei',
  per_day: 'perGuildDayWei',
  pot_day: 'potDayWei',
  withdraw_day: 'withdrawDayWei'
} as const

/** `/admin`: a server's Datanet, limits and pot, the switch that stops spending, reports. */
export function createAdmin(parts: BotParts): BotCommand {
  const { api, store } = parts
  const { guilds, ledger, answers, outbox, claims, spending } = store

  async function setup(interaction: ChatInputCommandInteraction, guild: string): Promise<void> {
    const { options, user } = interaction
    const wanted = options.getString('datanet')
    const log = options.getChannel('log')
    const datanet = wanted === null ? undefined : await chooseDatanet(parts, wanted, interaction)
    if (datanet !== undefined)
      guilds.change(guild, { datanet: datanet.id }, user.id, `chose “${datanet.name}”`)
    if (log !== null)
      guilds.change(guild, { logChannel: log.id }, user.id, 'chose where reports go')
    const { logChannel, datanet: own, windowDays, channels } = guilds.settings(guild)
    const rights = interaction.appPermissions
    const missing = Object.entries(NEEDED).filter(([, bit]) => !rights.has(bit))
    const words = [
      `**Datanet** ${own === undefined ? 'any that is known' : `\`${own}\``}`,
      `**Reports** ${logChannel === undefined ? '/admin reports alone' : `also in <#${logChannel}>`}`,
      `**Messages** of the last ${windowDays} days, ${channels.length === 0 ? 'of public channels' : `of ${channels.length} channels`}, if their authors agree`,
      missing.length === 0
        ? '✓ The bot may do all it needs here.'
        : `✕ The bot lacks: ${missing.map(([name]) => name).join(', ')}`
    ]
    await answer(interaction, said(words.join('\n')))
  }

  async function limits(interaction: ChatInputCommandInteraction, guild: string): Promise<void> {
    const { options, user } = interaction
    const set = Object.entries(LIMITS).flatMap(([name, key]) => {
      const text = options.getString(name)
      return text === null ? [] : [[key, parseAmount(text)] as const]
    })
    if (set.length > 0) {
      const all = { ...guilds.settings(guild).limits, ...Object.fromEntries(set) }
      guilds.change(guild, { limits: all }, user.id, `set ${set.map(([key]) => key).join(', ')}`)
    }
    const money = await moneyOf(api)
    const now = guilds.limits(guild)
    const lines = Object.entries(LIMITS).map(([name, key]) => `\`${name}\` ${money(now[key])}`)
    await answer(interaction, said(`**What may be spent here**\n${lines.join('\n')}`))
  }

  async function pot(interaction: ChatInputCommandInteraction, guild: string): Promise<void> {
    const { options, user, id } = interaction
    const money = await moneyOf(api)
    const text = options.getString('add')
    const name = `pot:${guild}`
    if (text !== null) {
      const amountWei = parseAmount(text)
      const isNew = ledger.move(`pot ${id}`, [{ from: `member:${user.id}`, to: name, amountWei }])
      if (isNew) guilds.change(guild, {}, user.id, `put ${money(amountWei)} into the pot`)
    }
    const words = `**The pot holds ${money(ledger.balanceWei(name))}.** It pays members’ questions once who runs the bot pays no more for the day, at most ${money(guilds.limits(guild).potDayWei)} a day.\n-# \`add\` moves money from your own balance; who is no member of this server profits nothing of it.`
    await answer(interaction, said(words))
  }

  async function status(interaction: ChatInputCommandInteraction, guild: string): Promise<void> {
    const money = await moneyOf(api)
    const { health } = await api.status()
    const wrong = health.reasons.map(({ code, text }) => `✕ ${code}: ${plainLine(text, 150)}`)
    const books = ledger.mismatches()
    const words = [
      `**Spending** ${guilds.isPaused(guild) ? '**stopped**' : 'allowed'} · today ${money(spending.todayWei({ guild }))} of ${money(guilds.limits(guild).perGuildDayWei)}`,
      `**Under way** ${spending.running({ guild })} questions here, ${outbox.depth} messages to send, ${claims.stolen} taken over from a process that was gone`,
      `**Books** ${books.length === 0 ? '✓ agree' : `✕ ${books.length} accounts do not agree`} · the pot ${money(ledger.balanceWei(`pot:${guild}`))}`,
      `**Peer** ${health.isWell ? '✓ well' : wrong.slice(0, 5).join('\n')}`
    ]
    await answer(interaction, said(words.join('\n')))
  }

  function reports(guild: string): Card {
    const [first, ...rest] = answers.reports(guild)
    if (first === undefined) return said('Nothing is reported.')
    return {
      colour: COLOUR.failed,
      parts: [
        `**${plainLine(first.reason, 100)}** · <t:${Math.floor(first.atMs / 1000)}:R>, by <@${first.reporter}>\nhttps://discord.com/channels/${guild}/${first.channel}/${first.message}`,
        plainLine(first.note, 500),
        `-# ${rest.length} more`
      ],
      buttons: [button('Looked at', 'reportdone', `${first.id}`)]
    }
  }

  return {
    definition: {
      name: 'admin',
      description: 'Set up and watch the bot in this server',
      ...IN_SERVERS,
      default_member_permissions: `${PermissionFlagsBits.ManageGuild}`,
      options: [
        subcommand('setup', 'The server’s Datanet, where reports go, what the bot lacks', [
          textOption('datanet', 'Which Datanet is meant where none is named', {
            autocomplete: true
          }),
          {
            type: ApplicationCommandOptionType.Channel,
            name: 'log',
            description: 'Where reports are told of',
            channel_types: [0]
          }
        ]),
        subcommand(
          'limits',
          'What may be spent',
          Object.keys(LIMITS).map((name) =>
            textOption(name, 'In whole tokens, such as 0.05', { max: 30 })
          )
        ),
        subcommand('pot', 'What the server pays members’ questions with', [
          textOption('add', 'How much of your own balance goes into it', { max: 30 })
        ]),
        subcommand('pause', 'Stop all spending here at once; withdrawals stay open'),
        subcommand('resume', 'Allow spending again'),
        subcommand('status', 'How it stands'),
        subcommand('audit', 'Who changed what'),
        subcommand('reports', 'What members reported')
      ]
    },
    async run(interaction) {
      const guild = interaction.guildId ?? ''
      const sub = interaction.options.getSubcommand()
      // Discord hides it from others; who finds a way all the same is told no here as well.
      if (interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild) !== true) {
        return answer(interaction, said('Only who may manage the server.'))
      }
      if (sub === 'setup') return setup(interaction, guild)
      if (sub === 'limits') return limits(interaction, guild)
      if (sub === 'pot') return pot(interaction, guild)
      if (sub === 'status') return status(interaction, guild)
      if (sub === 'reports') return answer(interaction, reports(guild))
      if (sub === 'audit') {
        const lines = guilds
          .audit(guild, 20)
          .map(
            ({ atMs, by, what }) =>
              `<t:${Math.floor(atMs / 1000)}:f> <@${by}> ${plainLine(what, 100)}`
          )
        return answer(interaction, said(lines.join('\n') || 'Nothing was changed yet.'))
      }
      const isPaused = sub === 'pause'
      guilds.setPaused(guild, isPaused, interaction.user.id)
      const words = isPaused
        ? '**All spending here is stopped.** Questions under way end at their next word. Withdrawals stay open. /admin resume allows it again.'
        : '**Spending is allowed again.**'
      await answer(interaction, said(words))
    },
    async complete(interaction) {
      const typed = interaction.options.getFocused()
      await interaction.respond(await choicesOf(parts, interaction, typed))
    },
    buttons: {
      async reportdone(interaction, id) {
        if (interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild) !== true) {
          return answer(interaction, said('Only who may manage the server.'))
        }
        const guild = interaction.guildId ?? ''
        answers.closeReport(Number(id), guild)
        await deferEdit(interaction)
        await interaction.editReply(card(reports(guild)))
      }
    }
  }
}
