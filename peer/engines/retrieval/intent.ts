/** What kind of thing a question asks for. */
export type Intent = 'definition' | 'prevention' | 'consequence' | 'detection' | 'any'

interface IntentRule {
  readonly intent: Intent
  /** Tells the intent from the question. */
  readonly question: RegExp
  /** Tells a section that answers it from its heading. */
  readonly heading: RegExp
}

const RULES: readonly IntentRule[] = [
  {
    intent: 'prevention',
    question:
      /\b(?:how|what|which)\b.*\b(?:prevent|mitigat|avoid|stop|fix|defend|protect|guard|remed|counter)/i,
    heading: /\b(?:mitigat|prevent|remed|fix|solution|protect|defen[cs]e|countermeasure)/i
  },
  {
    intent: 'detection',
    question: /\b(?:how|what|which)\b.*\b(?:detect|discover|recogni[sz]e|find out)/i,
    heading: /\b(?:detect|discover)/i
  },
  {
    intent: 'consequence',
    question: /\b(?:happen|consequence|impact|effect|result|danger|risk|harm|why is|lead to)/i,
    heading: /\b(?:consequence|impact|effect|risk|damage)/i
  }
]

const DEED = '(?:prevent|mitigate|avoid|stop|fix|defend|protect|guard|detect|discover|recogni[sz]e)'
/** Who might be asked to do it: no part of the subject. */
const ACTOR =
  'can|do|does|could|should|would|must|to|i|we|you|one|best|a|an|the|my|our|your|programs?|developers?|applications?|software|systems?|people'

/** The frames in which English asks for the subject between or after them. */
const FRAMES: readonly RegExp[] = [
  /\bis it called (?:when|if|that)\b/i,
  new RegExp(`\\b(?:how|ways?)\\b(?: (?:${ACTOR}))* ${DEED}\\b(?: against)?`, 'i'),
  new RegExp(`\\bbe (?:best )?${DEED}(?:ed|d)\\b`, 'i'),
  /\bbe stopped\b/i,
  /\b(?:can|could|might|will|would) happen\b(?: because of| due to| with| from)?/i,
  /\b(?:consequences?|impacts?|effects?|results?|risks?|dangers?|meaning|definition) of\b/i,
  /\b(?:explain|define|describe)\b(?: to me| me)?/i
]

/** What `question` is about: itself without the words that only say what is asked for. */
export function subjectOf(question: string): string {
  return FRAMES.reduce((rest, frame) => rest.replace(frame, ' '), question)
}

/** The intent of `question`; a plain "what is" asks for a definition. */
export function intentOf(question: string): Intent {
  for (const rule of RULES) if (rule.question.test(question)) return rule.intent
  return /\b(?:what|who|which|define|explain|describe)\b/i.test(question) ? 'definition' : 'any'
}

/** Whether `question` describes something and asks what its name is. */
export function asksForName(question: string): boolean {
  return /\b(?:is it called|is the (?:name|term) (?:of|for)|do you call)\b/i.test(question)
}

/** Whether what stands under `heading` answers `intent`. */
export function answers(heading: string, intent: Intent): boolean {
  if (intent === 'definition') return heading === ''
  return RULES.some((rule) => rule.intent === intent && rule.heading.test(heading))
}
