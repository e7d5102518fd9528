import type { ReceiptSummary } from '../../peer/api/money-api.ts'
import { type Card, COLOUR, RULE } from './card.ts'
import { percent, short, whoIs } from './money.ts'

const LINES = 20

/** Everything that a receipt says of its credit: all lines together are 100 %. */
export function sourcesCard(
  {
    callId,
    credits,
    model,
    provider,
    priceWei,
    royaltyWei,
    outcome,
    method,
    finishedAtMs
  }: ReceiptSummary,
  {
    names,
    money,
    votes
  }: {
    readonly names: ReadonlyMap<string, string>
    readonly money: (amountWei: bigint) => string
    readonly votes: { readonly up: number; readonly down: number }
  }
): Card {
  const sorted = credits.toSorted((a, b) => b.ppm - a.ppm)
  const lines = sorted.slice(0, LINES).map(({ contribution, account, basis, ppm }) => {
    const who = account === undefined ? 'nobody in particular: the treasury' : whoIs(account, names)
    const what = contribution === undefined ? '' : ` · \`${short(contribution)}\``
    return `**${percent(ppm)}** ${who} · ${basis}${what}`
  })
  const rest = sorted.slice(LINES).reduce((sum, { ppm }) => sum + ppm, 0)
  return {
    colour: COLOUR.notice,
    parts: [
      `**Who is credited for this answer**\n${lines.join('\n')}`,
      rest === 0 ? '' : `-# ${percent(rest)} to ${sorted.length - LINES} more`,
      RULE,
      `${outcome} · cost ${money(priceWei)}, of it ${money(royaltyWei)} royalty, which those above share as the Datanet says · 👍 ${votes.up} 👎 ${votes.down}`,
      `-# by the method ${method} · <t:${Math.floor(finishedAtMs / 1000)}:f>\n-# model \`${short(model)}\` of peer \`${short(provider)}\`\n-# receipt \`${callId}\` · anyone can check it: \`npx datanet receipt verify\``
    ]
  }
}
