import { expect, test } from 'vitest'
import { compose } from '../../../../peer/engines/retrieval/compose.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'

const passage = (number: number, title: string, text: string) => ({
  contribution: `contribution-${number}`,
  contributor: `0x${number.toString(16).padStart(40, '0')}`,
  title,
  text
})
const hit = (passage: number, rankPpm: number) => ({ passage, rankPpm }) as never

test('what a text repeats is said once, and so is what two texts share', () => {
  const corpus = readCorpus([
    passage(
      1,
      'Responder left unlocked',
      'A responder device is left unlocked after reset.\n' +
        'Potential mitigations\n' +
        'For responder devices, the register bit must be set to 0 by default.\n' +
        'For responder devices, the register bit must be set to 0 by default.\n' +
        'For Responder devices the register bit must be set to 0 by default.\n' +
        'Review the lock of every responder before it ships to the factory.\n' +
        'Keep the unlock key of the responder out of the firmware image.\n'
    ),
    passage(
      2,
      'Register left unlocked',
      'Potential mitigations\nFor responder devices the register bit must be set to 0 by default.\n'
    )
  ])
  const question = 'How can an unlocked responder register bit be prevented?'
  const said = compose(corpus, question, [hit(0, 900_000), hit(1, 899_000)])
  expect(said.map(({ sentence }) => sentence)).toEqual([
    'For responder devices, the register bit must be set to 0 by default.',
    'Review the lock of every responder before it ships to the factory.',
    'Keep the unlock key of the responder out of the firmware image.'
  ])
})

test('a fact that is asked for comes alone, the sentence nearest to it', () => {
  const corpus = readCorpus([
    passage(1, 'Chad', 'Chad is in Africa. The capital is N’Djamena. The currency is the franc.')
  ])
  const reading = {
    passage: 0,
    asksMore: true,
    nearPpm: [310_000, 420_000, 800_000],
    barePpm: 500_000,
    restPpm: 700_000
  }
  const said = compose(corpus, 'How do people pay in Chad?', [hit(0, 800_000)], reading)
  expect(said).toEqual([{ passage: 0, sentence: 'The currency is the franc.' }])
})

test('several contributions that fit as well are heard, one sentence each', () => {
  const corpus = readCorpus([
    passage(1, 'Deep wells', 'Deep wells need a pump. They last.'),
    passage(2, 'Shallow wells', 'Shallow wells need a bucket.'),
    passage(3, 'Driven wells', 'Driven wells need a hammer.'),
    passage(4, 'Roofs', 'Roofs need tiles.')
  ])
  const hits = [hit(0, 800_000), hit(2, 799_000), hit(1, 790_000), hit(3, 400_000)]
  const said = compose(corpus, 'What do wells need?', hits)
  expect([...new Set(said.map(({ passage }) => passage))]).toEqual([0, 2, 1])
})
