import { expect, test } from 'vitest'
import {
  DatanetError,
  ERRORS,
  type ErrorCode,
  isAbort,
  isDatanetError
} from '../../../protocol/base/errors.ts'

test('wire numbers are distinct, and every row can be rendered', () => {
  const rows = Object.values(ERRORS)
  expect(new Set(rows.map((row) => row.wire)).size).toBe(rows.length)
  for (const row of rows) {
    expect(row.meaning).not.toBe('')
    expect(row.http).toBeGreaterThanOrEqual(400)
  }
})

test('carries code, details, cause and hint', () => {
  const cause = new Error('why')
  const error = new DatanetError('PEER_GONE', { peer: 'x' }, { cause, hint: 'try another' })
  expect(error.message).toBe(`${ERRORS.PEER_GONE.meaning}: try another`)
  expect(error).toMatchObject({ code: 'PEER_GONE', details: { peer: 'x' }, cause })
})

test('says whether trying again can help', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    expect(new DatanetError(code).retryable).toBe(ERRORS[code].retryable)
  }
})

test('is known by shape, and an abort is not one', () => {
  const foreign = Object.assign(new Error(), { name: 'DatanetError', code: 'PEER_GONE' })
  expect(isDatanetError(foreign)).toBe(true)
  expect(isDatanetError(new Error())).toBe(false)
  expect(isDatanetError({ name: 'DatanetError', code: 'PEER_GONE' })).toBe(false)
  expect(isAbort(AbortSignal.abort().reason)).toBe(true)
  expect(isAbort(new DatanetError('PEER_GONE'))).toBe(false)
})
