import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom, type SeededRandom } from '../../../peer/devnet/sample-random.ts'
import { fill, templatesFor, withTypo } from './paraphrase.ts'
import { splitOf } from './split.ts'
import type { BenchPassage, BenchQuestion, BenchSet } from './types.ts'

interface Country {
  readonly name: { readonly common: string; readonly official: string }
  readonly cca3: string
  readonly unMember: boolean
  readonly capital: readonly string[]
  readonly altSpellings: readonly string[]
  readonly region: string
  readonly subregion: string
  readonly currencies: Readonly<Record<string, { readonly name: string }>>
  readonly languages: Readonly<Record<string, string>>
  readonly borders: readonly string[]
  readonly area: number
  readonly landlocked: boolean
  readonly tld: readonly string[]
  readonly idd: { readonly root: string; readonly suffixes: readonly string[] }
  readonly demonyms: { readonly eng?: { readonly m: string } }
}

/** One fact of a country: the sentence that says it, its value, and the ways to ask for it. */
interface Fact {
  readonly sentence: string
  readonly span: string
  /** {c} the country, {d} who lives there, {v} the value. Even ones are for tuning, odd for the test. */
  readonly templates: readonly string[]
  /** Asks for the country by the value: of no use where several share it. */
  readonly reverse?: readonly string[]
}

const FOLDER = 'sources/node_modules/world-countries/countries.json'

/** Questions that nothing in the Datanet answers, about countries that are in it. */
const UNKNOWN = [
  'How many people live in {c}?',
  'What is the population of {c}?',
  'Who is the president of {c}?',
  'Who runs the government of {c} at present?',
  'What is the highest mountain of {c}?',
  'How do I apply for a visa to {c}?',
  'When did {c} become independent?',
  'What does the national anthem of {c} sound like?',
  'What is the most popular dish of {c}?',
  'Which football club of {c} won the league?'
]

/** Facts about the world's countries (world-countries, ODbL), asked for in many ways. */
export function countriesSet(): BenchSet {
  const all = JSON.parse(readFileSync(join(import.meta.dirname, FOLDER), 'utf8')) as Country[]
  const nameOf = new Map(all.map((country) => [country.cca3, country.name.common]))
  const random = createSeededRandom(11)
  const passages: BenchPassage[] = []
  const questions: BenchQuestion[] = []
  for (const country of all.filter(({ unMember, capital }) => unMember && capital.length > 0)) {
    const { isHeldOut, half } = splitOf('countries', country.cca3, 25)
    const facts = factsOf(country, nameOf)
    if (!isHeldOut) passages.push(passageOf(country, facts))
    const gold = isHeldOut ? [] : [country.cca3]
    const names = { c: country.name.common, d: country.demonyms.eng?.m ?? country.name.common }
    const add = (kind: string, turns: readonly string[], fact?: Fact): void => {
      const known = isHeldOut || kind === 'not said' ? [] : gold
      const answer = known.length > 0 && fact ? { span: fact.span, sentence: fact.sentence } : {}
      questions.push({ datanet: 'countries', half, kind, turns, gold: known, ...answer })
    }
    for (const fact of random.shuffle(facts).slice(0, isHeldOut ? 1 : 2)) {
      add('fact', [ask(fact.templates, half, { ...names, v: fact.span }, random)], fact)
    }
    const reversible = facts.filter(({ reverse }) => reverse !== undefined)
    const back = random.pick(reversible)
    if (back.reverse && (isHeldOut || random.below(2) === 0)) {
      add('by its value', [ask(back.reverse, half, { ...names, v: back.span }, random)], back)
    }
    if (isHeldOut) continue
    const [first, second] = random.shuffle(facts) as [Fact, Fact]
    if (random.below(5) === 0) {
      add('typo', [withTypo(ask(first.templates, half, names, random), random)], first)
    }
    if (random.below(4) === 0) {
      const turn = ask(first.templates, half, names, random)
      const meant = { c: half === 'tune' ? 'it' : 'that country', d: 'local' }
      const next = ask(second.templates, half, meant, random)
      add('follow-up', [turn, `And ${next.charAt(0).toLowerCase()}${next.slice(1)}`], second)
    }
    if (random.below(7) === 0) add('not said', [ask(UNKNOWN, half, names, random)])
  }
  return { name: 'countries', passages, questions }
}

