import { createRequire } from 'node:module'
import {
  type SampleDraft,
  sampleContributions,
  sampleQuestions
} from '../../../peer/devnet/sample.ts'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { readWeaknesses, type Weakness } from '../../../peer/devnet/sample-weaknesses.ts'
import { HAND_WRITTEN } from './hand-written.ts'
import { fill, inOtherWords, templatesFor, withTypo } from './paraphrase.ts'
import { splitOf } from './split.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from './types.ts'

const MEANING = [
  'What is {n}?',
  'What does {n} mean?',
  'Explain {n} to me, please.',
  'i keep hearing about {n}, what is that',
  'Can you describe {n}?',
  'Tell me about {n}.'
]
const PREVENTING = [
  'How can {n} be prevented?',
  'What should developers do against {n}?',
  'What helps against {n}?',
  'How do I protect my software from {n}?',
  'Our scanner reported {n}. How do we fix it?',
  'Which measures stop {n}?'
]
const RESULTING = [
  'What can happen because of {n}?',
  'Why is {n} dangerous?',
  'What does an attacker gain from {n}?',
  'What damage does {n} do?'
]
const NAMING = [
  'What is it called when {d}?',
  'Is there a name for this problem: {d}?',
  'Which weakness is it when {d}?',
  'What would an auditor write down when {d}?'
]
const CASE = [
  'What kind of mistake is this: {d}',
  'Which weakness is behind this report: {d}',
  'What went wrong here? {d}',
  'How would you classify this bug: {d}'
]
const THEN = [
  'How do I prevent it?',
  'And what can be done against that?',
  'How can I avoid this?',
  'what would fix it'
]

