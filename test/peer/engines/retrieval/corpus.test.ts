import { expect, it } from 'vitest'
import type { EnginePassage } from '../../../../peer/engines/engine.ts'
import { type Corpus, readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'

const passage = (number: number, title: string, text: string): EnginePassage => ({
  contribution: `contribution-${number}`,
  contributor: `0x${number.toString(16).padStart(40, '0')}`,
  title,
  text
})
const heat = passage(
  1,
  'Heat pumps',
  'A heat pump moves warmth. It runs on electricity. Keep it clean.'
)
const well = passage(2, 'Wells', 'A well reaches ground water. Keep it clean.')
const solar = passage(3, 'Solar panels (photovoltaics)', 'Panels turn light into electricity.')
const scores = (corpus: Corpus, text: string) => [...corpus.bm25(corpus.idsOf(text))]

it('counts passages by term, finds who holds one, and scores by BM25', () => {
  const corpus = readCorpus([heat, well, solar])
  expect(corpus.df(corpus.idOf('electricit'))).toBe(0)
  const [electricity] = corpus.idsOf('electricity')
  expect(corpus.df(electricity as number)).toBe(2)
  expect([0, 1, 2].map((place) => corpus.holds(place, electricity as number))).toEqual([
    true,
    false,
    true
  ])
  const [first, second, third] = scores(corpus, 'heat pump electricity') as [number, number, number]
  expect(first).toBeGreaterThan(third)
  expect(third).toBeGreaterThan(second)
  expect(second).toBe(0)
})

it('tells boilerplate from what only one passage says', () => {
  const corpus = readCorpus([heat, well, solar])
  expect(corpus.sentenceDf('keep it clean')).toBe(2)
  expect(corpus.sentenceDf('It runs on electricity.')).toBe(1)
})

it('reads the other name in brackets', () => {
  const corpus = readCorpus([heat, well, solar])
  expect(corpus.titlesOf(2)).toEqual([
    [...new Set(corpus.idsOf('Solar panels photovoltaics'))],
    corpus.idsOf('photovoltaics')
  ])
})

it('comes to the same with what was read before as without', () => {
  const changed = { ...well, text: 'A well is a hole. Electricity drives its pump.' }
  const now = [passage(0, 'Biogas', 'Biogas is made of dung.'), changed, solar]
  const again = readCorpus(now, { previous: readCorpus([heat, well, solar]) })
  const fresh = readCorpus(now)
  for (const text of ['electricity pump', 'biogas dung hole', 'solar light', 'ground water']) {
    expect(scores(again, text)).toEqual(scores(fresh, text))
    expect(again.idsOf(text).map((id) => again.df(id))).toEqual(
      fresh.idsOf(text).map((id) => fresh.df(id))
    )
  }
  for (const place of now.keys()) {
    expect(again.unitsOf(place).map(({ names }) => names)).toEqual(
      fresh.unitsOf(place).map(({ names }) => names)
    )
    expect(again.sentencesOf(place)).toEqual(fresh.sentencesOf(place))
  }
})

it('does not know the words of a passage that is gone', () => {
  const corpus = readCorpus([well], { previous: readCorpus([heat, well]) })
  expect(corpus.idsOf('electricity warmth')).toEqual([-1, -1])
  expect([...corpus.words()].map(([word]) => word)).not.toContain('electricity')
})
