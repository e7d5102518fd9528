import type { APIButtonComponent } from 'discord.js'
import type { Citation } from '../../peer/api/models-api.ts'
import type { CreditLine, ReceiptSummary } from '../../peer/api/money-api.ts'
import type { Payer } from '../ledger/spending.ts'
import { button, type Card, COLOUR, RULE } from './card.ts'
import { answerText, plainLine, sourceLink } from './markdown.ts'
import { percent, whoIs } from './money.ts'

/** How much of an answer stands in the message; a longer one comes as a file as well. */
const ANSWER = 2_300
const QUESTION = 300
const SOURCES = 5

const PAYERS: Readonly<Record<Payer, string>> = {
  sponsor: 'who runs this bot',
  pot: 'this server’s pot',
  own: 'who asked'
}

export interface Asked {
  readonly question: string
  /** The model's name. */
  readonly model: string
}

/** What a question's message says while the answer comes; `control` names it to the Cancel button. */
export function workingCard(
  { question, model }: Asked,
  {
    text,
    note,
    control
  }: { readonly text: string; readonly note: string; readonly control: string }
): Card {
  const answer = text.trim() === '' ? [] : [answerText(`${text} ▍`, ANSWER)]
  return {
    colour: COLOUR.working,
    parts: [questionLine(question), ...answer, `-# ${plainLine(model, 100)} · ${note}`],
    buttons: [button('Cancel', 'cancel', control)]
  }
}

/** An answer with its numbered sources, who is credited with how much, what it cost, its receipt. */
export function answerCard(
  { question, model }: Asked,
  answer: {
    readonly text: string
    readonly receipt: ReceiptSummary
    readonly citations: readonly Citation[]
    readonly payer: Payer
    /** What those who are credited want to be called, by their accounts. */
    readonly names: ReadonlyMap<string, string>
  },
  money: (amountWei: bigint) => string
): Card {
  const { text, receipt, citations, payer, names } = answer
  const shown = answerText(text.trim(), ANSWER) || '(an answer without words)'
  const isCut = answerText(text.trim(), Number.POSITIVE_INFINITY).length > ANSWER
  const sources = sourceLines(citations, receipt.credits, names)
  const credited = sources.length === 0 ? [] : [RULE, ['**Sources**', ...sources].join('\n')]
  return {
    colour: COLOUR.done,
    parts: [questionLine(question), shown, ...credited, RULE, footer(model, receipt, money, payer)],
    buttons: answerButtons(receipt.callId),
    ...(isCut ? { files: [{ name: 'answer.md', text }] } : {})
  }
}

/** What can be done with an answer. */
function answerButtons(callId: string): APIButtonComponent[] {
  return [
    button('👍', 'up', callId),
    button('👎', 'down', callId),
    button('Correct', 'correct', callId),
    button('Sources', 'sources', callId),
    button('Report', 'report', callId)
  ]
}

/** What was delivered before an answer was stopped, why it was, and what that cost. */
export function stoppedCard(
  { question, model }: Asked,
  stopped: {
    readonly text: string
    readonly why: string
    /** Of the call; empty where none was made. */
    readonly callId: string
    readonly receipt: ReceiptSummary | undefined
  },
  money: (amountWei: bigint) => string
): Card {
  const { text, why, callId, receipt } = stopped
  const delivered = text.trim() === '' ? [] : [answerText(text.trim(), ANSWER)]
  // A provider that is gone may still claim what was prepaid.
  const open = callId === '' ? 'nothing was charged' : `not settled yet\n-# receipt \`${callId}\``
  const cost =
    receipt === undefined ? `-# ${plainLine(model, 100)} · ${open}` : footer(model, receipt, money)
  return {
    colour: COLOUR.notice,
    parts: [questionLine(question), ...delivered, `**■ ${why}**`, RULE, cost]
  }
}

/** The question as every message about it begins with. */
export function questionLine(question: string): string {
  return `> ${plainLine(question, QUESTION)}`
}

/** What a call did cost and where its receipt is. */
export function footer(
  model: string,
  { priceWei, royaltyWei, callId, outcome }: ReceiptSummary,
  money: (amountWei: bigint) => string,
  payer?: Payer
): string {
  const royalty = royaltyWei === 0n ? '' : `, of it ${money(royaltyWei)} royalty`
  const cost = priceWei === 0n ? 'free' : `${money(priceWei)}${royalty}`
  const by = payer === undefined || priceWei === 0n ? '' : `, paid by ${PAYERS[payer]}`
  return `-# ${outcome} by ${plainLine(model, 100)} · ${cost}${by}\n-# receipt \`${callId}\``
}

function sourceLines(
  citations: readonly Citation[],
  credits: readonly CreditLine[],
  names: ReadonlyMap<string, string>
): string[] {
  const lines = citations.slice(0, SOURCES).map(({ mark, contribution, title, sourceUrl }) => {
    const own = credits.filter((credit) => credit.contribution === contribution)
    const ppm = own.reduce((sum, credit) => sum + credit.ppm, 0)
    const by = own[0]?.account === undefined ? '' : ` · ${whoIs(own[0].account, names)}`
    const share = ppm === 0 ? '' : ` · **${percent(ppm)}**`
    const link = sourceUrl === undefined ? undefined : sourceLink(sourceUrl, 120)
    const where = link === undefined ? '' : `\n-# ${link}`
    return `${mark}\\. ${plainLine(title, 90)}${by}${share}${where}`
  })
  const cited = new Set(citations.slice(0, SOURCES).map(({ contribution }) => contribution))
  const others = credits.filter(
    ({ contribution, basis }) => basis !== 'unattributed' && !cited.has(contribution ?? '')
  )
  const rest = (ppm: number, words: string) => (ppm === 0 ? [] : [`-# ${percent(ppm)} ${words}`])
  const sum = (some: readonly CreditLine[]) => some.reduce((all, { ppm }) => all + ppm, 0)
  const nobody = credits.filter(({ basis }) => basis === 'unattributed')
  return [
    ...lines,
    ...rest(sum(others), 'to further contributions'),
    ...(lines.length === 0 ? [] : rest(sum(nobody), 'to nobody in particular: the treasury'))
  ]
}
