import {
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  InteractionContextType,
  type ModalSubmitInteraction
} from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { refusal } from '../../peer/api/problem.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { knownDatanets } from '../discover.ts'
import { codeOf } from '../log.ts'
import { card, said } from '../render/card.ts'
import { confirmationCard, DISCARDED, GONE, givenCard } from '../render/confirmation.ts'
import { contributionForm, FIELDS } from '../render/contribution-form.ts'
import { failureWords } from '../render/failure.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { draftProblems } from './draft-problems.ts'
import { createDrafts, type Draft } from './drafts.ts'

/** A modal must open within three seconds and cannot be deferred: the peer has this long. */
const FORM_MS = 2_000
const CHOICES = 25

/** `/contribute`: a form, a confirmation to its member alone, and nothing sent before “Confirm”. */
export function createContribute({ api, clock, log, topics }: BotParts): BotCommand {
  const drafts = createDrafts(clock)

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const wanted = interaction.options.getString('datanet') ?? undefined
    const datanet = await inTime((signal) => datanetOf(wanted, signal))
    const id = customId({ action: 'draft', subject: datanet.id })
    const language = interaction.locale.split('-')[0] as string
    await interaction.showModal(contributionForm(datanet, { id, language }))
  }

  async function datanetOf(wanted: string | undefined, signal: AbortSignal) {
    const known = await knownDatanets(api, topics, { signal })
    const found =
      wanted === undefined
        ? known[0]
        : known.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase())
    if (found === undefined || (wanted === undefined && known.length > 1)) {
      throw refusal('DATANET_UNKNOWN', {})
    }
    return found
  }

  /** What `run` returns, or PEER_SILENT when that would come too late for Discord. */
  async function inTime<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const forget = clock.after(FORM_MS, () => late.abort())
    try {
      return await run(late.signal)
    } catch (error) {
      throw late.signal.aborted ? refusal('PEER_SILENT', {}) : error
    } finally {
      forget()
    }
  }

  /** The form was sent: it comes from the command, or from “Edit” on the confirmation. */
  async function submitted(interaction: ModalSubmitInteraction, subject: string): Promise<void> {
    if (interaction.isFromMessage()) await deferEdit(interaction)
    else await defer(interaction)
    const user = interaction.user.id
    const { draft: known, datanet: id } = subjectOf(subject)
    const before = known === undefined ? undefined : drafts.get(known, user)
    const datanet = await api.datanets.show(id)
    const typed = (field: string) => interaction.fields.getTextInputValue(field).trim()
    const draft = drafts.put({
      ...(before === undefined ? {} : { id: before.id }),
      user,
      datanet,
      title: typed(FIELDS.title),
      text: typed(FIELDS.text),
      sourceUrl: typed(FIELDS.source),
      language: typed(FIELDS.language),
      licence: licenceOf(interaction, datanet)
    })
    await interaction.editReply(card(confirmationCard(draft, draftProblems(draft))))
  }

  async function edit(interaction: ButtonInteraction, id: string): Promise<void> {
    const draft = drafts.get(id, interaction.user.id)
    if (draft === undefined) return void (await answer(interaction, said(GONE)))
    const { datanet, language } = draft
    const subject = `${datanet.id}.${id}`
    const form = { id: customId({ action: 'redraft', subject }), language, draft }
    await interaction.showModal(contributionForm(datanet, form))
  }

  async function give(interaction: ButtonInteraction, id: string): Promise<void> {
    const draft = drafts.take(id, interaction.user.id)
    if (draft === undefined) return void (await answer(interaction, said(GONE)))
    try {
      await deferEdit(interaction)
      const problems = draftProblems(draft)
      if (problems.length > 0) {
        // Clicked on a confirmation that was replaced meanwhile: this text was never shown with it.
        await interaction.editReply(card(confirmationCard(drafts.put(draft), problems)))
        return
      }
      const datanet = await api.datanets.show(draft.datanet.id)
      if (datanet.consent !== draft.datanet.consent) {
        // What was agreed to is not what stands there now: ask again.
        await show(interaction, drafts.put({ ...draft, datanet }), ['The words have changed.'])
        return
      }
      const account = await api.accounts.ensure(`discord/${draft.user}`)
      const given = await api.datanets.contribute({
        datanet: datanet.id,
        account: account.address,
        schema: 'text/1',
        content: { title: draft.title, text: draft.text },
        language: draft.language,
        licence: draft.licence,
        ...(draft.sourceUrl === '' ? {} : { sourceUrl: draft.sourceUrl }),
        origin: 'interaction',
        interaction: interaction.id
      })
      await interaction.editReply(card(givenCard(draft, given, account.address)))
    } catch (error) {
      // Nothing is lost: it can be confirmed again.
      drafts.put(draft)
      if (!interaction.deferred) throw error
      log('contribute', { id: interaction.id, code: codeOf(error) })
      const { what, next } = failureWords(error)
      await show(interaction, draft, [`${what} ${next}`])
    }
  }

  async function discard(interaction: ButtonInteraction, id: string): Promise<void> {
    const draft = drafts.take(id, interaction.user.id)
    if (draft === undefined) return void (await answer(interaction, said(GONE)))
    await interaction.update(card(DISCARDED))
  }

  /** The confirmation again, with what stands against it for now; it can be confirmed all the same. */
  async function show(interaction: ButtonInteraction, draft: Draft, words: readonly string[]) {
    const { buttons } = confirmationCard(draft, [])
    const again = confirmationCard(draft, words)
    await interaction.editReply(card({ ...again, ...(buttons === undefined ? {} : { buttons }) }))
  }

  async function complete(interaction: AutocompleteInteraction): Promise<void> {
    const part = interaction.options.getFocused().toLowerCase()
    const known = await api.datanets.list().catch(() => [])
    await interaction.respond(
      known
        .filter(({ name, purpose }) => `${name} ${purpose}`.toLowerCase().includes(part))
        .slice(0, CHOICES)
        .map(({ name, purpose, id }) => ({ name: `${name} — ${purpose}`.slice(0, 100), value: id }))
    )
  }

  return {
    definition: {
      name: 'contribute',
      description: 'Give a text of yours to a Datanet; you earn when answers use it',
      contexts: [InteractionContextType.Guild],
      integration_types: [ApplicationIntegrationType.GuildInstall],
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: 'datanet',
          description: 'Which Datanet; not needed where there is one only',
          autocomplete: true,
          max_length: 100
        }
      ]
    },
    run,
    complete,
    buttons: { give, edit, discard },
    modals: { draft: submitted, redraft: submitted }
  }
}

/**
 * The Datanet that a form is for, and the draft that it corrects. Of a draft that was forgotten while
 * somebody typed, what they typed becomes another one.
 */
function subjectOf(subject: string): { readonly datanet: string; readonly draft?: string } {
  const [datanet = '', draft] = subject.split('.')
  return { datanet, ...(draft === undefined ? {} : { draft }) }
}

function licenceOf({ fields }: ModalSubmitInteraction, { licences }: DatanetSummary): string {
  if (!fields.fields.has(FIELDS.licence)) return licences[0] ?? ''
  return fields.getRadioGroup(FIELDS.licence, true)
}
