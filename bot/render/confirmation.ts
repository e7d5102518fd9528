import { ButtonStyle } from 'discord.js'
import type { Submission } from '../../peer/api/datanets-api.ts'
import { KINDS } from '../commands/contribution-kinds.ts'
import type { Draft } from '../commands/drafts.ts'
import { button, type Card, type CardFile, COLOUR, RULE } from './card.ts'
import { plainLine, plainText, sourceLink } from './markdown.ts'
import { percent, short } from './money.ts'

const TEXT = 1_300
const CONSENT = 700

/** What would be stored, under which licence and words, and Confirm, Edit, Discard. */
export function confirmationCard(draft: Draft, problems: readonly string[]): Card {
  const { datanet, kind, sourceUrl, licence, language, id } = draft
  const files: CardFile[] = []
  const whole = (name: string, content: string, max: number) => {
    const shown = plainText(content, max)
    if (shown === plainText(content, Number.POSITIVE_INFINITY)) return shown
    files.push({ name, text: content })
    return `${shown}\n-# the whole of it is in ${name} below`
  }
  const source =
    sourceUrl === '' ? 'none' : (sourceLink(sourceUrl, 200) ?? plainLine(sourceUrl, 200))
  const rows = [
    `**Source** ${source}`,
    `**Licence** ${plainLine(licence, 100)} · **Language** ${plainLine(language, 20)}`
  ]
  const isReady = problems.length === 0
  return {
    colour: isReady ? COLOUR.notice : COLOUR.failed,
    parts: [
      `**Give this to ${plainLine(datanet.name, 100)}?**`,
      bodyOf(draft, whole),
      rows.join('\n'),
      RULE,
      `**You agree to these words**\n${whole('consent.txt', datanet.consent, CONSENT)}`,
      ['**What happens with it**', ...policyOf(draft)].join('\n'),
      ...(isReady ? [] : [problems.map((problem) => `**✕ ${problem}**`).join('\n')])
    ],
    files,
    buttons: [
      ...(isReady ? [button('Confirm', 'give', id, ButtonStyle.Success)] : []),
      ...(kind === 'f' ? [] : [button('Edit', 'edit', id)]),
      button('Discard', 'discard', id, ButtonStyle.Danger)
    ]
  }
}

/** What a member is told once a contribution is with its Datanet. */
export function givenCard(
  draft: Draft,
  given: Pick<Submission, 'status' | 'contribution'>,
  account: string
): Card {
  const next =
    given.status === 'pending'
      ? 'Curators read it next. You earn whenever an answer uses it. /mine shows where it stands.'
      : given.status === 'queued'
        ? 'Its Datanet cannot be reached now. It is signed and kept, and handed in as soon as it can be.'
        : `It was there already, and is ${given.status}.`
  return {
    colour: COLOUR.done,
    parts: [
      `**✓ Given to ${plainLine(draft.datanet.name, 100)}: ${plainLine(titleOf(draft), 300)}**\n${next}`,
      `-# ${given.status} · ${plainLine(draft.licence, 100)} · account \`${short(account)}\`\n-# contribution \`${given.contribution}\``
    ]
  }
}

/** What a member is told whose draft was discarded. */
export const DISCARDED: Card = {
  colour: COLOUR.notice,
  parts: ['**Discarded.** Nothing was stored or sent.']
}

/** What a member is told whose draft is not here any more. */
export const GONE =
  'This draft is not here any more: it was decided about, or 15 minutes went by, or the bot restarted. Nothing of it was stored. Start again with /contribute; the text above can be copied.'

/** What a draft is called in one line. */
export function titleOf({ kind, values, context }: Draft): string {
  const { title, question, text, right } = values
  return (
    title || question || context.question || context.name || text || right || KINDS[kind].called
  )
}

function bodyOf(
  { kind, values, context }: Draft,
  whole: (name: string, content: string, max: number) => string
): string {
  const { fields } = KINDS[kind]
  const { title, text } = values
  if (title !== undefined && text !== undefined) {
    return `**${plainLine(title, 300)}**\n${whole('your-text.txt', text, TEXT)}`
  }
  const about = [
    ...(context.name === undefined ? [] : [['File', `${context.name}, ${sizeOf(context.data)}`]]),
    ...(kind === 'c' ? [['Question', context.question ?? '']] : [])
  ]
  const typed = fields.map(({ id, label, choices }) => {
    const value = values[id] ?? ''
    return [label, choices?.find((one) => one.value === value)?.label ?? value, id]
  })
  const shown = [...about, ...typed].filter(([, value]) => value !== '')
  const each = Math.floor(TEXT / Math.max(1, shown.length))
  return shown
    .map(
      ([label, value = '', id = 'question']) => `**${label}** ${whole(`${id}.txt`, value, each)}`
    )
    .join('\n')
}

function sizeOf(data = ''): string {
  const bytes = Buffer.byteLength(data, 'base64')
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000)} kB`
}

function policyOf({ datanet, kind }: Draft): string[] {
  const { contributorsPpm, royaltyPpm } = datanet.royalty
  const first = '• Nothing was stored or sent yet. “Confirm” does it, “Discard” forgets it.'
  if (kind === 'm') {
    return [
      first,
      '• It is kept as the text of a Discord message (origin `message`), under an account of yours whose key this bot keeps for you.',
      '• Because it is Discord’s data as well, no model is trained on it, nobody sells it, and no published revision holds it: it goes to the Datanet’s hosts and to nobody else.',
      '• To have it published, and to earn, give it in your own words: /contribute text.'
    ]
  }
  return [
    first,
    '• It is kept as typed into this form (origin `interaction`), under an account of yours whose key this bot keeps for you.',
    '• Curators read it. If they accept it, it is published to everyone and models answer from it. Copies that others took cannot be called back.',
    `• Whenever an answer uses it you earn: contributors share ${percent(contributorsPpm)} of the royalty, which is ${percent(royaltyPpm)} of the price.`
  ]
}
