/** Tells the operator what happened: names, ids and codes, never tokens, questions or texts. */
export type Log = (event: string, values?: Readonly<Record<string, unknown>>) => void

/** A log of one JSON object a line. */
export function createLog(to: { write(line: string): unknown } = process.stderr): Log {
  return (event, values = {}) => {
    to.write(
      `${JSON.stringify({ time: new Date().toISOString(), scope: 'bot', event, ...values })}\n`
    )
  }
}

/** The code of an error, of the peer's or of Discord's; its words may hold anything. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'INTERNAL'
  return 'code' in error ? String(error.code) : error.name
}
