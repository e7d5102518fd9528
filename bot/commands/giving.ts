import { createHash } from 'node:crypto'
import type {
  ButtonInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  ModalSubmitInteraction
} from 'discord.js'
import type { ContributionDraft, DatanetSummary } from '../../peer/api/datanets-api.ts'
import { refusal } from '../../peer/api/problem.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { codeOf } from '../log.ts'
import { button, card, said } from '../render/card.ts'
import { confirmationCard, DISCARDED, GONE, givenCard } from '../render/confirmation.ts'
import { contributionForm, SHARED } from '../render/contribution-form.ts'
import { failureWords } from '../render/failure.ts'
import { bornAtMs } from '../store/claims.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { type Context, KINDS, type Kind, takes, type Values } from './contribution-kinds.ts'
import { draftProblems } from './draft-problems.ts'
import { createDrafts, type Draft } from './drafts.ts'
import { labelOf } from './names.ts'

type Opening =
  | ChatInputCommandInteraction
  | MessageContextMenuCommandInteraction
  | ButtonInteraction

/** Giving something to a Datanet, wherever it was begun. */
export interface Giving extends Required<Pick<BotCommand, 'buttons' | 'modals'>> {
  /** Opens the form of `kind`; refuses what the Datanet does not take (SCHEMA_REFUSED in words). */
  open(
    interaction: Opening,
    datanet: DatanetSummary,
    kind: Kind,
    given?: { readonly context?: Context; readonly values?: Values }
  ): Promise<void>
  /** Shows the confirmation of what needs no form. */
  confirm(
    interaction: ChatInputCommandInteraction,
    draft: Omit<Draft, 'id' | 'user'>
  ): Promise<void>
}

const CONTEXT_MS = 30 * 60_000

