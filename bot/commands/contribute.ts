import {
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction
} from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { answer, defer } from '../discord/answering.ts'
import { said } from '../render/card.ts'
import { directCard } from '../render/direct.ts'
import { plainLine } from '../render/markdown.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { choicesOf, chooseDatanet } from './choose-datanet.ts'
import type { Kind } from './contribution-kinds.ts'
import type { Giving } from './giving.ts'
import { IN_SERVERS, subcommand, textOption } from './opening.ts'

/** The subcommands that open a form. */
const FORMS: Readonly<Record<string, { readonly kind: Kind; readonly description: string }>> = {
  text: {
    kind: 't',
    description: 'Give a text of yours to a Datanet; you earn when answers use it'
  },
  qa: { kind: 'q', description: 'Give a question with its answer' },
  dialogue: { kind: 'd', description: 'Give a conversation' },
  label: { kind: 'l', description: 'Give a text with the label that fits it' },
  preference: { kind: 'p', description: 'Say which of two answers is better' }
}

const DATANET = textOption('datanet', 'Which Datanet; not needed where there is one only', {
  autocomplete: true
})

/** Beyond it a file goes by the direct way, whatever Discord and the Datanet would take. */
const MAX_FILE_BYTES = 5 * 1024 * 1024
const DOWNLOAD_MS = 20_000

/** `/contribute`: texts, questions, conversations, labels, preferences, files, and the direct way. */
export function createContribute(parts: BotParts, giving: Giving): BotCommand {
  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const { options } = interaction
    const datanet = await chooseDatanet(
      parts,
      options.getString('datanet') ?? undefined,
      interaction
    )
    const form = FORMS[options.getSubcommand()]
    if (form !== undefined) await giving.open(interaction, datanet, form.kind)
    else if (options.getSubcommand() === 'file') await file(interaction, datanet)
    else await answer(interaction, directCard(datanet))
  }

  async function file(
    interaction: ChatInputCommandInteraction,
    datanet: DatanetSummary
  ): Promise<void> {
    const { options, locale } = interaction
    const given = options.getAttachment('file', true)
    const bounds = datanet.files
    const most = Math.min(MAX_FILE_BYTES, bounds?.maxBytes ?? 0, interaction.attachmentSizeLimit)
    if (bounds === undefined || !datanet.schemas.includes('file/1')) {
      await answer(interaction, said(`“${plainLine(datanet.name, 100)}” takes no files.`))
      return
    }
    if (given.size > most) {
      const words = `${plainLine(given.name, 100)} has ${given.size} bytes, and ${most} can be taken here. /contribute link shows the way for larger ones.`
      await answer(interaction, said(words))
      return
    }
    await defer(interaction)
    const bytes = await download(given.url, most)
    await giving.confirm(interaction, {
      kind: 'f',
      datanet,
      values: { caption: options.getString('caption') ?? '' },
      context: { data: bytes.toString('base64'), name: given.name },
      sourceUrl: options.getString('source') ?? '',
      language: options.getString('language') ?? (locale.split('-')[0] as string),
      licence: options.getString('licence') ?? datanet.licences[0] ?? ''
    })
  }

  async function complete(interaction: AutocompleteInteraction): Promise<void> {
    const { name, value } = interaction.options.getFocused(true)
    if (name === 'datanet') {
      await interaction.respond(await choicesOf(parts, interaction, value))
      return
    }
    const wanted = interaction.options.getString('datanet') ?? undefined
    const datanet = await chooseDatanet(parts, wanted, interaction).catch(() => undefined)
    const licences = (datanet?.licences ?? []).filter((one) => one.includes(value)).slice(0, 25)
    await interaction.respond(licences.map((one) => ({ name: one, value: one })))
  }

  return {
    definition: {
      name: 'contribute',
      description: 'Give something of yours to a Datanet; you earn when answers use it',
      ...IN_SERVERS,
      options: [
        ...Object.entries(FORMS).map(([name, { description }]) =>
          subcommand(name, description, [DATANET])
        ),
        subcommand('file', 'Give a file', [
          {
            type: ApplicationCommandOptionType.Attachment,
            name: 'file',
            description: 'The file; what you upload here is yours, or its licence lets you give it',
            required: true
          },
          DATANET,
          textOption('caption', 'What it shows', { max: 1_000 }),
          textOption('licence', 'Under which licence; the first of the Datanet’s unless given', {
            autocomplete: true
          }),
          textOption('language', 'A short code, like en; yours in Discord unless given'),
          textOption('source', 'A web address, if it stands somewhere already', { max: 1_000 })
        ]),
        subcommand('link', 'Give it signed by your own key, from your own machine', [DATANET])
      ]
    },
    run,
    complete,
    buttons: giving.buttons,
    modals: giving.modals
  }
}

/** A file of Discord's, now: its address ends. Never more of it than was said. */
async function download(url: string, most: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS) })
  if (!response.ok || response.body === null) throw new Error(`the file: ${response.status}`)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body) {
    bytes += part.byteLength
    if (bytes > most) throw new RangeError('more than was said')
    parts.push(part)
  }
  return Buffer.concat(parts)
}
