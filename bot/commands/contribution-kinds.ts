import type { DatanetSummary } from '../../peer/api/datanets-api.ts'

/** What can be given in Discord, by the letter that stands for it in custom ids. */
export type Kind = 't' | 'q' | 'd' | 'l' | 'p' | 'c' | 'm' | 'f'

/** One field of a form. */
export interface Field {
  readonly id: string
  readonly label: string
  readonly max: number
  readonly isLong?: boolean
  readonly isOptional?: boolean
  readonly description?: string
  /** Instead of text: one of these. */
  readonly choices?: readonly { readonly label: string; readonly value: string }[]
}

export interface KindOf {
  readonly schema: string
  /** What it is called: “a text”. */
  readonly called: string
  readonly fields: readonly Field[]
  /** Where it stood before and in which language are asked for as well. */
  readonly hasSource: boolean
  readonly hasLanguage: boolean
  readonly origin: 'interaction' | 'message'
  /** The content of its schema; what is missing in it, in words, where something is. */
  content(values: Values, context: Context): Record<string, unknown> | string
}

/** What was typed, by field. */
export type Values = Readonly<Record<string, string>>

/** What a form is about, beside what is typed into it. */
export interface Context {
  /** The answer that a correction corrects. */
  readonly callId?: string
  readonly question?: string
  readonly wrong?: string
  /** The message that a text was taken from, and who was asked for it. */
  readonly message?: string
  readonly permission?: string
  /** Base64, of a file. */
  readonly data?: string
  readonly name?: string
}

const LONG = 4_000
const title: Field = { id: 'title', label: 'Title', max: 200 }
const text: Field = {
  id: 'text',
  label: 'Text',
  max: LONG,
  isLong: true,
  description: 'Your own words, or words whose licence lets you give them.'
}

/** The kinds, as data: the form of each, and the record that it becomes. */
export const KINDS: Readonly<Record<Kind, KindOf>> = {
  t: {
    schema: 'text/1',
    called: 'a text',
    fields: [title, text],
    hasSource: true,
    hasLanguage: true,
    origin: 'interaction',
    content: (values) => ({ title: values.title, text: values.text })
  },
  q: {
    schema: 'qa/1',
    called: 'a question with its answer',
    fields: [
      { id: 'question', label: 'Question', max: 1_000, isLong: true },
      { id: 'answer', label: 'Answer', max: LONG, isLong: true }
    ],
    hasSource: true,
    hasLanguage: true,
    origin: 'interaction',
    content: (values) => ({ question: values.question, answer: values.answer })
  },
  d: {
    schema: 'dialogue/1',
    called: 'a conversation',
    fields: [
      { ...title, isOptional: true },
      {
        id: 'turns',
        label: 'Turns',
        max: LONG,
        isLong: true,
        description: 'Each begins a line with “Q:” (who asks) or “A:” (who answers).'
      }
    ],
    hasSource: false,
    hasLanguage: true,
    origin: 'interaction',
    content({ title: named = '', turns: typed = '' }) {
      const turns = turnsOf(typed)
      if (turns.length < 2) return 'A conversation has two turns at least, “Q:” and “A:”.'
      return { ...(named === '' ? {} : { title: named }), turns }
    }
  },
  l: {
    schema: 'label/1',
    called: 'a text with its label',
    fields: [
      text,
      { id: 'label', label: 'Label', max: 100 },
      {
        id: 'labels',
        label: 'All labels',
        max: 500,
        isOptional: true,
        description: 'Those that could have been chosen, with commas between.'
      }
    ],
    hasSource: false,
    hasLanguage: true,
    origin: 'interaction',
    content({ text: typed, label, labels: all = '' }) {
      const labels = all.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))
      if (labels.length > 0 && !labels.includes(label ?? '')) {
        return 'The label is none of all labels.'
      }
      return { text: typed, label, ...(labels.length < 2 ? {} : { labels }) }
    }
  },
  p: {
    schema: 'preference/1',
    called: 'which of two answers is better',
    fields: [
      { id: 'question', label: 'Question', max: 1_000, isLong: true },
      { id: 'first', label: 'First answer', max: LONG, isLong: true },
      { id: 'second', label: 'Second answer', max: LONG, isLong: true },
      {
        id: 'better',
        label: 'Which is better?',
        max: 1,
        choices: [
          { label: 'The first', value: '0' },
          { label: 'The second', value: '1' }
        ]
      }
    ],
    hasSource: false,
    hasLanguage: false,
    origin: 'interaction',
    content: ({ question, first, second, better }) => ({
      question,
      answers: [first, second],
      better: Number(better)
    })
  },
  c: {
    schema: 'correction/1',
    called: 'a correction',
    fields: [
      {
        id: 'right',
        label: 'What is right',
        max: LONG,
        isLong: true,
        description: 'The answer as it should have been.'
      }
    ],
    hasSource: true,
    hasLanguage: true,
    origin: 'interaction',
    content({ right }, { callId, question, wrong }) {
      if (callId === undefined) return 'The answer is not known any more.'
      if (right === wrong) return 'This is what the answer says already: change what is wrong.'
      return {
        of: { receipt: callId },
        right,
        ...(question === undefined || question === '' ? {} : { question }),
        ...(wrong === undefined || wrong === '' ? {} : { wrong })
      }
    }
  },
  m: {
    schema: 'text/1',
    called: 'a message',
    fields: [title, text],
    hasSource: false,
    hasLanguage: true,
    origin: 'message',
    content: (values) => ({ title: values.title, text: values.text })
  },
  f: {
    schema: 'file/1',
    called: 'a file',
    fields: [{ id: 'caption', label: 'What it shows', max: 1_000, isLong: true, isOptional: true }],
    hasSource: true,
    hasLanguage: true,
    origin: 'interaction',
    content({ caption = '' }, { data, name }) {
      if (data === undefined) return 'The file is not here any more.'
      return { data, name, ...(caption === '' ? {} : { caption }) }
    }
  }
}

/** Whether a Datanet takes what is of that kind. */
export function takes({ schemas, files }: DatanetSummary, kind: Kind): boolean {
  return schemas.includes(KINDS[kind].schema) && (kind !== 'f' || files !== undefined)
}

function turnsOf(typed: string): { role: 'user' | 'assistant'; text: string }[] {
  const turns: { role: 'user' | 'assistant'; text: string }[] = []
  for (const line of typed.split('\n')) {
    const [, mark, rest = ''] = /^\s*([QA]):\s*(.*)$/i.exec(line) ?? []
    const last = turns.at(-1)
    if (mark !== undefined) {
      turns.push({ role: mark.toUpperCase() === 'Q' ? 'user' : 'assistant', text: rest })
    } else if (last !== undefined)
      turns[turns.length - 1] = { ...last, text: `${last.text}\n${line}` }
  }
  return turns
    .map(({ role, text }) => ({ role, text: text.trim() }))
    .filter(({ text }) => text !== '')
}
