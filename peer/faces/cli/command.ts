import { type Command, InvalidArgumentError, type Option } from 'commander'
import { parseAmount } from '../../api/amounts.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import type { Print } from './print.ts'

/** What a command gets: the peer, what was typed, and where to say what came of it. */
export interface Call<Options = object> {
  readonly api: PeerApi
  readonly args: readonly string[]
  readonly options: Options
  readonly print: Print
  /** The data directory of that peer, where it is on this machine. */
  readonly dataDir?: string
  /** What the next command repeats: ` --data-dir <dir>` where one was given, or nothing. */
  readonly whose: string
  readonly passphrase: AskPassphrase
  readonly signal: AbortSignal
}

/**
 * The passphrase in `file`, which only its owner may read, or else what is typed unseen; of a new one
 * (`isNew`) twice. Refuses where nobody sits (INPUT_INVALID).
 */
export type AskPassphrase = (request: {
  readonly file?: string
  readonly question: string
  readonly isNew?: boolean
}) => Promise<string>

/** One command over PeerApi; it needs no process to run. */
export interface CliCommand<Options = object> {
  /** `noun verb`, or the noun alone. */
  readonly name: string
  readonly summary: string
  /** In the notation of commander: `<needed>`, `[optional]`, `[many...]`. */
  readonly args?: string
  readonly options?: readonly Option[]
  /** True of what spends: of several peers that may be meant, it says whose money it is. */
  readonly pays?: boolean
  /** True of what needs no peer: its `api` is not there. */
  readonly isOffline?: boolean
  readonly run: (call: Call<Options>) => Promise<void>
}

/** `definition` among commands with other options: commander checks them before `run` sees them. */
export function command<Options>(definition: CliCommand<Options>): CliCommand {
  return definition as unknown as CliCommand
}

/** Readers of option values; each refuses what it cannot read, as wrong usage. */
export const read = {
  amount(text: string): bigint {
    try {
      return parseAmount(text)
    } catch (cause) {
      throw new InvalidArgumentError(cause instanceof Error ? cause.message : '')
    }
  },
  count(text: string): number {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('at least 1')
    return value
  },
  /** A share in percent, as parts per million. */
  percent(text: string): number {
    const ppm = Math.round(Number(text.replace(/\s*%$/, '')) * 10_000)
    if (!(ppm >= 0 && ppm <= 1_000_000)) throw new InvalidArgumentError('between 0 and 100')
    return ppm
  },
  /** A time such as `15m`, `12h` or `3d`, in milliseconds; `0` is none. */
  duration(text: string): number {
    const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    const [, amount, unit = 's'] = /^(\d{1,6})([smhd])?$/.exec(text.trim()) ?? []
    if (amount === undefined || (unit === 's' && !/s$/.test(text) && amount !== '0')) {
      throw new InvalidArgumentError('a time such as 15m, 12h or 3d')
    }
    return Number(amount) * units[unit as keyof typeof units]
  },
  many(text: string, before: readonly string[] | undefined): string[] {
    return [...(before ?? []), text]
  }
} as const

/** The leaf of `program` for `name`, its noun made the first time. */
export function leafOf(program: Command, name: string, nouns: Readonly<Record<string, string>>) {
  const [noun = '', verb] = name.split(' ')
  if (verb === undefined) return program.command(noun)
  const known = program.commands.find((one) => one.name() === noun)
  // A noun may do something by itself.
  known?.enablePositionalOptions()
  const parent =
    known ??
    program
      .command(noun)
      .description(nouns[noun] ?? '')
      .helpCommand(false)
  return parent.command(verb)
}