/** The weakness dictionary (cwe-sdk): by name, in other words, real cases, and as people ask. */
export function weaknessesSet(): BenchSet {
  const random = createSeededRandom(15)
  const drafts = sampleContributions({ seed: 15, count: 420 })
  const all = readWeaknesses()
  const byUrl = new Map(all.map((weakness) => [urlOf(weakness.id), weakness]))
  const contributed = new Map(
    drafts.map((draft) => {
      const weakness = byUrl.get(draft.sourceUrl) as Weakness
      return [weakness.id, weakness]
    })
  )
  const questions: BenchQuestion[] = []
  const intros = readIntroductions()
  for (const weakness of random.shuffle([...contributed.values()])) {
    const { half } = splitOf('weaknesses', weakness.id, 0)
    const name = lower(weakness.name.replace(/ \('[^']*'\)/, ''))
    const description = clause(weakness.description)
    const add = (kind: string, turns: readonly string[], gold = [weakness.id]): void => {
      const isLead = /^(name|other|reworded|typo|described)/.test(kind)
      const answer = isLead ? { span: lead(weakness), sentence: lead(weakness) } : {}
      questions.push({ datanet: 'weaknesses', half, kind, turns, gold, ...answer })
    }
    const say = (of: readonly string[], values: Readonly<Record<string, string>>): string =>
      fill(random.pick(templatesFor(half, of)), values)
    if (random.below(6) === 0) add('name', [say(MEANING, { n: name })])
    if (weakness.terms.length > 0 && random.below(2) === 0) {
      add('other name', [say(MEANING, { n: random.pick(weakness.terms) })])
    }
    if (random.below(7) === 0) add('preventing', [say(PREVENTING, { n: name })])
    if (random.below(10) === 0) add('resulting', [say(RESULTING, { n: name })])
    if (random.below(10) === 0) add('described', [say(NAMING, { d: description })])
    const other = inOtherWords(description, random)
    if (other !== undefined && random.below(4) === 0) add('reworded', [say(NAMING, { d: other })])
    if (random.below(10) === 0) add('typo', [withTypo(say(MEANING, { n: name }), random)])
    if (random.below(12) === 0) add('follow-up', [say(MEANING, { n: name }), say(THEN, {})])
    const near = [weakness.id, ...weakness.related, ...childrenOf(weakness, all)]
    const gold = near.filter((id) => contributed.has(id))
    if (weakness.cases.length > 0 && random.below(5) === 0) {
      add('case', [say(CASE, { d: random.pick(weakness.cases) })], gold)
    }
    const intro = intros.get(weakness.id)
    if (intro !== undefined && random.below(4) === 0) add('example', [intro], gold)
  }
  questions.push(...unanswerable(drafts, byUrl), ...handWritten(contributed, all))
  const passages = [...contributed].map(
    ([id, { name, text }]): BenchPassage => ({ id, title: name, text })
  )
  return { name: 'weaknesses', passages, questions }
}

/** About entries of which no parent, child, peer, sibling or namesake was contributed. */
function unanswerable(
  drafts: readonly SampleDraft[],
  byUrl: ReadonlyMap<string, Weakness>
): BenchQuestion[] {
  const random = createSeededRandom(16)
  const found = new Map<string, Weakness>()
  for (let seed = 0; seed < 6; seed++) {
    // as many as there are: asks for fewer until the sample agrees
    for (const { sourceUrl } of drawn(drafts, seed))
      found.set(sourceUrl, byUrl.get(sourceUrl) as Weakness)
  }
  return [...found.values()].flatMap((weakness): BenchQuestion[] => {
    const { half } = splitOf('weaknesses', weakness.id, 0)
    const values = {
      n: lower(weakness.name.replace(/ \('[^']*'\)/, '')),
      d: clause(weakness.description)
    }
    const say = (of: readonly string[]) => fill(random.pick(templatesFor(half, of)), values)
    const ask = (kind: string, question: string): BenchQuestion => ({
      datanet: 'weaknesses',
      half,
      kind,
      turns: [question],
      gold: []
    })
    return [
      ask('name', say(MEANING)),
      ask('preventing', say(PREVENTING)),
      ask('described', say(NAMING))
    ]
  })
}

function drawn(drafts: readonly SampleDraft[], seed: number) {
  for (let unanswerable = 60; unanswerable > 0; unanswerable -= 7) {
    try {
      return sampleQuestions({ seed, answerable: 0, unanswerable }, drafts)
    } catch {}
  }
  return []
}

/** Questions as people put them; one whose answer was not contributed, nor anything near it, is unanswerable. */
function handWritten(
  contributed: ReadonlyMap<string, Weakness>,
  all: readonly Weakness[]
): BenchQuestion[] {
  const byId = new Map(all.map((weakness) => [weakness.id, weakness]))
  return HAND_WRITTEN.flatMap(([question, ...ids], index): BenchQuestion[] => {
    const near = ids.flatMap((id) => {
      const weakness = byId.get(id)
      return weakness === undefined ? [] : [...weakness.related, ...childrenOf(weakness, all)]
    })
    const gold = ids.filter((id) => contributed.has(id))
    if (gold.length === 0 && near.some((id) => contributed.has(id))) return []
    const half = index % 2 === 0 ? 'tune' : 'test'
    return [{ datanet: 'weaknesses', half, kind: 'hand', turns: [question], gold }]
  })
}

function childrenOf({ id }: Weakness, all: readonly Weakness[]): string[] {
  return all.filter(({ parents }) => parents.includes(id)).map((child) => child.id)
}

/** How the dictionary introduces its examples; no part of what was contributed. */
function readIntroductions(): ReadonlyMap<string, string> {
  const raw = createRequire(import.meta.url)('cwe-sdk/raw/cwe-dictionary.json') as Record<
    string,
    never
  >
  const found = new Map<string, string>()
  for (const entry of Object.values(raw) as Record<string, Record<string, unknown>>[]) {
    const examples = entry.Demonstrative_Examples?.Demonstrative_Example
    const first = (Array.isArray(examples) ? examples[0] : examples) as
      | { Intro_Text?: unknown }
      | undefined
    const intro = first?.Intro_Text
    if (typeof intro !== 'string' || intro.length < 60 || intro.length > 260) continue
    found.set(String(entry.attr?.['@_ID']), `What is wrong with this code? ${intro}`)
  }
  return found
}

function lead({ description }: Weakness): string {
  return description.split(/(?<=[.!?]) (?=[A-Z"'(])/)[0] ?? description
}

function clause(description: string): string {
  const first = description.split(/(?<=[.!?]) (?=[A-Z"'(])/)[0] ?? description
  return lower(first).replace(/[.!?]$/, '')
}

function lower(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}])\p{Lu}(?=\p{Ll}+(?!\p{L}))/gu, (letter) =>
    letter.toLowerCase()
  )
}

function urlOf(id: string): string {
  return `https://cwe.mitre.org/data/definitions/${id}.html`
}
