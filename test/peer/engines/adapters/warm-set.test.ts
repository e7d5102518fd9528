import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWarmSet } from '../../../../peer/engines/adapters/warm-set.ts'
import { isAbort } from '../../../../protocol/base/errors.ts'

const { signal } = new AbortController()
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A set whose things are brought in when the test says so. */
function scripted(size: number) {
  const moves: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const set = createWarmSet(
    {
      async bring(key) {
        moves.push(`+${key}`)
        await gates.get(key)?.promise
      },
      async remove(key) {
        moves.push(`-${key}`)
      }
    },
    { size }
  )
  const gate = (key: string) => {
    const one = Promise.withResolvers<void>()
    gates.set(key, one)
    return one
  }
  return { set, moves, gate, hold: (key: string) => set.hold(key, { signal }) }
}

test('what was used the longest ago makes room', async () => {
  const { set, moves, hold } = scripted(2)
  for (const key of ['a', 'b', 'a', 'c']) (await hold(key)).release()
  expect(moves).toEqual(['+a', '+b', '-b', '+c'])
  expect(set.keys).toEqual(['c', 'a'])
})

test('many who ask for one that is not there bring it in once', async () => {
  const { moves, gate, hold } = scripted(2)
  const loading = gate('a')
  const held = [hold('a'), hold('a'), hold('a')]
  await turn()
  expect(moves).toEqual(['+a'])
  loading.resolve()
  for (const one of await Promise.all(held)) one.release()
  expect(moves).toEqual(['+a'])
})

test('what is in use is not taken out: who needs room waits for it', async () => {
  const { moves, hold } = scripted(1)
  const first = await hold('a')
  const again = await hold('a')
  const waiting = hold('b')
  first.release()
  first.release()
  await turn()
  expect(moves).toEqual(['+a'])
  again.release()
  ;(await waiting).release()
  expect(moves).toEqual(['+a', '-a', '+b'])
})

test('what cannot be brought in is told to all who wait, and is tried again by the next', async () => {
  const { set, moves, gate, hold } = scripted(1)
  const loading = gate('a')
  const waiting = [hold('a'), hold('a')]
  for (const one of waiting) one.catch(() => {})
  await turn()
  loading.reject(new Error('no'))
  for (const one of waiting) await expect(one).rejects.toThrow('no')
  expect(set.keys).toEqual([])
  gate('a').resolve()
  ;(await hold('a')).release()
  expect(moves).toEqual(['+a', '+a'])
})

test('who leaves while it is brought in does not keep the others from it', async () => {
  const { gate, hold, set } = scripted(1)
  const loading = gate('a')
  const leaving = new AbortController()
  const left = set.hold('a', { signal: leaving.signal })
  const staying = hold('a')
  leaving.abort()
  expect(isAbort(await left.catch((error) => error))).toBe(true)
  loading.resolve()
  ;(await staying).release()
  ;(await hold('b')).release()
  expect(set.keys).toEqual(['b'])
})

test('never more than its size is there, and none is taken out in use, in whatever order', async () => {
  const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 40
  })
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 1, max: 3 }), async (some, size) => {
      const there = new Set<string>()
      const used = new Map<string, number>()
      const set = createWarmSet(
        {
          async bring(key) {
            there.add(key)
            expect(there.size).toBeLessThanOrEqual(size)
            await turn()
          },
          async remove(key) {
            expect(used.get(key) ?? 0).toBe(0)
            await turn()
            there.delete(key)
          }
        },
        { size }
      )
      const calls = some.map(async ([number, turns]) => {
        const key = `${number}`
        const held = await set.hold(key, { signal })
        used.set(key, (used.get(key) ?? 0) + 1)
        expect(there.has(key)).toBe(true)
        for (let at = 0; at < turns; at++) await turn()
        expect(there.has(key)).toBe(true)
        used.set(key, (used.get(key) ?? 0) - 1)
        held.release()
      })
      await Promise.all(calls)
    }),
    { numRuns: 40 }
  )
})
