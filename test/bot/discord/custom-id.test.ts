import { expect, test } from 'vitest'
import { customId, readCustomId } from '../../../bot/discord/custom-id.ts'

test('a control says what it stands for, and others say nothing', () => {
  const control = { action: 'cancel', subject: '123:4' }
  expect(readCustomId(customId(control))).toEqual(control)
  for (const other of ['', 'v2:cancel:1', 'v1:cancel', 'v1:CANCEL:1', 'v1:cancel:']) {
    expect(readCustomId(other)).toBeUndefined()
  }
  expect(() => customId({ action: 'a', subject: 'x'.repeat(100) })).toThrow(RangeError)
})
