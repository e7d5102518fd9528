import { toProblem } from '../../api/problem.ts'

/** The exit codes of every command, in one place; `datanet --help` shows them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  payment: 5,
  forbidden: 6,
  /** Some of many things were done and others refused; which is said. */
  partly: 7,
  interrupted: 130
} as const

/** The table in the words of the help. */
export const EXIT_TEXT = `Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not reachable,
4 not found, 5 payment or limit, 6 not permitted, 7 in part, 130 interrupted`

const UNREACHABLE = new Set([
  'CHAIN_UNREACHABLE',
  'CONTENT_UNAVAILABLE',
  'DISCOVERY_OFF',
  'PEER_GONE',
  'PEER_SILENT',
  'PEER_UNREACHABLE'
])

/** The exit code of a command that ended with `error`: by its code, then by the kind of refusal. */
export function exitCodeOf(error: unknown): number {
  const { body, status } = toProblem(error)
  if (body.code === 'DONE_IN_PART') return EXIT.partly
  if (body.code === 'INPUT_INVALID') return EXIT.usage
  if (UNREACHABLE.has(body.code)) return EXIT.unreachable
  if (body.code === 'DISCOVERY_EMPTY' || status === 404) return EXIT.notFound
  if (status === 402) return EXIT.payment
  if (body.code === 'UNAUTHORIZED' || body.code === 'FORBIDDEN') return EXIT.forbidden
  return EXIT.failed
}
