import { termsOf } from '../attribution/terms.ts'
import { subjectOf } from './intent.ts'

/** A question as search reads it. */
export interface Asked {
  /** What is looked for: the question, and where it leans on an earlier one, that one's subject. */
  readonly text: string
  /** The question alone: what kind of thing is asked for. */
  readonly question: string
}

/** Words that point back where the sentence itself does not say at what. */
const POINTING =
  /\b(?:it|its|it's|this|that|they|them|their|these|those|there|he|she|him|her|one|ones|the same)\b/i
const LEADING = /^(?:and|but|also|so|then|ok(?:ay)?|what about|how about|why|how come|how so)\b/i
/** A question with more words of its own than these stands alone. */
const LEANING_TERMS = 4

/**
 * The last of the `turns` of one person. A short one that points back (“How do I prevent it?”,
 * “And in France?”) is joined to the turn before, and that to its own where it leans as well.
 */
export function readDialogue(turns: readonly string[]): Asked {
  const question = turns.at(-1) ?? ''
  const earlier = turns.slice(0, -1)
  if (earlier.length === 0 || !leans(question)) return { text: question, question }
  const before = readDialogue(earlier).text
  return { text: `${before.replace(/[?.!\s]+$/, '')}: ${question}`, question }
}

function leans(question: string): boolean {
  const own = termsOf(subjectOf(question)).length
  if (own === 0) return true
  return own <= LEANING_TERMS && (POINTING.test(subjectOf(question)) || LEADING.test(question))
}
