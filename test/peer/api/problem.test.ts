import { expect, test } from 'vitest'
import { refusal, toProblem } from '../../../peer/api/problem.ts'
import { DatanetError, ERRORS } from '../../../protocol/base/errors.ts'

test.each(Object.keys(ERRORS) as (keyof typeof ERRORS)[])('renders %s from its row', (code) => {
  const { status, body } = toProblem(new DatanetError(code))
  const { http, meaning, actor, retryable } = ERRORS[code]
  expect(status).toBe(http)
  expect(body).toMatchObject({ status: http, code, title: meaning, actor, retryable })
  expect(body.type).toBe(`urn:datanet:error:${code}`)
})

test('amounts become decimal strings, bytes and nested errors disappear', () => {
  const details = {
    requiredWei: 12n,
    chain: { id: 31_337, name: 'devnet' },
    bytes: new Uint8Array(4),
    inner: new Error('why'),
    list: [1n, 'a', new Uint8Array(1)]
  }
  expect(toProblem(refusal('DEPOSIT_INSUFFICIENT', details)).body.details).toEqual({
    requiredWei: '12',
    chain: { id: 31_337, name: 'devnet' },
    list: ['1', 'a', null]
  })
})

test('names that are never harmless are dropped at every depth, long texts are cut', () => {
  const details = {
    secretKey: '0x1',
    prompt: 'p',
    at: { salt: 's', row: 3 },
    hint: 'x'.repeat(900)
  }
  const { body } = toProblem(refusal('INPUT_INVALID', details))
  expect(body.details).toEqual({ at: { row: 3 }, hint: 'x'.repeat(400) })
})

// API-W2
test('an error outside the vocabulary shows nothing of itself, nor does a cause', () => {
  const foreign = toProblem(new Error('key 0xabc'))
  expect(foreign.body).toMatchObject({ status: 500, code: 'INTERNAL', details: {} })
  const caused = refusal('ENGINE_FAILED', {}, { cause: new Error('key 0xabc') })
  expect(JSON.stringify([foreign, toProblem(caused)])).not.toContain('0xabc')
  const forged = Object.assign(new Error('x'), { name: 'DatanetError', code: 'NO_SUCH_CODE' })
  expect(toProblem(forged).body.code).toBe('INTERNAL')
})
