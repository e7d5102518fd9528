import fc from 'fast-check'
import { expect, it } from 'vitest'
import { windowsEach, windowsOf } from '../../../../peer/engines/retrieval/windows.ts'

const passageOf = (text: string) => ({
  contribution: 'one',
  contributor: `0x${'11'.repeat(20)}`,
  title: 'Wells',
  text
})

it('puts the title before every sentence', () => {
  expect(windowsOf(passageOf('A well is deep. It holds water.'), 32)).toEqual([
    { text: 'Wells. A well is deep.', from: 0, to: 1 },
    { text: 'Wells. It holds water.', from: 1, to: 2 }
  ])
  expect(windowsOf(passageOf(''), 32)).toEqual([{ text: 'Wells', from: 0, to: 0 }])
})

it('covers every sentence once and never makes more windows than it may', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 32 }),
      (count, atMost) => {
        const sentences = Array.from(
          { length: count },
          (_, at) => `Fact ${at}${' more'.repeat(at % 7)}.`
        )
        const windows = windowsOf(passageOf(sentences.join(' ')), atMost)
        expect(windows.length).toBeLessThanOrEqual(atMost)
        expect(windows[0]?.from).toBe(0)
        expect(windows.at(-1)?.to).toBe(count)
        for (const [index, { from, to }] of windows.entries()) {
          expect(to).toBeGreaterThan(from)
          if (index > 0) expect(from).toBe(windows[index - 1]?.to)
        }
      }
    )
  )
})

it('gives less to each the more there are, and never nothing', () => {
  expect([1, 8_192, 8_193, 100_000, 200_000, 10_000_000].map(windowsEach)).toEqual([
    32, 32, 16, 2, 1, 1
  ])
})
