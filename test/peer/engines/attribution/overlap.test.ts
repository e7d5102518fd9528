import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { overlapping } from '../../../../peer/engines/attribution/overlap.ts'
import { rarityOf } from '../../../../peer/engines/attribution/rarity.ts'
import { sentencesOf } from '../../../../peer/engines/attribution/sentences.ts'
import { termsOf } from '../../../../peer/engines/attribution/terms.ts'
import type { EnginePassage } from '../../../../peer/engines/engine.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'

const passage = (contribution: string, title: string, text: string): EnginePassage => ({
  contribution,
  contributor: `0x${'11'.repeat(20)}`,
  title,
  text
})
const BEES = passage(
  'bees',
  'Bees in winter',
  'Honey bees form a cluster around their queen when it turns cold. They shiver to keep it warm.'
)
const WASPS = passage(
  'wasps',
  'Wasps in winter',
  'Only the queen of the wasps survives when it turns cold. The others die.'
)
const corpus = readCorpus([WASPS, BEES, ...others()])

/** What makes words rare. */
function others(): EnginePassage[] {
  return Array.from({ length: 20 }, (_, n) =>
    passage(`other${n}`, `Budget ${n}`, `The parliament met for the ${n}th time in its old house.`)
  )
}

describe('overlapping', () => {
  it('puts the order of words above the words alone', () => {
    const [bees] = overlapping('Honey bees form a cluster around a queen, and shiver.', corpus)
    expect(bees).toMatchObject({ passage: 1 })
    expect(bees?.simPpm).toBeLessThanOrEqual(800_000)
    const shuffled = 'When cold it turns, around their queen honey form bees a cluster.'
    expect(overlapping(shuffled, corpus)[0]?.simPpm ?? 0).toBeLessThan(bees?.simPpm as number)
  })

  it('finds no support in a passage about something else', () => {
    expect(overlapping('The fishermen sold a boat.', corpus)).toEqual([])
  })

  it('is made of integers over the threshold whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (said) => {
        for (const { simPpm } of overlapping(`${said} queen ${said} bees`, corpus)) {
          expect(Number.isSafeInteger(simPpm) && simPpm >= 500_000).toBe(true)
        }
      })
    )
  })
})

describe('rarityOf', () => {
  it('is 1024 times the logarithm, rounded down, and falls with every passage that has the term', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), (a, b) => {
        const [df, passages] = [Math.min(a, b), Math.max(a, b)]
        const exact = 1024 * Math.log2(1 + passages / (df + 0.5))
        expect(Math.abs(rarityOf(df, passages) - exact)).toBeLessThanOrEqual(1.001)
        expect(rarityOf(df + 1, passages)).toBeLessThanOrEqual(rarityOf(df, passages))
      })
    )
  })
})

describe('termsOf', () => {
  it('brings the forms of a word together and leaves function words out', () => {
    expect(termsOf('What is the injection?')).toEqual(termsOf('injected'))
    expect(termsOf('cookies')).toEqual(termsOf('cookie'))
    expect(termsOf('authorization')).toEqual(termsOf('authorizing'))
    expect(termsOf('overflows overflowing')).toEqual(termsOf('overflow overflowed'))
    expect(termsOf('the of and because')).toEqual([])
  })

  it('keeps a compound whose parts say nothing', () => {
    expect(termsOf('off-by-one')).toContain('off-by-one')
  })
})

describe('sentencesOf', () => {
  it('keeps sentences verbatim under their heading and knows abbreviations', () => {
    const text =
      'It leaks, e.g. A secret. "Why?" Nobody knows!\n\nMitigations\nClose it. Test 1.5 times.'
    expect(sentencesOf(text)).toEqual([
      { text: 'It leaks, e.g. A secret.', heading: '' },
      { text: '"Why?"', heading: '' },
      { text: 'Nobody knows!', heading: '' },
      { text: 'Close it.', heading: 'Mitigations' },
      { text: 'Test 1.5 times.', heading: 'Mitigations' }
    ])
  })

  it('loses no word of any line', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('Ab.', 'cd', 'E.', '"F!"', '(g)', '7?')), (words) => {
        const line = [...words, 'end.'].join(' ')
        expect(
          sentencesOf(line)
            .map(({ text }) => text)
            .join(' ')
        ).toBe(line)
      })
    )
  })
})
