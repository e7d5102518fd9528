import type { ChatInputCommandInteraction } from 'discord.js'
import { answer, defer } from '../discord/answering.ts'
import { COLOUR, said } from '../render/card.ts'
import { moneyOf, short } from '../render/money.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { labelOf } from './names.ts'
import { ANYWHERE, IN_SERVERS, subcommand } from './opening.ts'

const NONE = 'You have no account here yet: it is made with your first contribution. /contribute'

/** `/earnings` and `/rewards`: what answers brought a member, and taking it. */
export function createEarnings({ api, store }: BotParts): readonly BotCommand[] {
  async function earnings(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const account = await api.accounts.find(labelOf(interaction.user.id)).catch(() => undefined)
    if (account === undefined) return answer(interaction, said(NONE))
    const [details, rewards, money] = await Promise.all([
      api.accounts.show(account.address),
      api.rewards.show(account.address),
      moneyOf(api)
    ])
    const sum = (of: (one: (typeof rewards)[number]) => bigint) =>
      rewards.reduce((all, one) => all + of(one), 0n)
    const names = new Map((await api.datanets.list()).map(({ id, name }) => [id, name]))
    const given = details.contributions.map(
      ({ datanet, accepted, pending, rejected }) =>
        `• ${names.get(datanet) ?? short(datanet)}: ${accepted} accepted, ${pending} wait, ${rejected} rejected`
    )
    const csv = [
      'pool,drop,earnedWei,claimedWei,claimableWei',
      ...rewards.map((one) =>
        [one.pool, one.drop, one.cumulativeWei, one.claimedWei, one.claimableWei].join(',')
      )
    ]
    await answer(interaction, {
      colour: COLOUR.notice,
      parts: [
        `**Earned so far** ${money(sum((one) => one.cumulativeWei))}, of it ${money(sum((one) => one.claimedWei))} taken and **${money(sum((one) => one.claimableWei))} to take** with /rewards claim`,
        given.length === 0 ? '' : `**What you gave**\n${given.join('\n')}`,
        '-# Providers pay out what answers brought in now and then: what was asked today comes later.'
      ],
      ...(rewards.length === 0
        ? {}
        : { files: [{ name: 'earnings.csv', text: `${csv.join('\n')}\n` }] })
    })
  }

  async function claim(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const account = await api.accounts.find(labelOf(interaction.user.id)).catch(() => undefined)
    if (account === undefined) return answer(interaction, said(NONE))
    // A second time it finds nothing left: the chain pays each drop once.
    const done = await store.claims.step(interaction.id, 'claim', async () => {
      const { claimedWei, txHashes } = await api.rewards.claim(account.address)
      return { claimedWei: `${claimedWei}`, txHashes }
    })
    const money = await moneyOf(api)
    const claimedWei = BigInt(done.claimedWei)
    const proof = done.txHashes.map((hash) => `\`${short(hash)}\``).join(', ')
    const words =
      claimedWei === 0n
        ? 'There is nothing to take just now.'
        : `**${money(claimedWei)} are on your account.** /withdraw sends them to your wallet.\n-# transactions ${proof}`
    await answer(interaction, said(words))
  }

  return [
    {
      definition: { name: 'earnings', description: 'What answers brought you', ...ANYWHERE },
      run: earnings
    },
    {
      definition: {
        name: 'rewards',
        description: 'Take what you earned',
        ...IN_SERVERS,
        options: [subcommand('claim', 'Take all that can be taken')]
      },
      run: claim
    }
  ]
}
