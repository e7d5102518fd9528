import { DatanetError } from '../../protocol/base/errors.ts'
import { termsOf } from '../engines/attribution/terms.ts'
import { createSeededRandom, type SeededRandom } from './sample-random.ts'
import { readWeaknesses, type Weakness } from './sample-weaknesses.ts'

/** One contribution of the sample Datanet before anyone signed it. */
export interface SampleDraft {
  readonly title: string
  readonly text: string
  readonly language: 'en'
  readonly licence: 'LicenseRef-CWE-Terms-of-Use'
  readonly sourceUrl: string
  /** The contributor group that submitted the entry. */
  readonly author: string
}

/** A question and what it was drawn from; `answerable` says whether that was contributed. */
export interface SampleQuestion {
  readonly text: string
  readonly answerable: boolean
  readonly kind: 'definition' | 'prevention' | 'consequence' | 'description' | 'case'
  readonly title: string
  readonly author: string
  readonly sourceUrl: string
}

type Kind = SampleQuestion['kind']

/** Descriptions twice: most entries have no other name, and a name is the easiest way to ask. */
const USUAL: readonly Kind[] = [
  'definition',
  'description',
  'prevention',
  'consequence',
  'description'
]

/** What MITRE asks of those who use CWE, in the one place that says it. */
export const SAMPLE_LICENCE_URL = 'https://cwe.mitre.org/about/termsofuse.html'

/** Entries kept back from a sample, so that there are questions it cannot answer. */
const HELD_OUT = 240

const SOURCE = 'https://cwe.mitre.org/data/definitions/'

/**
 * `count` real entries of the weakness dictionary chosen by `seed`, read from `cwe-sdk` at run time.
 * Equal for equal arguments. Refuses more than there are (INPUT_INVALID) and a missing package
 * (DEPENDENCY_MISSING).
 */
export function sampleContributions(options: {
  readonly seed: number
  readonly count?: number
}): readonly SampleDraft[] {
  const { seed, count = 280 } = options
  const all = readWeaknesses()
  if (count > all.length) {
    throw new DatanetError('INPUT_INVALID', { count, available: all.length })
  }
  const random = createSeededRandom(seed)
  const held = heldOut(all, random, Math.min(HELD_OUT, all.length - count))
  const open = all.filter(({ id }) => !held.has(id))
  return random.shuffle(open).slice(0, count).map(toDraft)
}

/** Whole families, so that what was held out is not known through a sibling. */
function heldOut(
  all: readonly Weakness[],
  random: SeededRandom,
  atMost: number
): ReadonlySet<string> {
  const held = new Set<string>()
  for (const parent of random.shuffle([...new Set(all.flatMap(({ parents }) => parents))])) {
    const family = all.filter(({ id, parents }) => id === parent || parents.includes(parent))
    if (held.size + family.length > atMost) continue
    for (const { id } of family) held.add(id)
  }
  return held
}

/**
 * Questions in an order that depends on `seed`: `answerable` ones about entries among `drafts`, by
 * name, other name or description, and `unanswerable` ones about entries that were held out, of
 * which no parent, child, peer, sibling or namesake was contributed, and which no contribution
 * mentions. `kinds` narrows them, or widens them to `case`: a real case in other words than those
 * contributed, the hardest. Refuses to draw more than the data gives (INPUT_INVALID).
 */
export function sampleQuestions(
  options: {
    readonly seed: number
    readonly answerable: number
    readonly unanswerable: number
    readonly kinds?: readonly Kind[]
  },
  drafts: readonly SampleDraft[]
): readonly SampleQuestion[] {
  const random = createSeededRandom(options.seed ^ 0x5eed)
  const urls = new Set(drafts.map(({ sourceUrl }) => sourceUrl))
  const all = readWeaknesses()
  const contributed = all.filter((weakness) => urls.has(urlOf(weakness)))
  const draw = (from: readonly Weakness[], count: number, answerable: boolean) => {
    const askable = from.filter((weakness) => kindsOf(weakness, options.kinds).length > 0)
    if (count > askable.length) {
      throw new DatanetError('INPUT_INVALID', { answerable, count, available: askable.length })
    }
    return random
      .shuffle(askable)
      .slice(0, count)
      .map((weakness): SampleQuestion => {
        const kind = random.pick(kindsOf(weakness, options.kinds))
        const text = TEMPLATES[kind](nameFor(weakness, contributed, random), weakness, random)
        const { name: title, author } = weakness
        return { text, answerable, kind, title, author, sourceUrl: urlOf(weakness) }
      })
  }
  return random.shuffle([
    ...draw(contributed, options.answerable, true),
    ...draw(unrelatedTo(contributed, all), options.unanswerable, false)
  ])
}

