import { expect, it } from 'vitest'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'
import { mendSpelling } from '../../../../peer/engines/retrieval/spelling.ts'

const corpus = readCorpus([
  {
    contribution: 'one',
    contributor: `0x${'11'.repeat(20)}`,
    title: 'Serialization of objects',
    text: 'Deserialization of untrusted data lets attackers run code. Validate the signature first.'
  }
])

it.each([
  ['What is deserialisation of untrusted data?', 'What is deserialization of untrusted data?'],
  ['What is dseerialization?', 'What is deserialization?'],
  ['valdate the signatuer', 'validate the signature'],
  ['What is Serialzation?', 'What is serialization?'],
  ['datta of attackerss', 'data of attackers']
])('mends %j', (asked, meant) => {
  expect(mendSpelling(corpus, asked)).toBe(meant)
})

it.each(['What is serialization?', 'How do I cook soup?', 'dat code', 'x2y 日本語 ?!', ''])(
  'leaves %j as it is',
  (asked) => {
    expect(mendSpelling(corpus, asked)).toBe(asked)
  }
)

it('leaves words that it is told are none of this Datanet, but words', () => {
  const isWord = (word: string): boolean => word === 'signatures'
  expect(mendSpelling(corpus, 'signatures signaturs', isWord)).toBe('signatures signature')
})
