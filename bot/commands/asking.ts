import type {
  ButtonInteraction,
  ChatInputCommandInteraction,
  ModalSubmitInteraction
} from 'discord.js'
import { meteredAsk } from '../../peer/api/metered-ask.ts'
import type { ModelListing } from '../../peer/api/models-api.ts'
import type { ReceiptSummary } from '../../peer/api/money-api.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
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
import { quoteCard } from '../render/quote.ts'
import type { BotParts } from './bot-command.ts'
import { chooseModel } from './choose-model.ts'
import { namesOf } from './names.ts'
import { quoteOf } from './quote.ts'

/** Something that a member wants to know. */
export interface Request {
  readonly question: string
  readonly model?: string
  readonly datanet?: string
  readonly maxWei?: string
  readonly isPrivate: boolean
  /** They saw what it costs and said so. */
  readonly isConfirmed?: boolean
}

/** Questions under way. */
export interface Asking {
  ask(
    interaction: ChatInputCommandInteraction | ButtonInteraction | ModalSubmitInteraction,
    request: Request
  ): Promise<void>
  /** Stops the question that `id` names, for who asked it; in which way that failed, if it did. */
  cancel(id: string, user: string): 'over' | 'not yours' | undefined
  /** Ends all, since the bot restarts. */
  stop(): void
}

/** Discord lets a message be edited for 15 minutes after the command. */
const DEADLINE_MS = 14 * 60_000
/** A stopped call's receipt comes a moment after the stop. */
const RECEIPT_TRIES = 8
const RECEIPT_PAUSE_MS = 250
const QUOTE_MS = 10 * 60_000
const PER_GUILD = 3
const CUT_SHORT = 'Cut short: the bot was restarted. Please ask again.'

interface Running {
  readonly id: string
  readonly user: string
  readonly guild: string
  readonly stop: AbortController
  /** Why it was stopped, in words for the message. */
  why?: string
}

type Interaction = Parameters<Asking['ask']>[0]
type Call = Asked & { readonly callId: string }

