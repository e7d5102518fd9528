import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/**
 * Asks for what must not be seen on the screen; undefined where nobody sits. An abort, or Ctrl-C,
 * ends it with an AbortError.
 */
export async function askSecret(
  question: string,
  { signal }: { readonly signal: AbortSignal }
): Promise<string | undefined> {
  const { stdin, stderr } = process
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined
  // The terminal is the reader's while it asks, and the reader's own echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  const left = new AbortController()
  lines.once('SIGINT', () => left.abort())
  // After the reader has taken the terminal: what is pasted at once must not be echoed either.
  stderr.write(question)
  try {
    return await lines.question('', { signal: AbortSignal.any([signal, left.signal]) })
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
