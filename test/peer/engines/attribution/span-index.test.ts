import { expect, test } from 'vitest'
import { createSpanIndex } from '../../../../peer/engines/attribution/span-index.ts'
import { wordsOf } from '../../../../peer/engines/attribution/words.ts'

const TEXTS = [
  'When it turns cold, honey bees form a cluster around their queen.',
  'The wasps die. When it turns cold, only the queen survives.',
  'Nobody knows why the honey is dark.'
]
const index = createSpanIndex(TEXTS)
const trace = (answer: string, words: number, bits = 0) =>
  index.trace(wordsOf(answer), { words, bits })

test('the longest run is found with every text that holds it, whatever its case and punctuation', () => {
  expect(trace('Then: WHEN it turns—cold, honey bees form lines', 3)).toMatchObject([
    { from: 1, words: 7, holders: [0] }
  ])
  expect(trace('When it turns cold', 3)).toMatchObject([{ from: 0, words: 4, holders: [0, 1] }])
})

test('no run reaches over the end of a text, or is made of unknown words', () => {
  expect(trace('around their queen the wasps die', 2)).toMatchObject([
    { from: 0, words: 3, holders: [0] },
    { from: 3, words: 3, holders: [1] }
  ])
  expect(trace('zeppelins zeppelins', 1)).toEqual([])
  expect(index.holdersOf(['honey', 'zeppelins'])).toEqual([])
  expect(index.holdersOf([])).toEqual([])
})

test('a run of usual words tells less than one of rare words', () => {
  const [usual] = trace('when it turns cold', 4)
  const [rare] = trace('form a cluster around', 4)
  expect(rare?.bits).toBeGreaterThan(usual?.bits as number)
  expect(trace('when it turns cold', 4, (usual?.bits as number) + 1)).toEqual([])
})

test('an index over nothing finds nothing', () => {
  expect(createSpanIndex([]).trace(['a', 'b'], { words: 1, bits: 0 })).toEqual([])
})
