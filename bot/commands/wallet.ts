import {
  ButtonStyle,
  type ChatInputCommandInteraction,
  type ModalSubmitInteraction
} from 'discord.js'
import { refusal } from '../../peer/api/problem.ts'
import { answer, beside, defer } from '../discord/answering.ts'
import { customId } from '../discord/custom-id.ts'
import { signInText } from '../ledger/sign-in.ts'
import { button, type Card, COLOUR, said } from '../render/card.ts'
import { fieldOf } from '../render/contribution-form.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { isSecret } from './draft-problems.ts'
import { labelOf } from './names.ts'
import { IN_SERVERS, subcommand, textOption } from './opening.ts'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const SIGNATURE = /^0x[0-9a-fA-F]{130}$/

/** `/wallet`: which wallet is a member's own, shown by its signature alone. */
export function createWallet({ api, store }: BotParts): BotCommand {
  const { links, notices, pending } = store

  async function link(interaction: ChatInputCommandInteraction): Promise<void> {
    const address = interaction.options.getString('address', true).trim()
    if (isSecret(address)) {
      return answer(
        interaction,
        said(
          'This looks like a private key or a recovery phrase. Never type one anywhere. The address is what others may know: 0x and 40 digits.'
        )
      )
    }
    if (!ADDRESS.test(address)) {
      return answer(interaction, said('A wallet’s address is 0x and 40 digits and letters.'))
    }
    const { chainId } = await api.status()
    if (chainId === undefined) throw refusal('CHAIN_MISSING', {})
    const request = links.request(interaction.user.id)
    const text = signInText(request, { address, chainId })
    const kept = pending.put(interaction.user.id, { id: request.id, address, text }, 10 * 60_000)
    const shown: Card = {
      colour: COLOUR.notice,
      parts: [
        `**Sign this text with your wallet** (code **${request.code}**), within ten minutes\n\`\`\`\n${text}\n\`\`\``,
        'Any wallet that signs messages does it; on a command line: `cast wallet sign --interactive "$(cat text.txt)"`. Then paste the signature. It moves no funds, and the bot never asks for a key or a phrase.'
      ],
      files: [{ name: 'text.txt', text }],
      buttons: [button('Paste the signature', 'sign', kept, ButtonStyle.Primary)]
    }
    await answer(interaction, shown)
  }

  async function signed(interaction: ModalSubmitInteraction, ref: string): Promise<void> {
    await defer(interaction)
    const { user, fields } = interaction
    const kept = pending.get(ref, user.id) as
      | { readonly id: string; readonly address: string; readonly text: string }
      | undefined
    if (kept === undefined)
      return beside(interaction, said('Ten minutes went by. /wallet link begins anew.'))
    const { id, address, text } = kept
    const signature = fields.getTextInputValue('signature').trim()
    const isSigned =
      SIGNATURE.test(signature) &&
      (await api.accounts.signedText({ address, text, signature })).isSigned
    if (!isSigned) {
      return beside(
        interaction,
        said(
          'This is no signature of that wallet over that text. Sign the text as it stands, every line of it.'
        )
      )
    }
    const done = links.link(id, address.toLowerCase())
    pending.take(ref, user.id)
    if (done === undefined)
      return beside(interaction, said('This was used before, or ten minutes went by.'))
    if (done.before !== undefined) {
      notices.put(
        done.before,
        `unlinked ${id}`,
        `Your wallet ${address} was linked to another member, by its signature. It is not yours here any more.`
      )
    }
    notices.put(
      user.id,
      `linked ${id}`,
      `The wallet ${address} was linked to you. If that was not you, tell an administrator within 24 hours: until then nothing can be withdrawn.`
    )
    const holds = `<t:${Math.floor(done.link.holdUntilMs / 1000)}:R>`
    await beside(
      interaction,
      said(
        `**Linked.** \`${address}\` is yours here. Withdrawals go there and nowhere else; the first can be made ${holds}.`
      )
    )
  }

  async function handOver(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const { id } = interaction.user
    const own = links.of(id)
    if (own === undefined) return answer(interaction, said('Link your wallet first: /wallet link.'))
    const signature = interaction.options.getString('signature')?.trim()
    const state = await api.accounts.handOver({
      account: labelOf(id),
      to: own.wallet,
      ...(signature === undefined ? {} : { signature })
    })
    const shown: Card =
      state.state === 'submitted'
        ? said(
            `**Handed over.** What you gave is credited to \`${own.wallet}\` from the next revision of each of ${state.datanets.length} Datanets on. What was earned before stays with the account here: /rewards claim, then /withdraw.`
          )
        : {
            colour: COLOUR.notice,
            parts: [
              '**Sign this with your wallet** (`eth_signTypedData_v4`), then run `/wallet handover` again with the signature. From then on what you gave earns for your wallet, and nobody else can act for it.'
            ],
            files: [{ name: 'hand-over.json', text: JSON.stringify(state.typedData, null, 2) }]
          }
    await answer(interaction, shown)
  }

  async function show(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const { id } = interaction.user
    const account = await api.accounts.find(labelOf(id)).catch(() => undefined)
    const own = links.of(id)
    const now =
      account === undefined
        ? 'You have none yet: it is made with your first contribution.'
        : `\`${account.address}\`, whose key the bot keeps for you`
    const wallet =
      own === undefined
        ? 'none: /wallet link'
        : `\`${own.wallet}\`, linked <t:${Math.floor(own.linkedAtMs / 1000)}:R>; withdrawals from <t:${Math.floor(own.holdUntilMs / 1000)}:f> on`
    await answer(interaction, said(`**Your account here** ${now}\n**Your own wallet** ${wallet}`))
  }

  return {
    definition: {
      name: 'wallet',
      description: 'Your account here, and the wallet that is your own',
      ...IN_SERVERS,
      options: [
        subcommand('show', 'Your account here, and your own wallet'),
        subcommand('link', 'Show by a signature that a wallet is yours', [
          textOption('address', 'Of the wallet: 0x…', { required: true })
        ]),
        subcommand('handover', 'Have what you gave earn for your own wallet', [
          textOption('signature', 'Of the wallet, over what was shown before', { max: 200 })
        ]),
        subcommand('unlink', 'Forget your own wallet')
      ]
    },
    async run(interaction) {
      const sub = interaction.options.getSubcommand()
      if (sub === 'link') return link(interaction)
      if (sub === 'show') return show(interaction)
      if (sub === 'handover') return handOver(interaction)
      const words = links.unlink(interaction.user.id)
        ? '**Forgotten.** Nothing can be withdrawn until you link a wallet again, and for 24 hours after that.'
        : 'No wallet was linked.'
      await answer(interaction, said(words))
    },
    buttons: {
      async sign(interaction, ref) {
        await interaction.showModal({
          custom_id: customId({ action: 'signed', subject: ref }),
          title: 'Paste the signature',
          components: [
            fieldOf({
              ...{ id: 'signature', label: 'Signature', max: 200, isLong: true },
              description: '0x and 130 digits. Never a private key, never a phrase.'
            })
          ]
        })
      }
    },
    modals: { signed }
  }
}
