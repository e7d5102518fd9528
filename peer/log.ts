import pino, { type Logger } from 'pino'

// Parts of the peer log no such thing; a name like these is dropped all the same.
const SECRET =
  /secret|private|password|token|authorization|bearer|salt|seed|prompt|question|answer/i
const MAX_TEXT = 400

/** A structured log, a JSON object a line, to stderr unless `to` is given. */
export function createLog(
  level: string,
  to: { write(line: string): void } = process.stderr
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: harmless }
    },
    to
  )
}

function harmless(values: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(values).filter(([name]) => !SECRET.test(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, plain(value)]))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return value.slice(0, MAX_TEXT)
  if (typeof value === 'object' && value !== null) return String(value).slice(0, MAX_TEXT)
  return value
}
