import { expect, test } from 'vitest'
import { undo } from '../../peer/undo.ts'

test('undoes the last step first, each once, and waits for it', async () => {
  const done: string[] = []
  const steps = [
    () => done.push('first'),
    async () => {
      await new Promise((resolve) => setImmediate(resolve))
      done.push('last')
    }
  ]
  await undo(steps)
  await undo(steps)
  expect(done).toEqual(['last', 'first'])
})

test('goes on after a step that fails, and throws the first failure at the end', async () => {
  const done: string[] = []
  const steps = [
    () => done.push('first'),
    () => {
      throw new Error('later')
    },
    () => Promise.reject(new Error('earlier')),
    () => done.push('last')
  ]
  await expect(undo(steps)).rejects.toThrow('earlier')
  expect(done).toEqual(['last', 'first'])
})
