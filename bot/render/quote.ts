import { ButtonStyle } from 'discord.js'
import { type Asked, questionLine } from './answer.ts'
import { button, type Card, COLOUR } from './card.ts'
import { plainLine } from './markdown.ts'

/** What a question would cost its member, and whether they want it. */
export function quoteCard(
  { question, model }: Asked,
  quote: { readonly likelyWei: bigint; readonly maxWei: bigint; readonly id: string },
  money: (amountWei: bigint) => string
): Card {
  return {
    colour: COLOUR.notice,
    parts: [
      questionLine(question),
      `**This costs about ${money(quote.likelyWei)}, and at most ${money(quote.maxWei)}, from your balance.**\n${plainLine(model, 100)} would answer. Nothing was asked or paid yet. Below a limit of your own nothing asks any more: /budget.`
    ],
    buttons: [
      button('Pay', 'pay', quote.id, ButtonStyle.Success),
      button('No, thanks', 'leave', quote.id)
    ]
  }
}
