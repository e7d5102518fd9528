import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLane } from '../../../../peer/services/model/lane.ts'
import { isAbort } from '../../../../protocol/base/errors.ts'

const { signal } = new AbortController()
const LIMITS = { parallel: 1, queue: 3, waitMs: 1_000 }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function lane(limits: Partial<typeof LIMITS> = {}) {
  const told: boolean[] = []
  const onBehind = (isBehind: boolean) => told.push(isBehind)
  const one = createLane({ ...LIMITS, ...limits }, { now: Date.now, onBehind })
  const order: string[] = []
  const enter = async (name: string, priceWei = 1n, until = signal) => {
    const leave = await one.enter({ priceWei, signal: until })
    order.push(name)
    return leave
  }
  return { one, told, order, enter }
}
const settle = () => vi.advanceTimersByTimeAsync(0)

test('as many as there are places are in, and the dearest of those that wait comes next', async () => {
  const { order, enter } = lane({ parallel: 2 })
  const first = await enter('a')
  await enter('b')
  enter('cheap', 1n)
  enter('dear', 9n)
  enter('dear too', 9n)
  await settle()
  expect(order).toEqual(['a', 'b'])
  first()
  // A place is given back once, however often it is said.
  first()
  await settle()
  expect(order).toEqual(['a', 'b', 'dear'])
})

// SERVE-R1
test('who finds the queue full, and who waited too long, is told to come again', async () => {
  const { one, enter } = lane()
  await enter('a')
  const waiting = [enter('b'), enter('c'), enter('d')]
  for (const call of waiting) call.catch(() => {})
  const busy = { code: 'PROVIDER_BUSY', details: { retryAfterS: 1 } }
  expect(() => one.refuseIfFull()).toThrow(expect.objectContaining(busy))
  await expect(enter('e')).rejects.toMatchObject(busy)
  await vi.advanceTimersByTimeAsync(1_000)
  for (const call of waiting) await expect(call).rejects.toMatchObject(busy)
  one.refuseIfFull()
})

test('who waited half the longest wait comes before who pays more', async () => {
  const { order, enter } = lane()
  const leave = await enter('a')
  enter('poor', 1n)
  await vi.advanceTimersByTimeAsync(500)
  enter('rich', 9n)
  leave()
  await settle()
  expect(order).toEqual(['a', 'poor'])
})

test('a lane is behind from the first long wait on, until nobody waits', async () => {
  const { one, told, enter } = lane()
  const leave = await enter('a')
  const next = enter('b')
  const last = enter('c')
  await vi.advanceTimersByTimeAsync(499)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect([told, one.isBehind]).toEqual([[true], true])
  leave()
  const leaveNext = await next
  expect(told).toEqual([true])
  leaveNext()
  await last
  expect([told, one.isBehind]).toEqual([[true, false], false])
})

test('who leaves while it waits makes room for others, and is no reason to be behind', async () => {
  const { told, order, enter } = lane({ queue: 1 })
  const leave = await enter('a')
  const leaving = new AbortController()
  const left = enter('b', 1n, leaving.signal)
  await vi.advanceTimersByTimeAsync(600)
  leaving.abort()
  expect(isAbort(await left.catch((error) => error))).toBe(true)
  expect(told).toEqual([true, false])
  enter('c')
  leave()
  await settle()
  expect(order).toEqual(['a', 'c'])
})
