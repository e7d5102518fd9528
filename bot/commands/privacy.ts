import type { ChatInputCommandInteraction, ModalSubmitInteraction } from 'discord.js'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { codeOf } from '../log.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { fieldOf } from '../render/contribution-form.ts'
import { plainLine } from '../render/markdown.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { labelOf } from './names.ts'
import { ANYWHERE, subcommand } from './opening.ts'

const NAME = 32
const WORD = 'DELETE'

/** `/privacy`: what is kept of a member, handed out, deleted, and what others see of them. */
export function createPrivacy({ api, store, log }: BotParts): BotCommand {
  const { members, answers, notices, permissions, ledger, links } = store

  async function exported(user: string): Promise<string> {
    const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
    const own =
      account === undefined ? [] : await api.datanets.submissions({ account: account.address })
    const given: unknown[] = []
    for (const { contribution } of own) {
      const details = await api.datanets
        .submission({ account: account?.address as string, contribution })
        .catch(() => undefined)
      if (details !== undefined) given.push({ kind: 'contribution', ...details })
    }
    const rows = [
      { kind: 'account', label: labelOf(user), address: account?.address ?? null },
      { kind: 'settings', ...members.settings(user), joined: members.joined(user) },
      { kind: 'wallet', ...links.of(user) },
      ...members.consents(user).map((one) => ({ kind: 'consent', ...one })),
      ...answers.of(user).map((one) => ({ kind: 'answer', ...one })),
      ...notices.of(user, 1_000).map((one) => ({ kind: 'notice', ...one })),
      ...ledger.entries(`member:${user}`, 10_000).map((one) => ({ kind: 'booking', ...one })),
      ...given
    ]
    const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
    return rows.map((row) => `${JSON.stringify(row, plain)}\n`).join('')
  }

  async function exportTo(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const text = await exported(interaction.user.id)
    const shown: Card = {
      colour: COLOUR.done,
      parts: [
        '**Everything the bot keeps of you**, one JSON object a line. Only you see this, and it goes when you close Discord.'
      ],
      files: [{ name: 'my-data.jsonl', text }]
    }
    await interaction.editReply(card(shown))
  }

  async function erase(interaction: ModalSubmitInteraction): Promise<void> {
    const { fields, user } = interaction
    if (fields.getTextInputValue('word').trim() !== WORD) {
      await answer(interaction, said(`Nothing was deleted: the word is ${WORD}.`))
      return
    }
    await defer(interaction)
    const isAll = fields.getRadioGroup('what') === 'all'
    const lines: string[] = []
    if (isAll) lines.push(await takeBackAll(user.id))
    answers.forget(user.id)
    notices.forget(user.id)
    permissions.forget(user.id)
    members.forget(user.id)
    lines.push('Settings, questions, answers, votes, reports and news of yours are deleted here.')
    const balanceWei = ledger.balanceWei(`member:${user.id}`)
    const isLinked = links.of(user.id) !== undefined
    lines.push(
      balanceWei > 0n || isLinked
        ? 'Your balance and your wallet’s link stay, so that you can withdraw: /withdraw, then /wallet unlink.'
        : 'Nothing of yours that is worth money was here.',
      isAll ? '' : 'What you gave stays where it is: /mine takes it back.',
      'That you consented stays noted, by digests alone: it shows that what was given was given rightly.'
    )
    const shown = lines.filter((line) => line !== '').map((line) => `• ${line}`)
    await interaction.editReply(
      card({ colour: COLOUR.done, parts: ['**Deleted**', shown.join('\n')] })
    )
  }

  async function takeBackAll(user: string): Promise<string> {
    const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
    if (account === undefined) return 'You gave nothing.'
    const own = await api.datanets.submissions({ account: account.address })
    const open = own.filter(({ status }) => status !== 'withdrawn')
    let done = 0
    for (const { datanet, contribution } of open) {
      try {
        await api.datanets.withdraw({ datanet, contribution, account: account.address })
        done += 1
      } catch (error) {
        log('withdraw', { code: codeOf(error) })
      }
    }
    const rest = open.length - done
    return `${done} contributions are taken back${rest === 0 ? '' : `; ${rest} could not be just now: run this again later`}.`
  }

  function settings(user: string): Card {
    const { neverAsk, dm, publicName } = members.settings(user)
    return {
      colour: COLOUR.notice,
      parts: [
        '**What others see, and what may reach you**',
        [
          `• In lists and under answers you are ${publicName === undefined ? 'nobody: the ends of your account’s address' : `called **${plainLine(publicName, NAME)}**`}.`,
          `• Others ${neverAsk ? '**cannot** ask' : 'can ask'} you, through the bot, for a message of yours.`,
          `• Direct messages from the bot are ${dm ? 'on' : '**off**'}.`
        ].join('\n')
      ],
      buttons: [
        button(publicName === undefined ? 'Choose a name' : 'Change the name', 'name', 'me'),
        ...(publicName === undefined ? [] : [button('No name', 'noname', 'me')]),
        button(neverAsk ? 'Let others ask' : 'Never ask me', 'neverask', neverAsk ? 'off' : 'on'),
        button(dm ? 'No direct messages' : 'Direct messages', 'privacydm', dm ? 'off' : 'on')
      ]
    }
  }

  return {
    definition: {
      name: 'privacy',
      description: 'What is kept of you: hand it out, delete it, say what others see',
      ...ANYWHERE,
      options: [
        subcommand('settings', 'What others see, and what may reach you'),
        subcommand('export', 'Everything the bot keeps of you, as a file'),
        subcommand('delete', 'Delete what the bot keeps of you')
      ]
    },
    async run(interaction) {
      const sub = interaction.options.getSubcommand()
      if (sub === 'export') return exportTo(interaction)
      if (sub === 'settings') return answer(interaction, settings(interaction.user.id))
      await interaction.showModal({
        custom_id: customId({ action: 'erase', subject: 'me' }),
        title: 'Delete what the bot keeps of you',
        components: [
          fieldOf({ id: 'word', label: `Type ${WORD}`, max: 20 }),
          fieldOf(
            {
              ...{ id: 'what', label: 'What', max: 10 },
              choices: [
                { label: 'What the bot keeps', value: 'bot' },
                { label: 'That, and take back all I ever gave', value: 'all' }
              ]
            },
            'bot'
          )
        ]
      })
    },
    buttons: {
      async name(interaction) {
        await interaction.showModal({
          custom_id: customId({ action: 'named', subject: 'me' }),
          title: 'What shall others call you?',
          components: [fieldOf({ id: 'name', label: 'Name', max: NAME })]
        })
      },
      async noname(interaction) {
        members.hide(interaction.user.id)
        await deferEdit(interaction)
        await interaction.editReply(card(settings(interaction.user.id)))
      },
      async neverask(interaction, wanted) {
        members.change(interaction.user.id, { neverAsk: wanted === 'on' })
        await deferEdit(interaction)
        await interaction.editReply(card(settings(interaction.user.id)))
      },
      async privacydm(interaction, wanted) {
        members.change(interaction.user.id, { dm: wanted === 'on' })
        await deferEdit(interaction)
        await interaction.editReply(card(settings(interaction.user.id)))
      }
    },
    modals: {
      erase,
      async named(interaction) {
        const publicName = interaction.fields.getTextInputValue('name').trim()
        await deferEdit(interaction as never)
        if (publicName !== '') members.change(interaction.user.id, { publicName })
        await interaction.editReply(card(settings(interaction.user.id)))
      }
    }
  }
}
