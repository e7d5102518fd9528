import type { Explanation, ReceiptCheck, ReceiptVerification } from '../../api/money-api.ts'
import { wrap } from './layout.ts'
import { percent } from './money.ts'
import { short } from './short.ts'

const HOLDS: Record<ReceiptCheck['what'], string> = {
  signature: 'The signature is the provider’s, and the credits add up to the whole.',
  answer: 'It is the receipt of this question and this answer.',
  credits: 'The credits are what its evidence gives, to the millionth.',
  texts: 'The evidence is what the answer and the texts of the revision give, none left out.'
}

const MISSING: Record<ReceiptCheck['what'], string> = {
  signature: 'Whose signature it is',
  answer: 'Whether it is the receipt of this answer',
  credits: 'Whether the credits are right',
  texts: 'Whether the evidence is that of the texts'
}

const REASONS: Record<NonNullable<ReceiptCheck['reason']>, string> = {
  ANSWER_NOT_KEPT: 'this peer keeps no question and answer of the call',
  NOTHING_MEASURED: 'there is none: all of it is nobody’s',
  METHOD_UNKNOWN: 'this version does not know the method',
  MODEL_UNKNOWN: 'it names no card of one revision',
  TEXTS_NOT_HERE: 'the revision is not here; --fetch fetches its Datanet',
  TEXTS_WITHDRAWN: 'some texts were withdrawn since, and the numbers are counted over all'
}

/** What was checked of a receipt, a line each, and in words what could not be told. */
export function checksOf({ checks }: ReceiptVerification, width: number): string {
  return checks
    .map(({ what, holds, reason }) => {
      const why = reason === undefined ? 'it cannot be told' : REASONS[reason]
      const said = holds ? HOLDS[what] : `${MISSING[what]} is not recomputed: ${why}.`
      return `${holds ? '✓' : '–'} ${wrap(said, width - 2, '  ')}`
    })
    .join('\n')
}

/** Whether more could be told with the texts of the revision. */
export function isWithoutTexts({ checks }: ReceiptVerification): boolean {
  return checks.some(({ reason }) => reason === 'TEXTS_NOT_HERE')
}

const BASES: Readonly<Record<string, string>> = {
  span: 'word by word',
  retrieved: 'in other words',
  unattributed: 'nobody’s'
}

/** An answer with, under each sentence, who has what of it. */
export function explained({ question, sentences, receipt }: Explanation, width: number): string {
  const blocks = sentences.map(({ text, parts }) => {
    const lines = parts.map(({ ppm, basis, contribution, account, title }) => {
      const what = BASES[basis] ?? basis
      if (contribution === undefined) return `${percent(ppm).padStart(6)}  ${what}`
      const named = title === undefined ? short(contribution) : `${title}, ${short(contribution)}`
      const whose = account === undefined ? '' : ` by ${short(account)}`
      return `${percent(ppm).padStart(6)}  ${wrap(`${what}: ${named}${whose}`, width - 10, ' '.repeat(10))}`
    })
    return [wrap(text, width), ...lines.map((line) => `  ${line}`)].join('\n')
  })
  const whole = `“${question.trim()}”`
  const method = `receipt ${short(receipt.callId)}, by ${receipt.method}`
  return [wrap(whole, width), ...blocks, method].join('\n\n')
}