function ask(
  templates: readonly string[],
  half: 'tune' | 'test',
  values: Readonly<Record<string, string>>,
  random: SeededRandom
): string {
  return fill(random.pick(templatesFor(half, templates)), values)
}

function passageOf(
  { cca3, name, region, subregion, landlocked }: Country,
  facts: readonly Fact[]
): BenchPassage {
  const said = [
    `${name.common}, in full ${name.official}, is a country in ${subregion || region}.`,
    ...facts.map(({ sentence }) => sentence),
    landlocked ? 'It has no access to the sea.' : 'It has a coast on the sea.'
  ]
  return { id: cca3, title: name.common, text: said.join(' ') }
}

function factsOf(country: Country, nameOf: ReadonlyMap<string, string>): Fact[] {
  const { capital, currencies, languages, borders, area, demonyms, idd, tld } = country
  const money = Object.values(currencies)[0]?.name
  const spoken = list(Object.values(languages))
  const neighbours = list(borders.map((code) => nameOf.get(code) ?? code))
  const dial = idd.suffixes.length === 1 ? `${idd.root}${idd.suffixes[0]}` : idd.root
  const facts: (Fact | false)[] = [
    {
      sentence: `The capital is ${capital[0]}.`,
      span: capital[0] as string,
      templates: [
        'What is the capital of {c}?',
        'Which city is the seat of government of {c}?',
        'Where does {c} have its parliament and ministries?',
        "What's {c}'s capital city called?",
        'Name the {d} capital.',
        'From which city is {c} governed?'
      ],
      reverse: [
        '{v} is the capital of which country?',
        'Which nation has its government in {v}?',
        'What country would I be in if I visit the capital {v}?',
        'Of which state is {v} the main city?'
      ]
    },
    money !== undefined && {
      sentence: `The currency is the ${money}.`,
      span: money,
      templates: [
        'What money do people use in {c}?',
        'What currency does {c} have?',
        'How do you pay in {c}?',
        'If I travel to {c}, what cash should I bring?',
        'Which legal tender is valid in {c}?',
        'In what do shops in {c} quote their prices?'
      ]
    },
    spoken !== '' && {
      sentence: `The official language is ${spoken}.`.replace(
        /language is (.* and )/,
        'languages are $1'
      ),
      span: spoken,
      templates: [
        'What do people speak in {c}?',
        'Which languages are official in {c}?',
        'What tongue do the locals talk in {c}?',
        'What would I have to learn to talk to people in {c}?',
        'In which language are laws published in {c}?',
        'What is the {d} language?'
      ]
    },
    neighbours !== '' && {
      sentence: `It borders ${neighbours}.`,
      span: neighbours,
      templates: [
        'Which countries share a frontier with {c}?',
        'Who are the neighbours of {c}?',
        'What lies next to {c} by land?',
        'If I leave {c} by car, which states can I get to first?'
      ]
    },
    {
      sentence: `It covers ${area} square kilometres.`,
      span: `${area} square kilometres`,
      templates: [
        'How big is {c}?',
        'How much land does {c} cover?',
        "What is {c}'s surface area?",
        'What is the size of {c}?'
      ]
    },
    demonyms.eng?.m !== undefined && {
      sentence: `People from there are called ${demonyms.eng.m}.`,
      span: demonyms.eng.m,
      templates: [
        'What do you call somebody from {c}?',
        'What are the inhabitants of {c} called?',
        'What is the word for a citizen of {c}?',
        'How does one refer to the people of {c}?'
      ],
      reverse: [
        'Where does a person come from who is {v}?',
        'What is the home country of {v} people?'
      ]
    },
    {
      sentence: `Its internet domain is ${tld[0]} and its calling code ${dial}.`,
      span: tld[0] as string,
      templates: [
        'What do websites from {c} end with?',
        'Which top-level domain belongs to {c}?',
        'What comes after the dot in {d} web addresses?',
        'What is the ending of internet addresses in {c}?'
      ]
    }
  ]
  return facts.filter((fact) => fact !== false)
}

function list(items: readonly string[]): string {
  return items.length < 2
    ? (items[0] ?? '')
    : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
