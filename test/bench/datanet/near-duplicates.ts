import { sampleContributions } from '../../../peer/devnet/sample.ts'
import { createSeededRandom, type SeededRandom } from '../../../peer/devnet/sample-random.ts'
import { sentencesOf } from '../../../peer/engines/attribution/sentences.ts'
import { createNearDuplicates } from '../../../peer/intake/near-duplicates.ts'
import { createContentKeys } from '../../../peer/store/content-keys.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { createLikenessStore } from '../../../peer/store/likeness.ts'

/** How a planted copy differs from its original. */
export const EDITS = ['exact', 'case and space', 'one sentence', 'order of sentences'] as const
type Edit = (typeof EDITS)[number]

/** A text of the planted set: an original or unrelated one (`of` is its own number), or a copy. */
export interface PlantedText {
  readonly text: string
  readonly of: number
  readonly edit?: Edit
}

export interface NearDuplicateFigures {
  readonly items: number
  readonly copies: number
  /** Of the copies, the part that joined the cluster of their original. */
  readonly recall: number
  readonly recallByEdit: Readonly<Record<Edit, number>>
  /** Of those that joined a cluster, the part that joined the right one. */
  readonly precision: number
  readonly itemsPerSecond: number
}

/** Sentences of one original: a short answer, a paragraph, a page. */
const SENTENCES = [5, 6, 7, 8, 10, 12]

/**
 * Texts made of sentences of the sample Datanet, each sentence in one original only, so that what is
 * unrelated is: two of three originals get a copy of every kind of edit, in a random order after
 * them. Equal for equal seeds.
 */
export function plantedSet(seed: number, entries = 900): readonly PlantedText[] {
  const random = createSeededRandom(seed)
  const pool = new Map<string, string>()
  for (const { text } of sampleContributions({ seed, count: entries })) {
    for (const { text: sentence } of sentencesOf(text)) {
      const words = sentence.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
      // Sentences that differ in a word or two, as entries of one family have them, are one.
      const key = words.slice(0, 6).join(' ')
      if (words.length >= 8 && words.length <= 60 && !pool.has(key)) pool.set(key, sentence)
    }
  }
  const sentences = random.shuffle([...pool.values()])
  const originals: string[][] = []
  for (let at = 0; ; ) {
    const count = random.pick(SENTENCES)
    if (at + count + 1 > sentences.length) break
    originals.push(sentences.slice(at, at + count + 1))
    at += count + 1
  }
  const copies: PlantedText[] = []
  const texts = originals.map(([spare = '', ...said], of): PlantedText => {
    if (of % 3 !== 0) {
      for (const edit of EDITS) copies.push({ text: edited(said, edit, spare, random), of, edit })
    }
    return { text: said.join(' '), of }
  })
  return [...texts, ...random.shuffle(copies)]
}

/** What near-duplicate detection makes of the planted set of `seed`, as a host runs it. */
export function measureNearDuplicates(seed: number, entries = 900): NearDuplicateFigures {
  const database = openDatabase(':memory:')
  try {
    const keys = createContentKeys(database)
    const near = createNearDuplicates(createLikenessStore(database))
    const planted = plantedSet(seed, entries)
    const right = new Map(EDITS.map((edit) => [edit, 0]))
    let joined = 0
    const startedAtMs = performance.now()
    for (const [number, { text, of, edit }] of planted.entries()) {
      const likeness = near.find('net', text)
      keys.ensure(`${number}`)
      near.add('net', `${number}`, number + 1, likeness)
      if (likeness.cluster === undefined) continue
      joined += 1
      if (edit !== undefined && likeness.cluster === `${of}`) {
        right.set(edit, (right.get(edit) ?? 0) + 1)
      }
    }
    const tookMs = performance.now() - startedAtMs
    const copies = planted.filter(({ edit }) => edit !== undefined).length
    const found = [...right.values()].reduce((sum, count) => sum + count, 0)
    const part = (count: number) => (count * EDITS.length) / copies
    return {
      items: planted.length,
      copies,
      recall: found / copies,
      recallByEdit: Object.fromEntries(
        [...right].map(([edit, count]) => [edit, part(count)])
      ) as Record<Edit, number>,
      precision: joined === 0 ? 1 : found / joined,
      itemsPerSecond: (planted.length * 1_000) / tookMs
    }
  } finally {
    database.close()
  }
}

function edited(said: readonly string[], edit: Edit, spare: string, random: SeededRandom): string {
  switch (edit) {
    case 'exact':
      return said.join(' ')
    case 'case and space':
      return ` ${said.join('  ').toUpperCase().replaceAll(', ', ' ,\n')}\n`
    case 'order of sentences':
      return random.shuffle(said).join(' ')
    case 'one sentence': {
      const at = random.pick(said.map((_, index) => index))
      const other = random.pick([
        // Another one in its place, one more, one less, and a few other words in one.
        [...said.slice(0, at), spare, ...said.slice(at + 1)],
        [...said.slice(0, at), spare, ...said.slice(at)],
        [...said.slice(0, at), ...said.slice(at + 1)],
        said.map((one, index) => (index === at ? reworded(one) : one))
      ])
      return other.join(' ')
    }
  }
}

function reworded(sentence: string): string {
  const words = sentence.split(' ')
  return words.map((word, index) => (index % 5 === 2 ? 'something' : word)).join(' ')
}
