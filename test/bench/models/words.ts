import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { termsOf } from '../../../peer/engines/attribution/terms.ts'
import { fill, inOtherWords, templatesFor, withTypo } from './paraphrase.ts'
import { splitOf } from './split.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from './types.ts'
import { readWordNet, type Synset } from './wordnet.ts'

const SYNSETS = 2_400
const ASKED = 250
const NOT_KNOWN = 80

const MEANING = [
  'What is {w}?',
  'What does the word “{w}” mean?',
  'Explain {w} to me.',
  'Can you tell me what {w} means?',
  'what is meant by {w}',
  'I came across the word {w}. What is it?'
]
const NAMING = [
  'What do you call {g}?',
  'What is the word for {g}?',
  'Is there a name for {g}?',
  'Which term describes {g}?',
  'What is it called: {g}?',
  'I am looking for the expression that stands for {g}.'
]

/** WordNet's nouns: asked for by a synonym that the entry does not hold, by meaning, and misspelt. */
export function wordsSet(): BenchSet {
  const random = createSeededRandom(12)
  const wordNet = readWordNet('noun')
  const usable = wordNet.synsets.filter(
    ({ lemmas, gloss, lexfile }) =>
      lemmas.length > 1 &&
      lexfile !== 5 && // animals and plants are mostly Latin names of the same things
      lexfile !== 20 &&
      gloss.length > 40 &&
      lemmas.every((lemma) => /^[a-z][a-z -]+$/.test(lemma))
  )
  const chosen = random.shuffle(usable).slice(0, SYNSETS)
  const held = new Set(chosen.filter(({ id }) => splitOf('words', id, 25).isHeldOut))
  const contributed = chosen.filter((synset) => !held.has(synset))
  const passages = contributed.map(toPassage)
  const related = new Set(contributed.flatMap((one) => [one.id, ...one.related]))
  const known = new Set(contributed.flatMap(({ lemmas }) => lemmas))
  const questions: BenchQuestion[] = []
  const unrelated = [...held].filter(
    (synset) =>
      !related.has(synset.id) &&
      !synset.related.some((id) => related.has(id)) &&
      !synset.lemmas.some((lemma) => known.has(lemma))
  )
  const asked = [
    ...random.shuffle(contributed).slice(0, ASKED),
    ...random.shuffle(unrelated).slice(0, NOT_KNOWN)
  ]
  for (const synset of asked) {
    const { half } = splitOf('words', synset.id, 25)
    const isHeldOut = held.has(synset)
    const gold = isHeldOut ? [] : [synset.id]
    const add = (kind: string, question: string): void => {
      const answer = isHeldOut ? {} : { span: synset.gloss, sentence: sentenceOf(synset) }
      questions.push({ datanet: 'words', half, kind, turns: [question], gold, ...answer })
    }
    const other = otherName(synset)
    const template = (of: readonly string[]) => random.pick(templatesFor(half, of))
    const meaning = (w: string) => fill(template(MEANING), { w })
    if (other !== undefined) add('synonym', meaning(other))
    const reworded = inOtherWords(synset.gloss.replace(/^\([^)]*\)\s*/, ''), random)
    if (reworded !== undefined && random.below(2) === 0) {
      add('reworded', fill(template(NAMING), { g: reworded }))
    }
    if (random.below(6) === 0) add('title', meaning(synset.lemmas[0] as string))
    if (random.below(6) === 0) add('typo', withTypo(meaning(synset.lemmas[0] as string), random))
  }
  return { name: 'words', passages, questions }
}

/** A lemma with this one meaning of which the entry shows no word. */
function otherName(synset: Synset): string | undefined {
  const shown = new Set(termsOf(`${synset.lemmas[0]} ${sentenceOf(synset)}`))
  return synset.lemmas.find(
    (lemma) =>
      readWordNet('noun').sensesOf(lemma).length === 1 &&
      !termsOf(lemma).some((term) => shown.has(term))
  )
}

function toPassage(synset: Synset): BenchPassage {
  const examples = synset.examples.map((example) => `For example: ${example}.`)
  return {
    id: synset.id,
    title: synset.lemmas[0] as string,
    text: [sentenceOf(synset), ...examples].join(' ')
  }
}

function sentenceOf({ gloss }: Synset): string {
  return `${gloss.charAt(0).toUpperCase()}${gloss.slice(1).replace(/[.;,]$/, '')}.`
}
