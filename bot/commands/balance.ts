import {
  ApplicationCommandOptionType,
  type ButtonInteraction,
  ButtonStyle,
  type ChatInputCommandInteraction,
  type RepliableInteraction
} from 'discord.js'
import { parseAmount } from '../../peer/api/amounts.ts'
import { answer, defer, deferEdit } from '../discord/answering.ts'
import { OUTSIDE } from '../ledger/ledger.ts'
import { codeOf } from '../log.ts'
import { button, type Card, COLOUR, card, said } from '../render/card.ts'
import { moneyOf, short } from '../render/money.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { LABEL, labelOf } from './names.ts'
import { ANYWHERE, IN_SERVERS, textOption } from './opening.ts'

/** The account that holds what members paid in for questions of their own. */
const FLOAT = `${LABEL}pot`
const CONFIRM_MS = 10 * 60_000
const DAY_MS = 86_400_000
const UNSURE =
  'An earlier try was cut short, and may have sent it. Nothing is sent twice: who runs this bot looks at it. /balance shows what arrived.'

/** Codes by which nothing was sent. */
const UNSENT = ['FUNDS_INSUFFICIENT', 'INPUT_INVALID', 'FORBIDDEN', 'ACCOUNT_UNKNOWN']

interface Transfer {
  readonly from: 'earnings' | 'balance'
  readonly to: string
  readonly amountWei: string
}

const TABLES = `
CREATE TABLE transfer (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  kind TEXT NOT NULL,
  amountWei TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  txHash TEXT
) STRICT;
`

