import { expect, test } from 'vitest'
import { toDiskFailure } from '../../../peer/store/disk-failure.ts'

test('a disk that keeps nothing is named with its reason, and nothing else is touched', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  expect(toDiskFailure(full, '/home/ann/.datanet')).toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('/home/ann/.datanet: no space is left on its disk')
  })
  const other = Object.assign(new Error('listen'), { code: 'EADDRINUSE' })
  expect(toDiskFailure(other, '/x')).toBe(other)
  expect(toDiskFailure('text', '/x')).toBe('text')
})