/** Asks for members: what a question costs is set aside before, and settled once, however it ends. */
export function createAsking({ api, clock, log, topics, store }: BotParts): Asking {
  const { spending, guilds, members, claims, answers, pending } = store
  /** What runs here, by the id of the interaction that its Cancel button names. */
  const running = new Map<string, Running>()

  /** Amounts in words; a peer that went away in the end must not take the answer with it. */
  const inWords = () => moneyOf(api).catch(() => (amountWei: bigint) => `${amountWei} wei`)

  async function ask(interaction: Interaction, request: Request): Promise<void> {
    const { id } = interaction
    const user = interaction.user.id
    const guild = interaction.guildId ?? ''
    const isKnown = spending.find(id) !== undefined
    const isBusy = [...running.values()].some((one) => one.user === user)
    if (!isKnown && (isBusy || spending.running({ user }) > 0)) {
      await answer(interaction, said('Your last question is still being answered. One at a time.'))
      return
    }
    if (!isKnown && guild !== '' && spending.running({ guild }) >= PER_GUILD) {
      await answer(
        interaction,
        said('Three questions of this server are being answered already. Ask again in a moment.')
      )
      return
    }
    const own: Running = { id, user, guild, stop: new AbortController() }
    running.set(id, own)
    const forget = clock.after(DEADLINE_MS, () => end(own, 'Stopped: it took too long.'))
    try {
      if (interaction.isButton()) await deferEdit(interaction)
      else await defer(interaction, request.isPrivate)
      await respond(interaction, request, own)
    } finally {
      forget()
      running.delete(id)
    }
  }

  async function respond(interaction: Interaction, request: Request, own: Running): Promise<void> {
    const { id, user, guild, stop } = own
    const { signal } = stop
    const { question } = request
    let message = ''
    const live = createLiveMessage<Card>({
      clock,
      async edit(content) {
        message = (await interaction.editReply(card(content))).id
      },
      onError(error) {
        log('edit', { id, code: codeOf(error) })
        // Nobody can read it any more: nothing more is to be paid for.
        if (isGone(error)) end(own, 'Stopped: the message is gone.')
      }
    })
    const before = claims.kept(id, 'call') as Call | undefined
    if (before !== undefined) {
      // Of an earlier process: what it paid for is paid, and not asked again.
      own.why = CUT_SHORT
      await live.finish(await stopped(before, own, '', before.callId))
      return
    }
    let asked: Asked = { question, model: request.model ?? 'a model' }
    let text = ''
    let callId = ''
    let note = 'asking…'
    const show = () => live.show(() => workingCard(asked, { text, note, control: id }))
    try {
      const listings = within(await knownModels(api, topics, { signal }), request.datanet)
      const model = chooseModel(listings, request.model)
      asked = { question, model: model.name }
      const price = priceOf(listings, model.model, request, guild)
      const query = { id, user, maxWei: price.maxWei, ...(guild === '' ? {} : { guild }) }
      const payer = spending.find(id)?.payer ?? spending.payerOf(query)
      const isAsked = request.isConfirmed === true || payer !== 'own'
      if (!isAsked && price.maxWei > members.settings(user).confirmWei) {
        const quote = pending.put(user, { ...request, model: model.model }, QUOTE_MS)
        await live.finish(quoteCard(asked, { ...price, id: quote }, await inWords()))
        return
      }
      const reservation = spending.reserve(query, price.openWei)
      const messages = [{ role: 'user' as const, content: question }]
      const events = meteredAsk(api, { model: model.model, messages }, { reservation, signal })
      for await (const event of events) {
        if (event.type === 'started') {
          callId = event.callId
          // On the disk before anything of it is shown: who comes after knows what was paid.
          claims.keep(id, 'call', { ...asked, callId } satisfies Call)
          spending.begin(id, callId)
        }
        if (event.type === 'chunk') {
          text += event.text
          note = 'answering…'
          if (guilds.isPaused(guild)) end(own, 'Stopped: an administrator stopped all spending.')
          else if (claims.kept(id, 'cancel') === true) end(own, 'Cancelled.')
        } else if (event.type === 'retrying') {
          text = ''
          note = 'one provider failed; asking another…'
        } else if (event.type === 'done') {
          const { receipt, citations } = event
          const [money, names] = await Promise.all([
            inWords(),
            namesOf(api, store, receipt.credits)
          ])
          await live.finish(answerCard(asked, { text, receipt, citations, payer, names }, money))
          keep({
            ...{ callId: receipt.callId, asker: user, guild, channel: interaction.channelId ?? '' },
            ...{ message, model: model.model, datanet: model.datanets?.[0] ?? '' },
            ...{ question, answer: text.trim() }
          })
          return
        }
        if (!signal.aborted) show()
      }
      signal.throwIfAborted()
    } catch (error) {
      if (signal.aborted) await live.finish(await stopped(asked, own, text, callId))
      else {
        log('ask', { id, code: codeOf(error) })
        await live.finish(await failed(asked, error, text, callId))
      }
    }
  }

  /** For its buttons; an answer that was shown stands, whatever the disk says. */
  function keep(one: Parameters<typeof answers.put>[0]): void {
    try {
      answers.put(one)
    } catch (error) {
      log('answer', { code: codeOf(error) })
    }
  }

  /** What a question may cost: by its model's offers, within every limit that stands. */
  function priceOf(
    listings: readonly ModelListing[],
    model: string,
    { question, maxWei: wanted }: Request,
    guild: string
  ) {
    const { perCallWei } = guilds.limits(guild)
    const { offers = [] } = listings.find((one) => one.model.model === model) ?? {}
    const quote = quoteOf(offers, question)
    const limits = [perCallWei, quote?.mostWei, wanted === undefined ? undefined : BigInt(wanted)]
    const maxWei = limits
      .filter((wei) => wei !== undefined)
      .reduce((least, wei) => (wei < least ? wei : least), perCallWei)
    const { likelyWei = maxWei, openWei = maxWei } = quote ?? {}
    return { maxWei, likelyWei: likelyWei < maxWei ? likelyWei : maxWei, openWei }
  }

  async function stopped(
    asked: Asked,
    { id, why = 'Stopped.' }: Running,
    text: string,
    callId: string
  ): Promise<Card> {
    const receipt = await receiptOf(callId)
    // Where no receipt comes, it is looked for again later.
    if (callId === '') spending.settle(id, 0n)
    else if (receipt !== undefined) spending.settle(id, receipt.priceWei)
    const money = await inWords()
    return stoppedCard(asked, { text, why, callId, receipt }, money)
  }

  async function failed(
    { question, model }: Asked,
    error: unknown,
    text: string,
    callId: string
  ): Promise<Card> {
    const receipt =
      callId === '' ? undefined : await api.receipts.show(callId).catch(() => undefined)
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

  return {
    ask,
    cancel(id, user) {
      const own = running.get(id)
      if (own === undefined) {
        const spend = spending.find(id)
        if (spend === undefined || spend.costWei !== undefined) return 'over'
        if (spend.user !== user) return 'not yours'
        // Another process answers it, and looks here at each piece.
        claims.keep(id, 'cancel', true)
        return undefined
      }
      if (own.user !== user) return 'not yours'
      end(own, 'Cancelled.')
      return undefined
    },
    stop() {
      for (const own of running.values()) end(own, 'Stopped: the bot restarts. Please ask again.')
    }
  }
}

/** Those models that were built from a Datanet. */
function within(listings: readonly ModelListing[], datanet: string | undefined) {
  if (datanet === undefined) return listings
  return listings.filter(({ model }) => model.datanets?.includes(datanet))
}

function end(own: Running, why: string): void {
  own.why ??= why
  own.stop.abort()
}