/** `/balance`, `/budget`, `/deposit` and `/withdraw`: a member's money here, shown to them alone. */
export function createBalance(parts: BotParts): readonly BotCommand[] {
  const { api, store, clock } = parts
  const { ledger, members, guilds, spending, links, pending, database } = store
  database.migrate('transfers', [TABLES])

  async function holdings(user: string): Promise<bigint> {
    const account = await api.accounts.find(labelOf(user)).catch(() => undefined)
    return account === undefined ? 0n : api.accounts.balance(account.address).catch(() => 0n)
  }

  async function balanceCard(user: string, guild: string | null): Promise<Card> {
    const [money, earnedWei] = await Promise.all([moneyOf(api), holdings(user)])
    const { perCallWei, perDayWei } = members.settings(user)
    const lines = [
      `**To ask with** ${money(ledger.balanceWei(`member:${user}`))}`,
      `**On your account** ${money(earnedWei)} — earned or paid in; /withdraw sends it to your wallet`,
      `**Asked today** for ${money(spending.todayWei({ user }))} in all, whoever paid`,
      `**Your budget** ${perDayWei === 0n ? 'nothing of your own is spent: /budget' : `${money(perCallWei)} a question, ${money(perDayWei)} a day`}`
    ]
    if (guild !== null)
      lines.push(`**This server’s pot** ${money(ledger.balanceWei(`pot:${guild}`))}`)
    return {
      colour: COLOUR.notice,
      parts: [lines.join('\n')],
      buttons: [button('Look again', 'balance', 'me')]
    }
  }

  async function budget(interaction: ChatInputCommandInteraction): Promise<void> {
    const { user, options } = interaction
    const given = (name: string) => {
      const text = options.getString(name)
      return text === null ? undefined : parseAmount(text)
    }
    const change = {
      perCallWei: given('per_question'),
      perDayWei: given('per_day'),
      confirmWei: given('without_asking')
    }
    const set = Object.fromEntries(Object.entries(change).filter(([, wei]) => wei !== undefined))
    if (Object.keys(set).length > 0) members.change(user.id, set)
    const { perCallWei, perDayWei, confirmWei } = members.settings(user.id)
    const money = await moneyOf(api)
    const words = `**Of your own money** at most ${money(perCallWei)} a question and ${money(perDayWei)} a UTC day; above ${money(confirmWei)} you are asked before.\n-# Who runs this bot, and this server’s pot, pay first. Set it with the options; 0 spends nothing.`
    await answer(interaction, said(words))
  }

  async function deposit(interaction: RepliableInteraction): Promise<void> {
    await defer(interaction)
    const account = await api.accounts.ensure(labelOf(interaction.user.id))
    const target = await api.accounts.deposit(account.address)
    const [money, heldWei] = await Promise.all([moneyOf(api), holdings(interaction.user.id)])
    await answer(interaction, {
      colour: COLOUR.notice,
      parts: [
        `**Pay in to your account here**\n\`${target.address}\``,
        `Chain ${target.chainId}, token \`${target.token}\`. Other tokens, and other chains, are lost.${target.isGiven ? ' This is a network of play money: some was given to you just now.' : ''}`,
        `There is ${money(heldWei)} on it. To ask with it, move it to your balance; you can move it out again.`
      ],
      buttons:
        heldWei === 0n
          ? [button('Look again', 'deposit', 'me')]
          : [
              button('Move it to my balance', 'topup', 'all', ButtonStyle.Success),
              button('Look again', 'deposit', 'me')
            ]
    })
  }

  /**
   * Sends once, and says the transaction: what was begun and not seen to end is not begun again, and
   * then there is none to say. What was surely not sent is forgotten, and its refusal thrown.
   */
  async function sendOnce(
    id: string,
    record: { readonly user: string; readonly kind: string; readonly amountWei: bigint },
    send: () => Promise<{ readonly txHash: string }>
  ): Promise<string | undefined> {
    const { user, kind, amountWei } = record
    const before = database.get('SELECT txHash FROM transfer WHERE id = ?', id)
    if (before !== undefined) return before.txHash === null ? undefined : String(before.txHash)
    database.run(
      'INSERT INTO transfer VALUES (?, ?, ?, ?, ?, NULL)',
      ...[id, user, kind, `${amountWei}`, clock.now()]
    )
    try {
      const { txHash } = await send()
      database.run('UPDATE transfer SET txHash = ? WHERE id = ?', txHash, id)
      return txHash
    } catch (error) {
      if (UNSENT.includes(codeOf(error))) database.run('DELETE FROM transfer WHERE id = ?', id)
      throw error
    }
  }

  /** Sends from an account kept here, which a devnet's faucet gives the gas for. */
  async function transferFrom(account: string, to: string, amountWei: bigint) {
    const { gasWei } = await api.accounts.holdings(account)
    if (gasWei === 0n) await api.accounts.deposit(account)
    return api.accounts.send({ account, to, amountWei })
  }

  async function topUp(interaction: ButtonInteraction): Promise<void> {
    await deferEdit(interaction)
    const { id, user } = interaction
    const float = await api.accounts.ensure(FLOAT)
    const amountWei = BigInt(
      await store.claims.step(id, 'amount', async () => `${await holdings(user.id)}`)
    )
    if (amountWei === 0n) {
      await interaction.editReply(card(said('There is nothing on your account.')))
      return
    }
    const txHash = await sendOnce(id, { user: user.id, kind: 'topup', amountWei }, () =>
      transferFrom(labelOf(user.id), float.address, amountWei)
    )
    if (txHash === undefined) {
      await interaction.editReply(card(said(UNSURE)))
      return
    }
    ledger.move(`topup ${id}`, [{ from: OUTSIDE, to: `member:${user.id}`, amountWei }])
    const money = await moneyOf(api)
    await interaction.editReply(
      card(
        said(
          `**${money(amountWei)} are on your balance.** /budget says how much of it a question may cost.`
        )
      )
    )
  }

  async function withdraw(interaction: ChatInputCommandInteraction): Promise<void> {
    await defer(interaction)
    const { user, options } = interaction
    const link = links.of(user.id)
    if (link === undefined)
      return answer(
        interaction,
        said('Money goes to your own wallet and nowhere else: /wallet link first.')
      )
    if (link.holdUntilMs > clock.now()) {
      return answer(
        interaction,
        said(
          `Your wallet was linked or changed lately: withdrawals wait until <t:${Math.floor(link.holdUntilMs / 1000)}:f>, so that nobody who took your account over empties it.`
        )
      )
    }
    const from = (options.getString('from') ?? 'earnings') as Transfer['from']
    const text = options.getString('amount', true).trim()
    const heldWei =
      from === 'earnings' ? await holdings(user.id) : ledger.balanceWei(`member:${user.id}`)
    const amountWei = text === 'all' ? heldWei : parseAmount(text)
    const money = await moneyOf(api)
    const refused = limitOf(user.id, interaction.guildId ?? '', amountWei)
    if (amountWei <= 0n || amountWei > heldWei) {
      return answer(interaction, said(`There is ${money(heldWei)} to withdraw from.`))
    }
    if (refused !== undefined)
      return answer(interaction, said(`At most ${money(refused)} more can be withdrawn today.`))
    const transfer: Transfer = { from, to: link.wallet, amountWei: `${amountWei}` }
    const id = pending.put(user.id, transfer, CONFIRM_MS)
    await answer(interaction, {
      colour: COLOUR.notice,
      parts: [
        `**Send ${money(amountWei)} to \`${link.wallet}\`?**\nIt leaves ${from === 'earnings' ? 'your account here' : 'your balance'}. There is no way back.`
      ],
      buttons: [button('Send it', 'send', id, ButtonStyle.Danger), button('No', 'keepit', id)]
    })
  }

  /** What may still be withdrawn today, where `amountWei` is more. */
  function limitOf(user: string, guild: string, amountWei: bigint): bigint | undefined {
    const rows = database.all(
      "SELECT amountWei FROM transfer WHERE user = ? AND kind = 'withdrawal' AND atMs > ?",
      ...[user, clock.now() - DAY_MS]
    )
    const usedWei = rows.reduce((sum, row) => sum + BigInt(String(row.amountWei)), 0n)
    const leftWei = guilds.limits(guild).withdrawDayWei - usedWei
    return amountWei > leftWei ? (leftWei > 0n ? leftWei : 0n) : undefined
  }

  async function send(interaction: ButtonInteraction, ref: string): Promise<void> {
    await deferEdit(interaction)
    const { id, user } = interaction
    const kept = store.claims.kept(id, 'transfer') ?? pending.take(ref, user.id)
    if (kept === undefined) {
      await interaction.editReply(card(said('This was decided about, or ten minutes went by.')))
      return
    }
    store.claims.keep(id, 'transfer', kept)
    const { from, to, amountWei: text } = kept as Transfer
    const amountWei = BigInt(text)
    // As it stands now: a wallet that was changed meanwhile gets nothing.
    const link = links.of(user.id)
    const isOther = link?.wallet !== to || link.holdUntilMs > clock.now()
    if (isOther || limitOf(user.id, interaction.guildId ?? '', amountWei) !== undefined) {
      await interaction.editReply(
        card(said('Your wallet or your limit changed meanwhile. Nothing was sent.'))
      )
      return
    }
    const out = `out:${id}`
    if (from === 'balance') {
      ledger.move(`withdraw ${id}`, [{ from: `member:${user.id}`, to: out, amountWei }])
    }
    const record = { user: user.id, kind: 'withdrawal', amountWei }
    const account = from === 'balance' ? FLOAT : labelOf(user.id)
    const txHash = await sendOnce(id, record, () => transferFrom(account, to, amountWei)).catch(
      (error) => {
        // What surely did not leave is the member's again.
        if (from === 'balance' && UNSENT.includes(codeOf(error))) {
          ledger.move(`returned ${id}`, [{ from: out, to: `member:${user.id}`, amountWei }])
        }
        throw error
      }
    )
    if (txHash === undefined) {
      await interaction.editReply(card(said(UNSURE)))
      return
    }
    if (from === 'balance') ledger.move(`sent ${id}`, [{ from: out, to: OUTSIDE, amountWei }])
    const money = await moneyOf(api)
    await interaction.editReply(
      card({
        colour: COLOUR.done,
        parts: [`**Sent.** ${money(amountWei)} to \`${to}\`\n-# transaction \`${short(txHash)}\``]
      })
    )
  }

  return [
    {
      definition: {
        name: 'balance',
        description: 'What you have here, and what may be spent',
        ...ANYWHERE
      },
      async run(interaction) {
        await defer(interaction)
        await answer(interaction, await balanceCard(interaction.user.id, interaction.guildId))
      },
      buttons: {
        async balance(interaction) {
          await deferEdit(interaction)
          await interaction.editReply(
            card(await balanceCard(interaction.user.id, interaction.guildId))
          )
        }
      }
    },
    {
      definition: {
        name: 'budget',
        description: 'What may be spent of your own money; nothing until you say so',
        ...IN_SERVERS,
        options: [
          textOption('per_question', 'The most for one question, such as 0.01', { max: 30 }),
          textOption('per_day', 'The most for a day', { max: 30 }),
          textOption('without_asking', 'Up to here you are not asked before', { max: 30 })
        ]
      },
      run: budget
    },
    {
      definition: { name: 'deposit', description: 'Where to pay in', ...IN_SERVERS },
      run: deposit,
      buttons: {
        async deposit(interaction) {
          await deferEdit(interaction)
          await deposit(interaction)
        },
        topup: topUp
      }
    },
    {
      definition: {
        name: 'withdraw',
        description: 'Send money to your own wallet',
        ...IN_SERVERS,
        options: [
          textOption('amount', 'How much, such as 1.5, or all', { required: true, max: 30 }),
          {
            type: ApplicationCommandOptionType.String,
            name: 'from',
            description: 'From what you earned, unless you choose your balance',
            choices: [
              { name: 'what I earned and paid in', value: 'earnings' },
              { name: 'my balance to ask with', value: 'balance' }
            ]
          }
        ]
      },
      run: withdraw,
      buttons: {
        send,
        async keepit(interaction, ref) {
          pending.take(ref, interaction.user.id)
          await deferEdit(interaction)
          await interaction.editReply(card(said('Nothing was sent.')))
        }
      }
    }
  ]
}