/** A form, a confirmation to its member alone, and nothing sent before “Confirm”. */
export function createGiving({ api, clock, log, store }: BotParts): Giving {
  const drafts = createDrafts(clock)
  const { claims, members, pending, permissions } = store

  const open: Giving['open'] = async (interaction, datanet, kind, given = {}) => {
    if (!takes(datanet, kind)) {
      const taken = (Object.keys(KINDS) as Kind[]).filter((one) => takes(datanet, one))
      const names = taken.filter((one) => one !== 'm').map((one) => KINDS[one].called)
      const words = `“${datanet.name}” does not take ${KINDS[kind].called}. It takes ${names.join(', ')}.`
      await answer(interaction, said(words))
      return
    }
    const { context = {}, values = {} } = given
    const ref =
      Object.keys(context).length === 0
        ? ''
        : `.${pending.put(interaction.user.id, context, CONTEXT_MS)}`
    const id = customId({ action: 'draft', subject: `${datanet.id}.${kind}${ref}` })
    const language = interaction.locale.split('-')[0] as string
    await interaction.showModal(
      contributionForm(datanet, kind, { id, filled: { values, language } })
    )
  }

  /** The form was sent: it comes from a command, or from “Edit” on the confirmation. */
  async function submitted(interaction: ModalSubmitInteraction, subject: string): Promise<void> {
    const [id = '', letter = '', ref = ''] = subject.split('.')
    const isAgain = interaction.customId.includes(':redraft:')
    if (isAgain) await deferEdit(interaction as never)
    else await defer(interaction)
    const user = interaction.user.id
    const before = isAgain ? drafts.get(ref, user) : undefined
    const kind = (Object.hasOwn(KINDS, letter) ? letter : 't') as Kind
    const kept = isAgain || ref === '' ? undefined : pending.get(ref, user)
    const context = (before?.context ?? kept ?? {}) as Context
    if ((kind === 'c' || kind === 'm') && Object.keys(context).length === 0) {
      await interaction.editReply(card(said(GONE)))
      return
    }
    const datanet = await api.datanets.show(id)
    const { fields } = interaction.fields
    const typed = (field: string) => {
      if (!fields.has(field)) return undefined
      const { choices } = KINDS[kind].fields.find((one) => one.id === field) ?? {}
      if (choices !== undefined) return interaction.fields.getRadioGroup(field) ?? ''
      return interaction.fields.getTextInputValue(field).trim()
    }
    const values = Object.fromEntries(
      KINDS[kind].fields.map((field) => [field.id, typed(field.id) ?? ''])
    )
    const draft = drafts.put({
      ...(before === undefined ? {} : { id: before.id }),
      user,
      kind,
      datanet,
      values,
      context,
      sourceUrl: typed(SHARED.source) ?? '',
      language: typed(SHARED.language) ?? (interaction.locale.split('-')[0] as string),
      licence: fields.has(SHARED.licence)
        ? interaction.fields.getRadioGroup(SHARED.licence, true)
        : (datanet.licences[0] ?? '')
    })
    await interaction.editReply(card(confirmationCard(draft, draftProblems(draft))))
  }

  async function edit(interaction: ButtonInteraction, id: string): Promise<void> {
    const draft = drafts.get(id, interaction.user.id)
    if (draft === undefined) return answer(interaction, said(GONE))
    const { datanet, kind } = draft
    const subject = `${datanet.id}.${kind}.${id}`
    const form = { id: customId({ action: 'redraft', subject }), filled: draft }
    await interaction.showModal(contributionForm(datanet, kind, form))
  }

  const give =
    (allowPersonalData: boolean) =>
    async (interaction: ButtonInteraction, id: string): Promise<void> => {
      const { user } = interaction
      // Kept from the click on, which is the word of its member: who comes after goes on from here.
      const kept = claims.kept(interaction.id, 'draft') as Draft | undefined
      const draft = kept ?? drafts.take(id, user.id)
      if (draft === undefined) return answer(interaction, said(GONE))
      try {
        const problems = draftProblems(draft)
        if (problems.length === 0) claims.keep(interaction.id, 'draft', draft)
        await deferEdit(interaction)
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
        const account = await api.accounts.ensure(labelOf(user.id))
        const record = recordOf(draft, account.address, interaction.id, allowPersonalData)
        members.agree({
          id: interaction.id,
          user: user.id,
          datanet: datanet.id,
          words: digestOf(datanet.consent),
          item: digestOf(JSON.stringify(record.content)),
          licence: draft.licence,
          origin: KINDS[draft.kind].origin,
          message: draft.context.message ?? null
        })
        const earlier = kept === undefined ? undefined : await givenBefore(record, interaction.id)
        const given = earlier ?? (await api.datanets.contribute(record))
        members.given(interaction.id, given.contribution)
        if (draft.context.permission !== undefined) permissions.close(draft.context.permission)
        await interaction.editReply(card(givenCard(draft, given, account.address)))
      } catch (error) {
        // Nothing is lost: it can be confirmed again.
        drafts.put(draft)
        if (!interaction.deferred) throw error
        log('contribute', { id: interaction.id, code: codeOf(error) })
        const { what, next } = failureWords(error)
        const isPersonal = codeOf(error) === 'PERSONAL_DATA_FOUND'
        await show(interaction, draft, [`${what} ${next}`], isPersonal)
      }
    }

  function recordOf(
    draft: Draft,
    account: string,
    interaction: string,
    allowPersonalData: boolean
  ): ContributionDraft {
    const { schema, content, origin } = KINDS[draft.kind]
    const made = content(draft.values, draft.context)
    if (typeof made === 'string') throw refusal('INPUT_INVALID', {}, { hint: made })
    return {
      datanet: draft.datanet.id,
      account,
      schema,
      content: made,
      language: draft.language,
      licence: draft.licence,
      ...(draft.sourceUrl === '' ? {} : { sourceUrl: draft.sourceUrl }),
      origin,
      interaction,
      ...(allowPersonalData ? { allowPersonalData } : {})
    }
  }

  /** What an earlier process gave by the same click, before it could say so. */
  async function givenBefore({ account, datanet, schema }: ContributionDraft, id: string) {
    const all = await api.datanets.submissions({ account, datanet })
    const found = all.find((one) => one.schema === schema && one.takenAtMs >= bornAtMs(id))
    if (found === undefined) return undefined
    const { contribution, status } = found
    return status === 'refused' || status === 'withdrawing' ? undefined : { contribution, status }
  }

  async function discard(interaction: ButtonInteraction, id: string): Promise<void> {
    const draft = drafts.take(id, interaction.user.id)
    if (draft === undefined) return answer(interaction, said(GONE))
    await deferEdit(interaction)
    await interaction.editReply(card(DISCARDED))
  }

  /** The confirmation again, with what stands against it for now; it can be confirmed all the same. */
  async function show(
    interaction: ButtonInteraction,
    draft: Draft,
    words: readonly string[],
    isPersonal = false
  ) {
    const { buttons = [] } = confirmationCard(draft, [])
    const again = confirmationCard(draft, words)
    const all = isPersonal
      ? [button('It is not: give it', 'giveall', draft.id), ...buttons.slice(1)]
      : buttons
    await interaction.editReply(card({ ...again, buttons: all }))
  }

  return {
    open,
    async confirm(interaction, draft) {
      const own = drafts.put({ ...draft, user: interaction.user.id })
      await answer(interaction, confirmationCard(own, draftProblems(own)))
    },
    buttons: { give: give(false), giveall: give(true), edit, discard },
    modals: { draft: submitted, redraft: submitted }
  }
}

/** What a consent was for, in a form that tells nothing of it. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
