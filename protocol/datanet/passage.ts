import { LIMITS } from '../base/limits.ts'
import type { Content } from './content.ts'

/** What a contribution says, whatever its schema. */
export interface Passage {
  readonly title: string
  /** Empty where there is nothing that an answer may be drawn from. */
  readonly text: string
}

/** From this rating on an answer that was rated is one to give. */
const GOOD = 4

/**
 * What engines index and what lists show of a contribution: every reader makes the same of it. An
 * engine leaves out what has no text. specs/04-datanet.md §Passage
 */
export function passageOf({ schema, content }: Content): Passage {
  switch (schema) {
    case 'text/1':
      return { title: content.title, text: content.text }
    case 'qa/1':
      return answered(content.question, content.answer)
    case 'dialogue/1': {
      const first = content.turns.find(({ role }) => role === 'user') ?? content.turns[0]
      const spoken = content.turns.map(({ role, text }) => `${SPEAKERS[role]}: ${text}`)
      return { title: content.title ?? titleFrom(first?.text ?? ''), text: spoken.join('\n\n') }
    }
    case 'label/1':
      return { title: content.label, text: content.text }
    case 'correction/1':
      // What was wrong is for the curators: an engine that held it could say it again.
      return content.question === undefined
        ? { title: titleFrom(content.right), text: content.right }
        : answered(content.question, content.right)
    case 'preference/1':
      if ('answers' in content) return answered(content.question, content.answers[content.better])
      return content.rating >= GOOD
        ? answered(content.question, content.answer)
        : { title: titleFrom(content.question), text: '' }
    case 'file/1':
      return { title: content.name, text: content.caption ?? '' }
  }
}

/**
 * The words by which a host tells whether it holds this contribution already: lower case, every run
 * of white space one space, none at the ends. What is one person's judgement is compared among that
 * person's own. specs/04-datanet.md §Submission
 */
export function comparedWords(item: Content & { readonly contributor: string }): string {
  const said = saidIn(item).map(plain)
  const isJudgement = item.schema === 'label/1' || item.schema === 'preference/1'
  return [item.schema, ...(isJudgement ? [item.contributor] : []), ...said].join('\n')
}

const SPEAKERS = { user: 'User', assistant: 'Assistant' } as const

/** Everything of an item's own words that makes it what it is; a title does not. */
function saidIn({ schema, content }: Content): readonly string[] {
  switch (schema) {
    case 'text/1':
      return [content.text]
    case 'qa/1':
      return [content.question, content.answer]
    case 'dialogue/1':
      return content.turns.flatMap(({ role, text }) => [role, text])
    case 'label/1':
      return [content.text, content.label]
    case 'correction/1': {
      const { of, question = '', right } = content
      const target = 'contribution' in of ? of.contribution.toString() : hex(of.receipt)
      return [target, question, right]
    }
    case 'preference/1':
      return 'answers' in content
        ? [content.question, ...content.answers, `${content.better}`]
        : [content.question, content.answer, `${content.rating}`]
    case 'file/1':
      return [content.file.toString()]
  }
}

function answered(question: string, answer: string): Passage {
  const title = titleFrom(question)
  const isWhole = title === oneLine(question)
  return { title, text: isWhole ? answer : `${question}\n\n${answer}` }
}

/** `words` on one line, cut to a label between two code points. */
function titleFrom(words: string): string {
  const line = oneLine(words)
  if (Buffer.byteLength(line) <= LIMITS.labelBytes) return line
  let title = ''
  let size = 0
  for (const character of line) {
    size += Buffer.byteLength(character)
    if (size > LIMITS.labelBytes) break
    title += character
  }
  return title
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').trim()
}

function plain(words: string): string {
  return oneLine(words.toLowerCase())
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
