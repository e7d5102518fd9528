import {
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  type AutocompleteInteraction,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  InteractionContextType
} from 'discord.js'
import type { ReceiptSummary } from '../../peer/api/money-api.ts'
import { answer, defer } from '../discord/answering.ts'
import { isGone } from '../discord/discord-code.ts'
import { createLiveMessage } from '../discord/live-message.ts'
import { knownModels } from '../discover.ts'
import { codeOf } from '../log.ts'
import {
  type Asked,
  answerCard,
  footer,
  questionLine,
  stoppedCard,
  workingCard
} from '../render/answer.ts'
import { type Card, card, said } from '../render/card.ts'
import { failureCard } from '../render/failure.ts'
import { answerText } from '../render/markdown.ts'
import { moneyOf } from '../render/money.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { chooseModel, modelChoices } from './choose-model.ts'

/** Discord lets a message be edited for 15 minutes after the command. */
const DEADLINE_MS = 14 * 60_000
/** A stopped call's receipt comes a moment after the stop. */
const RECEIPT_TRIES = 8
const RECEIPT_PAUSE_MS = 250
const CUT_SHORT = 'Cut short: the bot was restarted. Please ask again.'
const QUESTION_CHARACTERS = 2_000

interface Running {
  readonly user: string
  readonly stop: AbortController
  /** Why it was stopped, in words for the message. */
  why?: string
}

/** `/ask`: a question to a model, its answer streamed, with its sources, their shares and the cost. */
export function createAsk({ api, clock, log, topics, store }: BotParts): BotCommand {
  /** What runs, by the id of the interaction that its Cancel button names. */
  const running = new Map<string, Running>()

  /** Amounts in words; a peer that went away in the end must not take the answer with it. */
  const inWords = () => moneyOf(api).catch(() => (amountWei: bigint) => `${amountWei} wei`)

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const user = interaction.user.id
    if ([...running.values()].some((one) => one.user === user)) {
      await answer(interaction, said('Your last question is still being answered. One at a time.'))
      return
    }
    const own: Running = { user, stop: new AbortController() }
    running.set(interaction.id, own)
    const forget = clock.after(DEADLINE_MS, () => end(own, 'Stopped: it took too long.'))
    try {
      await defer(interaction, false)
      await respond(interaction, own)
    } finally {
      forget()
      running.delete(interaction.id)
    }
  }

  async function respond(interaction: ChatInputCommandInteraction, own: Running): Promise<void> {
    const { signal } = own.stop
    const question = interaction.options.getString('question', true)
    const wanted = interaction.options.getString('model') ?? undefined
    const live = createLiveMessage<Card>({
      clock,
      edit: (content) => interaction.editReply(card(content)),
      onError(error) {
        log('edit', { id: interaction.id, code: codeOf(error) })
        // Nobody can read it any more: nothing more is to be paid for.
        if (isGone(error)) end(own, 'Stopped: the message is gone.')
      }
    })
    let asked = { question, model: wanted ?? 'a model' }
    let text = ''
    let callId = ''
    let note = 'asking…'
    const show = () => live.show(() => workingCard(asked, { text, note, control: interaction.id }))
    const before = store.claims.kept(interaction.id, 'call') as
      | (Asked & { readonly callId: string })
      | undefined
    if (before !== undefined) {
      // An earlier try of this process's predecessor: what it paid for is paid, and not asked again.
      own.why = CUT_SHORT
      await live.finish(await stopped(before, own, '', before.callId))
      return
    }
    try {
      const model = chooseModel(await knownModels(api, topics, { signal }), wanted)
      asked = { question, model: model.name }
      const messages = [{ role: 'user' as const, content: question }]
      for await (const event of api.models.ask({ model: model.model, messages }, { signal })) {
        if (event.type === 'started') {
          callId = event.callId
          // On the disk before anything of it is shown: who comes after knows what was paid.
          store.claims.keep(interaction.id, 'call', { ...asked, callId })
        }
        if (event.type === 'chunk') {
          text += event.text
          note = 'answering…'
        } else if (event.type === 'retrying') {
          text = ''
          note = 'one provider failed; asking another…'
        } else if (event.type === 'done') {
          const { receipt, citations } = event
          const money = await inWords()
          await live.finish(answerCard(asked, { text, receipt, citations }, money))
          return
        }
        if (!signal.aborted) show()
      }
      signal.throwIfAborted()
    } catch (error) {
      if (signal.aborted) await live.finish(await stopped(asked, own, text, callId))
      else {
        log('ask', { id: interaction.id, code: codeOf(error) })
        await live.finish(await failed(asked, error, text, callId))
      }
    }
  }

  async function stopped(
    asked: { readonly question: string; readonly model: string },
    { why = 'Stopped.' }: Running,
    text: string,
    callId: string
  ): Promise<Card> {
    const receipt = await receiptOf(callId)
    const money = await inWords()
    return stoppedCard(asked, { text, why, callId, receipt }, money)
  }

  async function failed(
    { question, model }: { readonly question: string; readonly model: string },
    error: unknown,
    text: string,
    callId: string
  ): Promise<Card> {
    const receipt = await api.receipts.show(callId).catch(() => undefined)
    const money = await inWords()
    const cost = receipt === undefined ? [] : [footer(model, receipt, money)]
    const delivered = text.trim() === '' ? [] : [answerText(text.trim(), 2_300)]
    return failureCard(error, [questionLine(question), ...delivered, ...cost])
  }

  /** The receipt of a call that was stopped: a remote peer settles it after it has let us go. */
  async function receiptOf(callId: string): Promise<ReceiptSummary | undefined> {
    if (callId === '') return undefined
    for (let tries = 0; tries < RECEIPT_TRIES; tries++) {
      const receipt = await api.receipts.show(callId).catch(() => undefined)
      if (receipt !== undefined) return receipt
      await new Promise<void>((resolve) => clock.after(RECEIPT_PAUSE_MS, resolve))
    }
    return undefined
  }

  async function cancel(interaction: ButtonInteraction, id: string): Promise<void> {
    const own = running.get(id)
    if (own === undefined) {
      await answer(interaction, said('This question is not being answered any more.'))
    } else if (own.user !== interaction.user.id) {
      await answer(interaction, said('Only who asked can cancel.'))
    } else {
      // The money first: Discord has three seconds for its answer.
      end(own, 'Cancelled.')
      await interaction.deferUpdate()
    }
  }

  async function complete(interaction: AutocompleteInteraction): Promise<void> {
    const listings = await api.models.list().catch(() => [])
    await interaction.respond(modelChoices(listings, interaction.options.getFocused()))
  }

  return {
    definition: {
      name: 'ask',
      description: 'Ask a model of the community; its sources are paid',
      contexts: [InteractionContextType.Guild],
      integration_types: [ApplicationIntegrationType.GuildInstall],
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: 'question',
          description: 'What you want to know',
          required: true,
          max_length: QUESTION_CHARACTERS
        },
        {
          type: ApplicationCommandOptionType.String,
          name: 'model',
          description: 'Which model answers; the newest one that is offered unless you choose',
          autocomplete: true,
          max_length: 100
        }
      ]
    },
    run,
    complete,
    buttons: { cancel },
    stop() {
      for (const own of running.values()) end(own, 'Stopped: the bot restarts. Please ask again.')
    }
  }
}

function end(own: Running, why: string): void {
  own.why ??= why
  own.stop.abort()
}
