import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { readWordNet } from '../models/wordnet.ts'

/** A text to hand in; every hundredth is one that was handed in before, in other case and spacing. */
export interface Gloss {
  readonly title: string
  readonly text: string
  readonly isCopy: boolean
}

/** One of so many is a copy of an earlier one. */
const COPY_EVERY = 100
const PARTS = ['noun', 'verb', 'adj'] as const

/**
 * `count` entries of WordNet whose words differ, in an order that the seed decides, and among them
 * copies, which come on top: an intake must refuse them.
 */
export function* glosses(count: number, seed = 23): Generator<Gloss> {
  const random = createSeededRandom(seed)
  const synsets = random.shuffle(PARTS.flatMap((part) => readWordNet(part).synsets))
  const seen = new Set<string>()
  const earlier: Gloss[] = []
  for (let round = 0; seen.size < count; round += 1) {
    for (const { lemmas, gloss, examples } of synsets) {
      if (seen.size >= count) return
      // A second round, where more are wanted than there are: the same entries by their names.
      const first = round === 0 ? gloss : `${lemmas.join(', ')}: ${gloss}`
      const text = [first, ...examples].map((one) => `${one.replace(/[.;]$/, '')}.`).join(' ')
      const words = text.toLowerCase().replace(/\s+/g, ' ').trim()
      if (seen.has(words) || words.length < 12) continue
      seen.add(words)
      const one = { title: (lemmas[0] as string).slice(0, 60), text, isCopy: false }
      yield one
      if (earlier.length < 1_000) earlier.push(one)
      if (seen.size % COPY_EVERY !== 0) continue
      const { title, text: same } = random.pick(earlier)
      yield { title, text: `  ${same.toUpperCase().replaceAll(' ', '  ')}\n`, isCopy: true }
    }
  }
}

/** Writes `count` of them to `file`, one a line, so that who hands them in need not hold them all. */
export async function writeGlosses(file: string, count: number): Promise<void> {
  const out = createWriteStream(file)
  for (const one of glosses(count)) {
    if (!out.write(`${JSON.stringify(one)}\n`)) {
      await new Promise<void>((resolve) => out.once('drain', resolve))
    }
  }
  await new Promise<void>((resolve) => out.end(resolve))
}

/** Those in `file`, in their order. */
export async function* readGlosses(file: string): AsyncGenerator<Gloss> {
  for await (const line of createInterface({ input: createReadStream(file) }))
    yield JSON.parse(line)
}
