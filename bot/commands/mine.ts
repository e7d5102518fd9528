import {
  ApplicationCommandOptionType,
  type ButtonInteraction,
  ButtonStyle,
  type ChatInputCommandInteraction,
  ComponentType,
  type RepliableInteraction
} from 'discord.js'
import type { OwnContribution, Standing } from '../../peer/api/submissions-api.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { plainLine } from '../render/markdown.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { labelOf } from './names.ts'
import { ANYWHERE } from './opening.ts'

const PAGE = 10
const SIGNS: Readonly<Record<string, string>> = {
  pending: '… waits for review',
  accepted: '✓ accepted',
  rejected: '✕ rejected',
  withdrawn: '⌫ taken back',
  refused: '✕ refused by its host',
  withdrawing: '⌫ being taken back',
  queued: '… waits for its Datanet to be reached'
}

/** `/mine`: what a member gave, where it stands, why; and taking it back. */
export function createMine({ api }: BotParts): BotCommand {
  /** Their account's contributions, the newest first, as the hosts say now or last said. */
  async function ownOf(user: string) {
    const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
    if (account === undefined) return { account, all: [], standings: new Map<string, Standing>() }
    const before = await api.datanets.submissions({ account: account.address })
    const datanets = [...new Set(before.map(({ datanet }) => datanet))]
    const standings = new Map<string, Standing>()
    for (const datanet of datanets) {
      // A host that is away does not hide what it said last.
      const said = await api.datanets
        .standing({ datanet, account: account.address })
        .catch(() => [])
      for (const one of said) standings.set(one.contribution, one)
    }
    const all = before
      .map((one) => ({ ...one, status: standings.get(one.contribution)?.status ?? one.status }))
      .toSorted((a, b) => b.takenAtMs - a.takenAtMs)
    return { account, all, standings }
  }

  async function list(
    interaction: RepliableInteraction,
    { at = 0, status }: { readonly at?: number; readonly status?: string }
  ): Promise<void> {
    const { all, standings } = await ownOf(interaction.user.id)
    const fitting = status === undefined ? all : all.filter((one) => one.status === status)
    const page = fitting.slice(at, at + PAGE)
    if (page.length === 0) {
      await answer(
        interaction,
        said('There is nothing of yours here. /contribute gives something.')
      )
      return
    }
    await interaction.editReply(card(listCard(page, standings, { at, of: fitting.length, status })))
  }

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const status = interaction.options.getString('status') ?? undefined
    await list(interaction, status === undefined ? {} : { status })
  }

  async function withdraw(interaction: ButtonInteraction, subject: string): Promise<void> {
    await deferEdit(interaction)
    const { account, all } = await ownOf(interaction.user.id)
    const own = all.find(({ contribution }) => contribution === subject)
    if (account === undefined || own === undefined) {
      await interaction.editReply(card(said('This is not yours, or not here any more.')))
      return
    }
    const done = await api.datanets.withdraw({
      datanet: own.datanet,
      contribution: subject,
      account: account.address
    })
    const hosts = done.state === 'withdrawn' ? done.answers : []
    const gone = hosts.filter(({ index }) => index !== undefined).length
    const words = `**Taken back.** ${gone} of ${hosts.length} hosts destroyed it just now; the others do within two minutes of being reached. No answer uses it from then on. What answers said before, and copies that others took, cannot be called back.`
    const receipt = done.state === 'withdrawn' ? `\n-# tombstone \`${done.tombstone}\`` : ''
    await interaction.editReply(card({ colour: COLOUR.done, parts: [words + receipt] }))
  }

  return {
    definition: {
      name: 'mine',
      description: 'What you gave, where it stands, and taking it back',
      ...ANYWHERE,
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: 'status',
          description: 'Only those that stand so',
          choices: Object.keys(SIGNS).map((status) => ({ name: status, value: status }))
        }
      ]
    },
    run,
    selects: {
      async own(interaction) {
        await deferEdit(interaction)
        const [id] = interaction.values
        const { all, standings } = await ownOf(interaction.user.id)
        const found = all.find(({ contribution }) => contribution === id)
        const shown =
          found === undefined
            ? said('It is not here any more.')
            : oneCard(found, standings.get(found.contribution))
        await interaction.editReply(card(shown))
      }
    },
    buttons: {
      async mine(interaction, subject) {
        await deferEdit(interaction)
        const [at = '0', status = ''] = subject.split('.')
        await list(interaction, { at: Number(at), ...(status === '' ? {} : { status }) })
      },
      async askwithdraw(interaction, subject) {
        const words =
          '**Take it back for good?** It is destroyed at every host, and no answer uses it again. It cannot be given back by undoing this.'
        const shown: Card = {
          colour: COLOUR.failed,
          parts: [words],
          buttons: [
            button('Take it back', 'withdraw', subject, ButtonStyle.Danger),
            button('Keep it', 'mine', '0')
          ]
        }
        await deferEdit(interaction)
        await interaction.editReply(card(shown))
      },
      withdraw
    }
  }
}

function listCard(
  page: readonly OwnContribution[],
  standings: ReadonlyMap<string, Standing>,
  {
    at,
    of,
    status
  }: { readonly at: number; readonly of: number; readonly status: string | undefined }
): Card {
  const lines = page.map((one) => lineOf(one, standings.get(one.contribution)))
  const state = status === undefined ? '' : `.${status}`
  return {
    colour: COLOUR.notice,
    parts: [
      `**What you gave** · ${at + 1}–${at + page.length} of ${of}`,
      lines.join('\n'),
      '-# Choose one to see it, and to take it back.'
    ],
    selects: [
      {
        type: ComponentType.StringSelect,
        custom_id: customId({ action: 'own', subject: 'one' }),
        placeholder: 'Choose one',
        options: page.map(({ contribution, title, schema }) => ({
          label: (title || schema || 'taken back').slice(0, 100),
          value: contribution
        }))
      }
    ],
    buttons: [
      ...(at > 0 ? [button('Newer', 'mine', `${Math.max(0, at - PAGE)}${state}`)] : []),
      ...(at + PAGE < of ? [button('Older', 'mine', `${at + PAGE}${state}`)] : [])
    ]
  }
}

function lineOf({ title, schema, status }: OwnContribution, standing?: Standing): string {
  const published = (standing?.revision ?? 0) > 0 ? `, in revision ${standing?.revision}` : ''
  return `${SIGNS[status] ?? status}${published} · ${plainLine(title || schema || '(no words left)', 100)}`
}

function oneCard(own: OwnContribution, standing?: Standing): Card {
  const reasons = (standing?.reasons ?? []).map((reason) => `• ${plainLine(reason, 300)}`)
  return {
    colour: COLOUR.notice,
    parts: [
      `**${plainLine(own.title || own.schema || 'Taken back', 200)}**\n${lineOf(own, standing)}`,
      reasons.length === 0 ? '' : `**Why**\n${reasons.slice(0, 5).join('\n')}`,
      own.cluster === undefined
        ? ''
        : '-# It says nearly what another one said before, which is credited for both.',
      `-# given <t:${Math.floor(own.takenAtMs / 1000)}:f>\n-# contribution \`${own.contribution}\``
    ],
    buttons: [
      ...(own.status === 'withdrawn'
        ? []
        : [button('Take it back', 'askwithdraw', own.contribution, ButtonStyle.Danger)]),
      ...(own.status === 'rejected'
        ? [button('Have it heard again', 'appeal', own.contribution)]
        : []),
      button('Back to the list', 'mine', '0')
    ]
  }
}
