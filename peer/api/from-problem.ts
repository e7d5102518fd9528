import { DatanetError, ERRORS, type ErrorCode } from '../../protocol/base/errors.ts'
import { isRecord } from './is-record.ts'
import { toProblem } from './problem.ts'

const MAX_TEXT = 400

/**
 * The error that a server at `server` described by `problem`, under the same code. What it said is
 * cut to what a problem may hold, freed of control characters and marked with `details.server`; an
 * unknown code is INTERNAL.
 */
export function fromProblem(problem: unknown, server: string): DatanetError {
  const said = isRecord(problem) ? problem : {}
  const code = isCode(said.code) ? said.code : 'INTERNAL'
  const text = typeof said.detail === 'string' ? clean(said.detail) : ''
  const { meaning } = ERRORS[code]
  const hint = text.startsWith(`${meaning}: `) ? text.slice(meaning.length + 2) : ''
  const details = isRecord(said.details) ? said.details : {}
  // The same bounds as on the way out: depth, number and length.
  const bounded = toProblem(new DatanetError(code, details)).body.details
  return new DatanetError(code, { ...bounded, server }, hint === '' ? {} : { hint })
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

function clean(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\p{Cc}/gu, ' ')
}
