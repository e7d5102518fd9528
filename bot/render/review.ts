import { ButtonStyle } from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import type { ReviewItem } from '../../peer/api/reviews-api.ts'
import { button, type Card, COLOUR } from './card.ts'
import { plainLine, plainText } from './markdown.ts'

const TEXT = 2_200

/** One that waits, without the name of who gave it. */
export function reviewCard(
  item: ReviewItem,
  {
    datanet,
    id,
    isHeld
  }: { readonly datanet: DatanetSummary; readonly id: string; readonly isHeld: boolean }
): Card {
  const { schema, content, title, language, licence, origin, findings, untilMs, appeal } = item
  const notes = findings.slice(0, 5).map((one) => `• ${plainLine(one.text, 150)}`)
  const held = item.flags.map(
    ({ code = 'flagged', reason = '' }) => `• ${code} ${plainLine(reason, 150)}`
  )
  const until = untilMs === undefined ? '' : ` · yours until <t:${Math.floor(untilMs / 1000)}:t>`
  return {
    colour: COLOUR.working,
    parts: [
      `-# ${plainLine(datanet.name, 80)}${until}`,
      `**${plainLine(title, 200)}**\n${plainText(wordsOf(content), TEXT)}`,
      appeal === undefined
        ? ''
        : `**It was rejected, and who gave it says**\n${plainText(appeal, 400)}`,
      held.length === 0 ? '' : `**Flagged for**\n${held.slice(0, 5).join('\n')}`,
      notes.length === 0 ? '' : `**To look at**\n${notes.join('\n')}`,
      item.cluster === undefined
        ? ''
        : '**It says nearly what another one said before.** That one would be credited for both.',
      `-# ${schema} · ${plainLine(licence, 60)} · ${plainLine(language, 20)} · given as ${origin}`
    ],
    buttons: isHeld
      ? [
          button('It is clear', 'clear', id, ButtonStyle.Success),
          button('Flag it as well', 'flag', id, ButtonStyle.Danger),
          button('Later', 'skip', id)
        ]
      : [
          button('Approve', 'approve', id, ButtonStyle.Success),
          button('Reject', 'reject', id, ButtonStyle.Danger),
          button('Unsure', 'unsure', id),
          button('Flag', 'flag', id),
          button('Give back', 'skip', id)
        ]
  }
}

/** What a content says, field by field; of one field its words alone. */
function wordsOf(content: Readonly<Record<string, unknown>>): string {
  const { title: _, ...rest } = content
  const entries = Object.entries(rest)
  const plain = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value, null, 1)
  if (entries.length === 1) return plain(entries[0]?.[1])
  return entries.map(([name, value]) => `${name}: ${plain(value)}`).join('\n')
}
