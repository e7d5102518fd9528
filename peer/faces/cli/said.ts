import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { Option } from 'commander'
import { refusal } from '../../api/problem.ts'
import { read } from './command.ts'
import type { Print } from './print.ts'

/** What was said on the command line instead of in a file. */
export interface SaidOptions {
  readonly title?: string
  readonly text?: string
  readonly question?: string
  readonly answer?: readonly string[]
  readonly better?: string
  readonly rating?: string
  readonly reason?: string
  readonly turn?: readonly string[]
  readonly label?: string
  readonly labels?: string
  readonly correct?: string
  readonly wrong?: string
  readonly right?: string
  readonly file?: string
  readonly mime?: string
  readonly caption?: string
}

/** A schema and its content as the API takes it. */
export interface Said {
  readonly schema: string
  readonly content: Readonly<Record<string, unknown>>
}

/** What one call of the API carries. */
const MAX_FILE_BYTES = 16_777_216

/** The options of one contribution that is typed and not read from a file. */
export const saidOptions: readonly Option[] = [
  new Option('--text <text>', 'a text, with --title or --label'),
  new Option('--title <title>', 'of the text, or of a dialogue'),
  new Option('--question <question>', 'with --answer, --rating, --better or --correct'),
  new Option('--answer <answer>', 'to the question; twice with --better').argParser(read.many),
  new Option('--turn <role:text>', 'of a dialogue, as in “user: Why?”; for each turn').argParser(
    read.many
  ),
  new Option('--better <1|2>', 'which of the two answers is'),
  new Option('--rating <1-5>', 'of the answer; 5 is best'),
  new Option('--reason <words>', 'why'),
  new Option('--label <label>', 'of the text'),
  new Option('--labels <a,b,…>', 'those that could have been chosen'),
  new Option('--correct <id>', 'what is wrong: a contribution, or the receipt of an answer'),
  new Option('--wrong <words>', 'what was said'),
  new Option('--right <words>', 'what is right'),
  new Option('--file <path>', 'an image, a sound, any file that the Datanet takes'),
  new Option('--mime <type>', 'of the file; by its bytes unless given'),
  new Option('--caption <words>', 'what the file shows')
]

/** What `options` say, if they say anything. Refuses what fits no schema (INPUT_INVALID). */
export function saidIn(options: SaidOptions): Said | undefined {
  const { title, text, question, reason, label } = options
  const [answer, second] = options.answer ?? []
  const { better, rating, turn, correct, wrong, right, file, mime, caption } = options
  if (file !== undefined) {
    const name = title ?? basename(file)
    return { schema: 'file/1', content: given({ name, mime, caption, data: dataOf(file) }) }
  }
  if (correct !== undefined) {
    const isReceipt = /^[0-9a-f]{32}$/i.test(correct)
    const of = isReceipt ? { receipt: correct.toLowerCase() } : { contribution: correct }
    return { schema: 'correction/1', content: given({ of, question, wrong, right }) }
  }
  if (better !== undefined) {
    if (!/^[12]$/.test(better)) wrongly('--better is 1 or 2')
    const answers = [answer, second]
    const content = given({ question, answers, better: Number(better) - 1, reason })
    return { schema: 'preference/1', content }
  }
  if (rating !== undefined) {
    const content = given({ question, answer, rating: Number(rating), reason })
    return { schema: 'preference/1', content }
  }
  if (label !== undefined) {
    const labels = options.labels?.split(',').map((one) => one.trim())
    return { schema: 'label/1', content: given({ text, label, labels }) }
  }
  if (turn !== undefined) {
    return { schema: 'dialogue/1', content: given({ title, turns: turn.map(toTurn) }) }
  }
  if (question !== undefined || answer !== undefined) {
    return { schema: 'qa/1', content: given({ question, answer }) }
  }
  if (text === undefined) return undefined
  return { schema: 'text/1', content: { title: title ?? firstWords(text), text } }
}

/** Asks for one contribution of a kind that the Datanet takes; undefined where nobody sits. */
export async function askFor(
  { prompt, write }: Print,
  schemas: readonly string[]
): Promise<Said | undefined> {
  if (prompt === undefined) return undefined
  const kinds = KINDS.filter(({ schema }) => schemas.includes(schema))
  const [first] = kinds
  if (first === undefined) return undefined
  const ask = async (question: string) => (await prompt(`${question} `)).trim()
  let kind = first
  if (kinds.length > 1) {
    write(`${kinds.map(({ name }, i) => `  ${i + 1}  ${name}`).join('\n')}\n`)
    const chosen = await ask(`What do you give? [1-${kinds.length}]`)
    kind = kinds[Number(chosen) - 1] ?? first
  }
  const content: Record<string, string> = {}
  for (const [field, question] of kind.fields) {
    const said = await ask(question)
    if (said === '') wrongly(`nothing was said to “${question}”`)
    content[field] = said
  }
  return { schema: kind.schema, content }
}

const KINDS: ReadonlyArray<{
  readonly schema: string
  readonly name: string
  readonly fields: ReadonlyArray<readonly [string, string]>
}> = [
  {
    schema: 'text/1',
    name: 'a text',
    fields: [
      ['title', 'Its title?'],
      ['text', 'The text?']
    ]
  },
  {
    schema: 'qa/1',
    name: 'a question and its answer',
    fields: [
      ['question', 'The question?'],
      ['answer', 'The answer?']
    ]
  },
  {
    schema: 'label/1',
    name: 'a text and its label',
    fields: [
      ['text', 'The text?'],
      ['label', 'Its label?']
    ]
  }
]

/** The bytes of a file in base64. Refuses one that cannot be read or is too large (INPUT_INVALID). */
function dataOf(file: string): string {
  try {
    if (statSync(file).size <= MAX_FILE_BYTES) return readFileSync(file).toString('base64')
  } catch (cause) {
    throw refusal('INPUT_INVALID', { file }, { cause, hint: `${file} cannot be read` })
  }
  return wrongly(`${file} has more than ${MAX_FILE_BYTES / 1_048_576} MiB`)
}

function toTurn(said: string): { role: string; text: string } {
  const [, role = '', text = ''] = /^\s*(user|assistant)\s*:\s*([\s\S]*)$/i.exec(said) ?? []
  if (role === '') wrongly('a turn is “user: …” or “assistant: …”')
  return { role: role.toLowerCase(), text }
}

function firstWords(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length <= 80 ? line : `${line.slice(0, line.lastIndexOf(' ', 80))}`
}

function given(content: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined))
}

function wrongly(hint: string): never {
  throw refusal('INPUT_INVALID', {}, { hint })
}
