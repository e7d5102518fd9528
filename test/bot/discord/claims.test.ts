import { expect, test } from 'vitest'
import { createClaims } from '../../../bot/discord/claims.ts'
import { customId, readCustomId } from '../../../bot/discord/custom-id.ts'

test('an interaction is taken once, and old ones make room', () => {
  const claims = createClaims(2)
  expect(['a', 'a', 'b', 'b', 'c', 'b', 'a'].map((id) => claims.take(id))).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    true
  ])
})

test('a control says what it stands for, and others say nothing', () => {
  const control = { action: 'cancel', subject: '123:4' }
  expect(readCustomId(customId(control))).toEqual(control)
  for (const other of ['', 'v2:cancel:1', 'v1:cancel', 'v1:CANCEL:1', 'v1:cancel:']) {
    expect(readCustomId(other)).toBeUndefined()
  }
  expect(() => customId({ action: 'a', subject: 'x'.repeat(100) })).toThrow(RangeError)
})