/** Entries that nothing contributed is close to, by the relations that the dictionary states. */
function unrelatedTo(contributed: readonly Weakness[], all: readonly Weakness[]): Weakness[] {
  const ids = new Set(contributed.map(({ id }) => id))
  const near = new Set(contributed.flatMap(({ related }) => related))
  const parents = new Set(contributed.flatMap((weakness) => weakness.parents))
  const names = contributed.map(({ name }) => new Set(termsOf(name)))
  const runs = contributed.map(({ text }) => runOf(text))
  return all.filter(
    (weakness) =>
      !ids.has(weakness.id) &&
      !near.has(weakness.id) &&
      !weakness.related.some((id) => ids.has(id)) &&
      !weakness.parents.some((id) => parents.has(id)) &&
      !isNamesake(weakness, names) &&
      !isMentioned(weakness, runs)
  )
}

/** Two names that share half of their words speak of one thing often enough to be left out. */
function isNamesake(weakness: Weakness, names: readonly ReadonlySet<string>[]): boolean {
  const terms = [...new Set(termsOf(weakness.name))]
  return names.some((name) => {
    const shared = terms.filter((term) => name.has(term)).length
    return shared * 2 >= Math.min(terms.length, name.size)
  })
}

/** What is named in a contribution can be answered from it, if only a little. */
function isMentioned({ name, terms }: Weakness, runs: readonly string[]): boolean {
  const known = [name, ...terms].map(runOf)
  return runs.some((run) => known.some((term) => run.includes(term)))
}

/** The content words of a text in order, fenced, so that a phrase is a substring. */
function runOf(text: string): string {
  return ` ${termsOf(text).join(' ')} `
}

/** The kinds of question that there is something to answer with. */
function kindsOf(weakness: Weakness, kinds: readonly Kind[] = USUAL): readonly Kind[] {
  const possible: Readonly<Record<Kind, boolean>> = {
    definition: true,
    description: true,
    prevention: weakness.text.includes('\nPotential mitigations\n'),
    consequence: weakness.text.includes('\nCommon consequences\n'),
    case: weakness.cases.length > 0
  }
  return kinds.filter((kind) => possible[kind])
}

const TEMPLATES: Readonly<
  Record<Kind, (name: string, weakness: Weakness, random: SeededRandom) => string>
> = {
  definition: (name) => `What is ${name}?`,
  prevention: (name) => `How can ${name} be prevented?`,
  consequence: (name) => `What can happen because of ${name}?`,
  description: (_, { description }) => `What is it called when ${clause(description)}?`,
  case: (_, { cases }, random) => `What went wrong here: ${random.pick(cases)}`
}

/** Its other name where that names nothing else that was contributed, else its own. */
function nameFor(
  weakness: Weakness,
  contributed: readonly Weakness[],
  random: SeededRandom
): string {
  const ambiguous = (term: string): boolean =>
    contributed.some(
      ({ id, name, text }) =>
        id !== weakness.id && `${name}\n${text}`.toLowerCase().includes(term.toLowerCase())
    )
  const terms = weakness.terms.filter((term) => /^[^,/]{5,}$/.test(term) && !ambiguous(term))
  const name = weakness.name.replace(/ \('[^']*'\)/, '')
  const chosen = terms.length === 0 ? name : random.pick([...terms, name])
  return chosen.replace(/(?<![\p{L}\p{N}])\p{Lu}(?=\p{Ll}+(?!\p{L}))/gu, (letter) =>
    letter.toLowerCase()
  )
}

/** The first sentence of a description as a clause. */
function clause(description: string): string {
  const first = description.split(/(?<=[.!?]) (?=[A-Z"'(])/)[0] ?? description
  return `${first.charAt(0).toLowerCase()}${first.slice(1).replace(/[.!?]$/, '')}`
}

function toDraft(weakness: Weakness): SampleDraft {
  return {
    title: weakness.name,
    text: weakness.text,
    language: 'en',
    licence: 'LicenseRef-CWE-Terms-of-Use',
    sourceUrl: urlOf(weakness),
    author: weakness.author
  }
}

function urlOf(weakness: Weakness): string {
  return `${SOURCE}${weakness.id}.html`
}
