import { expect, test } from 'vitest'
import type { EngineChunk, EngineOutcome } from '../../../../peer/engines/engine.ts'
import { createSteps } from '../../../../peer/services/call/steps.ts'

const OUTCOME: EngineOutcome = {
  outcome: 'answered',
  truncated: false,
  citations: []
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('an engine works one step ahead of who takes its words, and no further', async () => {
  const begun: string[] = []
  async function* words(): AsyncGenerator<EngineChunk, EngineOutcome> {
    for (const text of ['one', 'two', 'three']) {
      begun.push(text)
      yield { text }
    }
    return OUTCOME
  }
  const steps = createSteps(words())
  await turn()
  expect(begun).toEqual(['one'])
  expect(await steps.next()).toMatchObject({ value: { text: 'one' } })
  await turn()
  expect([begun, steps.following]).toEqual([
    ['one', 'two'],
    { done: false, value: { text: 'two' } }
  ])
  await steps.next()
  await steps.next()
  await turn()
  const end = { done: true, value: OUTCOME }
  expect(steps.following).toEqual(end)
  expect([await steps.next(), await steps.next()]).toEqual([end, end])
})

test('what breaks in an engine is told to who takes that step, and not before', async () => {
  const broken = new Error('no more')
  async function* words(): AsyncGenerator<EngineChunk, EngineOutcome> {
    yield { text: 'one' }
    throw broken
  }
  const steps = createSteps(words())
  await steps.next()
  await turn()
  expect(steps.following).toBeUndefined()
  await expect(steps.next()).rejects.toBe(broken)
})
