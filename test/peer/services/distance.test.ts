import { expect, test } from 'vitest'
import { createDistance } from '../../../peer/services/distance.ts'

function after(...waits: number[]): boolean {
  const distance = createDistance()
  for (const waitedMs of waits) distance.observe(waitedMs)
  return distance.isFar
}

test('a provider is far when every one of several waits was long', () => {
  expect(after(...Array(8).fill(100))).toBe(true)
  expect(after(...Array(8).fill(30))).toBe(true)
})

test('it is not far for a few waits, nor for a machine that is slow now and then', () => {
  expect(after()).toBe(false)
  expect(after(...Array(7).fill(100))).toBe(false)
  expect(after(...Array(20).fill(500), 3)).toBe(false)
})
