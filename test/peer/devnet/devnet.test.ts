import { expect, test } from 'vitest'
import { startDevnet } from '../../../peer/devnet/devnet.ts'
import type { Step } from '../../../peer/devnet/steps.ts'

test('a devnet that is stopped while its world is made starts nobody', async () => {
  const stopping = new AbortController()
  const steps: Step[] = []
  const before = process.listenerCount('exit')
  const starting = startDevnet({
    seed: 1,
    questions: [],
    tell: (step) => steps.push(step),
    progress: () => {},
    signal: stopping.signal
  })
  stopping.abort()
  await expect(starting).rejects.toMatchObject({ name: 'AbortError' })
  expect(steps).toEqual([])
  // Its folder is gone, and with it what would remove it at the end.
  expect(process.listenerCount('exit')).toBe(before)
})
