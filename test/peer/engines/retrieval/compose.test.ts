import { expect, test } from 'vitest'
import { compose } from '../../../../peer/engines/retrieval/compose.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'

const passage = (number: number, title: string, text: string) => ({
  contribution: `contribution-${number}`,
  contributor: `0x${number.toString(16).padStart(40, '0')}`,
  title,
  text
})
const hit = (passage: number, score: number) => ({ passage, score, scorePpm: score }) as never

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
