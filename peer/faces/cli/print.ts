import { toProblem } from '../../api/problem.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { wrap } from './layout.ts'

/** Where a command says what came of it, to a person or to a program. */
export interface Print {
  readonly isJson: boolean
  /** How wide lines may be. */
  readonly columns: number
  /** `value` as one line of JSON, or what `human` makes of it. */
  show<T>(value: T, human: (value: T) => string | Promise<string>): Promise<void>
  /** One line of JSON for each of `values`, or what `human` makes of them together. */
  list<T>(
    values: readonly T[],
    human: (values: readonly T[]) => string | Promise<string>
  ): Promise<void>
  /** Text as it comes; for people only. */
  write(text: string): void
  /** How far long work is: one line on a terminal, rewritten in place; nothing elsewhere. */
  progress(progress: { text: string; done: number; total: number }): void
  /** Asks who sits there; absent where nobody does. */
  readonly prompt?: (question: string) => Promise<string>
}

interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const MAX_COLUMNS = 100

/** A Print on `out`, with progress on `err` where that is a terminal. */
export function createPrint(init: {
  readonly isJson: boolean
  readonly out: Sink
  readonly err: Sink
  readonly prompt?: (question: string) => Promise<string>
}): Print {
  const { isJson, out, err, prompt } = init
  let isShown = false
  const clear = () => {
    if (isShown) err.write('\r\x1b[2K')
    isShown = false
  }
  const say = (text: string) => {
    clear()
    if (text !== '') out.write(text.endsWith('\n') ? text : `${text}\n`)
  }
  return {
    isJson,
    // Some terminals say 0: they do not know.
    columns: Math.min(out.columns || MAX_COLUMNS, MAX_COLUMNS),
    async show(value, human) {
      say(isJson ? jsonLine(value) : harmless(await human(value)))
    },
    async list(values, human) {
      say(isJson ? values.map(jsonLine).join('') : harmless(await human(values)))
    },
    write(text) {
      if (isJson) return
      clear()
      out.write(harmless(text))
    },
    progress({ text, done, total }) {
      if (isJson || err.isTTY !== true) return
      err.write(`\r\x1b[2K… ${text}${total > 0 ? ` ${Math.min(done, total)} of ${total}` : ''}`)
      isShown = true
    },
    ...(prompt === undefined || isJson ? {} : { prompt })
  }
}

/** One line of JSON; amounts become decimal strings, maps become objects. */
export function printJson(value: unknown): void {
  process.stdout.write(jsonLine(value))
}

/**
 * Says what went wrong, who can mend it and whether to try again; returns the exit code. JSON goes to
 * the standard output, where the reader of a command looks.
 */
export function failed(
  error: unknown,
  isJson: boolean,
  sinks: { out: Sink; err: Sink } = { out: process.stdout, err: process.stderr }
): number {
  if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted
  const { body } = toProblem(error)
  if (isJson) sinks.out.write(jsonLine({ step: 'error', error: body }))
  else {
    const again = body.retryable ? 'Trying again can help.' : 'Trying the same again will not help.'
    // What was said of the progress stands on this line still.
    if (sinks.err.isTTY === true) sinks.err.write('\r\x1b[2K')
    const said = `${body.code}: ${harmless(body.detail)}`
    const { isTTY, columns } = sinks.err
    const shown = isTTY === true ? wrap(said, Math.min(columns || MAX_COLUMNS, MAX_COLUMNS)) : said
    sinks.err.write(`${shown}\nWho can mend it: the ${body.actor}. ${again}\n`)
  }
  return exitCodeOf(error)
}

/** Without what moves a terminal or turns its text around: titles and answers are by strangers. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
}

function jsonLine(value: unknown): string {
  const plain = (_: string, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString()
    return inner instanceof Map ? Object.fromEntries(inner) : inner
  }
  return `${JSON.stringify(value, plain)}\n`
}
