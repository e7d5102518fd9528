import { expect, test } from 'vitest'
import { answerSentences } from '../peer/engines/attribution/answer-sentences.ts'
import { createGround } from '../peer/engines/attribution/ground.ts'
import { rarityOf } from '../peer/engines/attribution/rarity.ts'
import { sentencesOf } from '../peer/engines/attribution/sentences.ts'
import { termsOf } from '../peer/engines/attribution/terms.ts'
import { readCorpus } from '../peer/engines/retrieval/corpus.ts'
import { type Vectors, vectors } from './vector-cases.ts'

const file = vectors('08-terms')

test('the words on the page tell nothing, and all others something', () => {
  for (const word of file.stop) expect([word, termsOf(word)]).toEqual([word, []])
  expect(file.stop.length).toBeGreaterThan(200)
  for (const word of ['boat', 'sail', 'memory', 'buffer', 'sql']) {
    expect(termsOf(word)).toHaveLength(1)
  }
})

test('texts have the terms that the page gives them', () => {
  for (const { text, terms } of file.terms) expect([text, termsOf(text)]).toEqual([text, terms])
})

test('every ending is taken off as the page says', () => {
  const cases = file.stems.map(({ word }: Vectors) => ({ word, terms: termsOf(word) }))
  expect(cases).toEqual(file.stems)
})

test('rarity is the same number in fractions and in floating point', () => {
  for (const { df, passages, rarity } of file.rarity) {
    expect([df, passages, rarityOf(df, passages)]).toEqual([df, passages, rarity])
  }
})

test('texts fall into the sentences that the page gives them', () => {
  for (const { text, sentences } of vectors('08-overlap').sentences) {
    expect([text, sentencesOf(text).map((one) => one.text)]).toEqual([text, sentences])
  }
})

test('answers have the evidence of the page in the passages of a Datanet', () => {
  const { passages, standings, answers } = vectors('08-overlap')
  const sources = passages.map((one: Vectors) => ({ ...one, contributor: `0x${'11'.repeat(20)}` }))
  const ground = createGround(readCorpus(sources))
  expect(ground.standings).toEqual(standings)
  for (const { answer, sentences, evidence } of answers) {
    expect([answer, answerSentences(answer)]).toEqual([answer, sentences])
    expect([answer, ground.attribute(answer)]).toEqual([answer, evidence])
  }
})
