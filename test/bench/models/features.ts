import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { termsOf } from '../../../peer/engines/attribution/terms.ts'
import { fill, inOtherWords, templatesFor, withTypo } from './paraphrase.ts'
import { splitOf } from './split.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from './types.ts'

interface Feature {
  readonly kind: string
  readonly name: string
  readonly description?: string
  readonly group?: readonly string[]
  readonly status?: { readonly baseline_low_date?: string }
}

const VERBS =
  `sets creates returns represents defines provides controls allows enables specifies lets
  detects measures draws shows adds applies generates indicates determines converts displays changes
  describes checks removes stores reads gives makes embeds groups selects exposes limits aligns
  restricts matches formats reports positions splits prevents supports`.split(/\s+/)

const HOW_TO = [
  'How do I {do}?',
  'How can a web page {do}?',
  'What can I use to {do}?',
  'I want to {do}. What is there for that in browsers?',
  'Is there a way to {do}?',
  'Which web feature helps me to {do}?'
]
const MEANING = [
  'What is {n}?',
  'What is {n} good for?',
  'What does {n} do?',
  'Explain {n} please',
  'tell me about {n}',
  'Why would I use {n}?'
]
const SINCE = [
  'Since when does {n} work in all browsers?',
  'When did every browser support {n}?',
  'From which date on is {n} available everywhere?',
  'When did {n} become widely usable?'
]

/** Features of the web platform (web-features, Apache-2.0): how to do what they do, by other words. */
export function featuresSet(): BenchSet {
  const path = 'sources/node_modules/web-features/data.json'
  const file = readFileSync(join(import.meta.dirname, path), 'utf8')
  const all = Object.entries(
    (JSON.parse(file) as { features: Readonly<Record<string, Feature>> }).features
  ).filter(([, { kind, description }]) => kind === 'feature' && description !== undefined)
  const random = createSeededRandom(13)
  const kept = all.filter(([id]) => !splitOf('features', id, 20).isHeldOut)
  const passages = kept.map(([id, feature]) => toPassage(id, feature))
  const terms = passages.map(({ title, text }) => new Set(termsOf(`${title} ${text}`)))
  const questions: BenchQuestion[] = []
  for (const [id, feature] of random.shuffle(all)) {
    const { isHeldOut, half } = splitOf('features', id, 20)
    const { name } = feature
    const asTold = doing(feature)
    if (isHeldOut && isTold(name, terms)) continue
    if (isHeldOut && asTold && isTold(asTold, terms)) continue
    const gold = isHeldOut ? [] : [id]
    const [lead = ''] = sentencesOf(feature.description as string)
    const add = (kind: string, turns: readonly string[], span = lead, sentence = lead): void => {
      const answer = isHeldOut ? {} : { span, sentence }
      questions.push({ datanet: 'features', half, kind, turns, gold, ...answer })
    }
    const template = (of: readonly string[]) => random.pick(templatesFor(half, of))
    if (asTold !== undefined && random.below(isHeldOut ? 1 : 3) === 0) {
      add('how to', [fill(template(HOW_TO), { do: asTold })])
    }
    const reworded = asTold === undefined ? undefined : inOtherWords(asTold, random)
    if (reworded !== undefined && random.below(isHeldOut ? 1 : 2) === 0) {
      add('reworded', [fill(template(HOW_TO), { do: reworded })])
    }
    if (random.below(isHeldOut ? 1 : 6) === 0) add('name', [fill(template(MEANING), { n: name })])
    if (isHeldOut) continue
    if (random.below(9) === 0) add('typo', [withTypo(fill(template(MEANING), { n: name }), random)])
    const date = feature.status?.baseline_low_date
    if (date !== undefined && random.below(8) === 0) {
      add('since', [fill(template(SINCE), { n: name })], date, sinceSentence(date))
    }
    if (date !== undefined && random.below(14) === 0) {
      const first = fill(template(MEANING), { n: name })
      add('follow-up', [first, fill(template(SINCE), { n: 'it' })], date, sinceSentence(date))
    }
  }
  return { name: 'features', passages, questions }
}

/** What a description says its feature does, as somebody would want to do it. */
function doing({ name, description = '' }: Feature): string | undefined {
  const [lead = ''] = sentencesOf(description)
  const found = new RegExp(`\\b(${VERBS.join('|')}) (.+?)[.:]?$`).exec(lead)
  if (found === null || found.index > 90) return undefined
  const [, verb = '', rest = ''] = found
  const short = rest.split(/, (?:such|including|like|which|so|where|when|while)\b|; /)[0] as string
  const own = new Set(termsOf(name))
  if (short.length > 110 || termsOf(short).length < 3) return undefined
  if (termsOf(short).filter((term) => own.has(term)).length > 1) return undefined
  const base = verb.replace(/ches$/, 'ch').replace(/([^s])s$/, '$1')
  if (/^(?:allow|enable|let)$/.test(base)) return undefined
  return `${base === 'represent' ? 'have' : base} ${short}`
}

function toPassage(id: string, { name, description = '', status }: Feature): BenchPassage {
  const date = status?.baseline_low_date
  const since = date === undefined ? [] : [sinceSentence(date)]
  return { id, title: name, text: [description, ...since].join(' ') }
}

function sinceSentence(date: string): string {
  return `All major browsers support it since ${date}.`
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+(?=[A-Z<"'(])/)
}

/** Whether a contributed text has two thirds of the words. */
function isTold(text: string, terms: readonly ReadonlySet<string>[]): boolean {
  const own = [...new Set(termsOf(text))]
  return terms.some((held) => own.filter((term) => held.has(term)).length * 3 >= own.length * 2)
}
