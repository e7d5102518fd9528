import {
  type ButtonInteraction,
  ButtonStyle,
  type ChatInputCommandInteraction,
  type ModalSubmitInteraction,
  type RepliableInteraction
} from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { ReviewDraft } from '../../peer/api/reviews-api.ts'
import { answer, beside, defer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { button, COLOUR, card, said } from '../render/card.ts'
import { fieldOf } from '../render/contribution-form.ts'
import { plainLine } from '../render/markdown.ts'
import { percent, short } from '../render/money.ts'
import { reviewCard } from '../render/review.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { choicesOf, chooseDatanet } from './choose-datanet.ts'
import { labelOf } from './names.ts'
import { IN_SERVERS, subcommand, textOption } from './opening.ts'

const NOT_CURATOR =
  'Only a Datanet’s curators review, and your account here is none. Its curators can make you one; your account stands in /wallet show.'
const NOT_YOURS = 'It is not yours to look at any more. /review next shows another one.'
const LEASE_MS = 24 * 3_600_000

/** Why something is rejected, by the codes of the protocol; those that are flags as well come first. */
const REASONS: ReadonlyArray<readonly [string, string]> = [
  ['personal-data', 'It tells of a person'],
  ['licence', 'It is not theirs to give'],
  ['harmful', 'It would do harm'],
  ['spam', 'It is noise, or advertises'],
  ['off-topic', 'It is not what the Datanet is for'],
  ['incorrect', 'It is not true'],
  ['unclear', 'It cannot be understood'],
  ['duplicate', 'The Datanet says it already'],
  ['other', 'Something else: say what']
]
const FLAGS = 4

/** What a curator was shown, as its buttons name it. */
interface Shown {
  readonly datanet: string
  readonly contribution: string
}

/** `/review`: what waits, one at a time, blind to who gave it and never one's own. */
export function createReview(parts: BotParts): BotCommand {
  const { api, store } = parts
  const { claims, pending } = store

  /** The member's account, where it is one of the curators. */
  async function curatorOf(user: string, { curators }: Pick<DatanetSummary, 'curators'>) {
    const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
    return account !== undefined && curators.includes(account.address) ? account : undefined
  }

  async function next(
    interaction: RepliableInteraction,
    datanet: DatanetSummary,
    isHeld = false
  ): Promise<void> {
    const user = interaction.user.id
    const account = await curatorOf(user, datanet)
    if (account === undefined) return answer(interaction, said(NOT_CURATOR))
    const query = { datanet: datanet.id, account: account.address }
    const items = isHeld
      ? await api.datanets.reviewHeld(query)
      : await api.datanets.reviewNext(query)
    const [item] = items
    if (item === undefined) {
      const words = `Nothing waits for you in “${plainLine(datanet.name, 100)}”. Thank you.`
      return answer(interaction, said(words))
    }
    const shown = { datanet: datanet.id, contribution: item.contribution } satisfies Shown
    const id = pending.put(user, shown, LEASE_MS)
    await answer(interaction, reviewCard(item, { datanet, id, isHeld }))
  }

  async function decide(
    interaction: ButtonInteraction | ModalSubmitInteraction,
    id: string,
    verdict: Pick<ReviewDraft, 'verdict' | 'code' | 'reason'>
  ): Promise<void> {
    const user = interaction.user.id
    const shown = pending.get(id, user) as Shown | undefined
    if (shown === undefined) return answer(interaction, said(NOT_YOURS))
    if (interaction.isButton() || interaction.isFromMessage()) await deferEdit(interaction as never)
    else await defer(interaction)
    const datanet = await api.datanets.show(shown.datanet)
    const account = await curatorOf(user, datanet)
    if (account === undefined) return answer(interaction, said(NOT_CURATOR))
    const done = await claims.step(interaction.id, 'verdict', () =>
      api.datanets.review({ ...shown, ...verdict, account: account.address })
    )
    pending.take(id, user)
    const words = {
      approve: 'You approved it.',
      reject: 'You rejected it.',
      unsure: 'You are unsure: that counts for neither.',
      flag: 'You flagged it: nobody is shown it until curators decided about that.',
      clear: 'You cleared it of its flag.'
    }[verdict.verdict]
    const now =
      done.status === 'pending' ? 'It waits for other curators.' : `It is ${done.status} now.`
    const others = (done.verdicts ?? []).join(', ')
    await interaction.editReply(
      card({
        colour: COLOUR.done,
        parts: [
          `**${words}** ${done.isHeld === true ? '' : now}`,
          others === '' ? '' : `-# others had said: ${plainLine(others, 200)}`
        ],
        buttons: [button('Next', 'nextreview', datanet.id, ButtonStyle.Primary)]
      })
    )
  }

  async function skip(interaction: ButtonInteraction, id: string): Promise<void> {
    const user = interaction.user.id
    await deferEdit(interaction)
    const shown = pending.take(id, user) as Shown | undefined
    if (shown === undefined) return answer(interaction, said(NOT_YOURS))
    const { datanet, contribution } = shown
    const account = await api.accounts.find(labelOf(user))
    await api.datanets.reviewGive({
      ...{ datanet, account: account.address, contributions: [contribution] }
    })
    await interaction.editReply(
      card({
        colour: COLOUR.notice,
        parts: ['**Given back.** Others get it at once, and you perhaps later.'],
        buttons: [button('Next', 'nextreview', datanet, ButtonStyle.Primary)]
      })
    )
  }

  async function stats(interaction: RepliableInteraction, datanet: DatanetSummary): Promise<void> {
    const account = await curatorOf(interaction.user.id, datanet)
    if (account === undefined) return answer(interaction, said(NOT_CURATOR))
    const query = { datanet: datanet.id, account: account.address }
    const { shared, alphaPpm, curators } = await api.datanets.reviewStats(query)
    const lines = curators.slice(0, 15).map((one) => {
      const agreed = one.agreedPpm === undefined ? '' : `, agrees ${percent(one.agreedPpm)}`
      const who = one.curator === account.address ? '**you**' : `\`${short(one.curator)}\``
      return `${who}: ✓ ${one.approve} · ✕ ${one.reject} · ? ${one.unsure} · ⚑ ${one.flag} · ${one.asDecided} of ${one.decided} as decided${agreed}`
    })
    const alpha =
      alphaPpm === undefined ? '' : `, Krippendorff’s alpha ${(alphaPpm / 1e6).toFixed(2)}`
    const words = [
      `**Reviews in “${plainLine(datanet.name, 100)}”** · ${shared} by more than one${alpha}`,
      ...lines,
      `-# It takes ${datanet.review.approvals} approvals, and ${percent(datanet.review.sharePpm)} of the verdicts.`
    ]
    await answer(interaction, said(words.join('\n')))
  }

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const wanted = interaction.options.getString('datanet') ?? undefined
    await defer(interaction)
    const datanet = await chooseDatanet(parts, wanted, interaction)
    const sub = interaction.options.getSubcommand()
    if (sub === 'stats') await stats(interaction, datanet)
    else await next(interaction, datanet, sub === 'held')
  }

  const ask =
    (verdict: 'reject' | 'flag') => async (interaction: ButtonInteraction, id: string) => {
      const reasons = verdict === 'flag' ? REASONS.slice(0, FLAGS) : REASONS
      await interaction.showModal({
        custom_id: customId({ action: verdict === 'flag' ? 'flagged' : 'rejected', subject: id }),
        title: verdict === 'flag' ? 'What must not be here?' : 'Why not?',
        components: [
          fieldOf({
            ...{ id: 'code', label: 'Reason', max: 100 },
            choices: reasons.map(([value, label]) => ({ label, value }))
          }),
          fieldOf({
            ...{ id: 'note', label: 'In your words', max: 500, isLong: true, isOptional: true },
            description: 'Who gave it reads this.'
          })
        ]
      })
    }

  const sent =
    (verdict: 'reject' | 'flag') =>
    (interaction: ModalSubmitInteraction, id: string): Promise<void> => {
      const code = interaction.fields.getRadioGroup('code', true)
      const reason = interaction.fields.getTextInputValue('note').trim()
      return decide(interaction, id, { verdict, code, ...(reason === '' ? {} : { reason }) })
    }

  const datanet = textOption('datanet', 'Of which Datanet', { autocomplete: true })
  return {
    definition: {
      name: 'review',
      description: 'For curators: read what waits, and decide',
      ...IN_SERVERS,
      options: [
        subcommand('next', 'The next one that waits for you', [datanet]),
        subcommand('held', 'What was flagged and waits for your word on that', [datanet]),
        subcommand('stats', 'Who reviewed how much, and how far you agree', [datanet])
      ]
    },
    run,
    async complete(interaction) {
      const typed = interaction.options.getFocused()
      await interaction.respond(await choicesOf(parts, interaction, typed))
    },
    buttons: {
      approve: (interaction, id) => decide(interaction, id, { verdict: 'approve' }),
      unsure: (interaction, id) => decide(interaction, id, { verdict: 'unsure' }),
      clear: (interaction, id) => decide(interaction, id, { verdict: 'clear' }),
      reject: ask('reject'),
      flag: ask('flag'),
      skip,
      async nextreview(interaction, id) {
        await deferEdit(interaction)
        await next(interaction, await api.datanets.show(id))
      },
      async appeal(interaction, contribution) {
        await interaction.showModal({
          custom_id: customId({ action: 'appealed', subject: contribution }),
          title: 'Have it heard again',
          components: [
            fieldOf({
              ...{ id: 'text', label: 'Why they are mistaken', max: 1_000, isLong: true },
              description: 'Other curators decide, once and for all. It is signed by your account.'
            })
          ]
        })
      }
    },
    modals: {
      rejected: sent('reject'),
      flagged: sent('flag'),
      async appealed(interaction, contribution) {
        await defer(interaction)
        const account = await api.accounts.find(labelOf(interaction.user.id))
        const own = await api.datanets.submission({ account: account.address, contribution })
        const text = interaction.fields.getTextInputValue('text').trim()
        const draft = { datanet: own.datanet, contribution, account: account.address, text }
        const { status } = await api.datanets.appeal(draft)
        await beside(
          interaction,
          said(`**Heard again.** It is ${status}: other curators read it, and what you said.`)
        )
      }
    }
  }
}
