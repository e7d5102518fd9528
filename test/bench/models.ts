// npm run bench:models [-- --json] [--write] [--half tune] [--no-scale]: how well the embedded engine
// answers, names its sources and abstains, against BM25 and embeddings alone, each at its best on the
// tuning half; then what indexes of 10 000 and 100 000 contributions cost. --write keeps
// test/bench/results/models.json
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Asked, askEngine, lowerBound, qualityOf } from './models/answer-quality.ts'
import {
  bestOf,
  bm25Grid,
  bm25Ranker,
  denseGrid,
  denseRanker,
  isFound,
  type Ranker
} from './models/baselines.ts'
import { builtEngine } from './models/built-engine.ts'
import { cachedEmbedder } from './models/cached-embedder.ts'
import { type Prepared, prepare } from './models/prepared.ts'
import { measureScale } from './models/scale.ts'
import { benchSets, foreignTo, hashesOf } from './models/sets.ts'
import type { BenchQuestion } from './models/types.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    half: { type: 'string', default: 'test' },
    'no-scale': { type: 'boolean' }
  }
})
const half = options.half === 'tune' ? 'tune' : 'test'
const { signal } = new AbortController()
const folder = join(import.meta.dirname, 'models')
if (!existsSync(join(folder, 'sources/node_modules'))) {
  const cwd = join(folder, 'sources')
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd, stdio: 'inherit' })
}
// beside the questions: it counts processor time of processes of its own
const scale = options['no-scale'] === true ? undefined : measureScale()
const sets = benchSets()
const frozen = JSON.parse(readFileSync(join(folder, 'frozen.json'), 'utf8')).sets
for (const [name, hash] of Object.entries(hashesOf(sets))) {
  if (frozen[name] !== hash) throw new Error(`the test half of ${name} is not the frozen one`)
}
const embedder = await cachedEmbedder()
const prepared: Prepared[] = []
for (const set of sets) prepared.push(await prepare(set, embedder))
const of = (question: BenchQuestion): Prepared =>
  prepared.find(({ set }) => set.name === question.datanet) as Prepared
const questionsOf = (which: 'tune' | 'test'): BenchQuestion[] =>
  sets.flatMap(({ questions }) => questions.filter((one) => one.half === which))
const figures: Record<string, number> = {}

const tuning = questionsOf('tune').filter(({ gold }) => gold.length > 0)
const embed = (text: string) => embedder.embed(text, { signal })
const bm25 = await bestOf(bm25Grid(), bm25Ranker, prepared, tuning)
const dense = await bestOf(denseGrid(), (one) => denseRanker(one, embed), prepared, tuning)
console.log('BM25 at its best on the tuning half', bm25)
console.log('embeddings at their best on the tuning half', dense)

const known = questionsOf(half).filter(({ gold }) => gold.length > 0)
const hybrid: Ranker = async (one, turns) =>
  (await one.hybrid(turns, { signal })).hits.map(({ passage }) => passage)
const lexical: Ranker = async (one, turns) =>
  (await one.lexical(turns, { signal })).hits.map(({ passage }) => passage)
const rankers: Readonly<Record<string, Ranker>> = {
  engine: hybrid,
  'engine, words alone': lexical,
  BM25: bm25Ranker(bm25.settings),
  embeddings: denseRanker(dense.settings, embed)
}
const recalls: Record<string, { one: number[]; five: number[] }> = {}
for (const [name, rank] of Object.entries(rankers)) {
  const found: { one: number[]; five: number[] } = { one: [], five: [] }
  for (const question of known) {
    const places = await rank(of(question), question.turns)
    found.one.push(Number(isFound(of(question), question, places.slice(0, 1))))
    found.five.push(Number(isFound(of(question), question, places.slice(0, 5))))
  }
  recalls[name] = found
}
console.log(`\n${half} half, ${known.length} answerable questions: recall@1 / recall@5`)
const percent = (share: number): string => (100 * share).toFixed(1).padStart(5)
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1)
const names = [...new Set(known.map(({ datanet }) => datanet)), 'all']
console.log(''.padEnd(20), names.map((name) => name.padStart(14)).join(''))
for (const [name, { one, five }] of Object.entries(recalls)) {
  const cells = names.map((datanet) => {
    const isIn = (_: number, index: number) =>
      datanet === 'all' || known[index]?.datanet === datanet
    return `${percent(mean(one.filter(isIn)))} /${percent(mean(five.filter(isIn)))}`.padStart(14)
  })
  console.log(name.padEnd(20), cells.join(''))
}
const gain = (name: string, at: 'one' | 'five'): number[] =>
  (recalls.engine?.[at] ?? []).map((value, index) => value - (recalls[name]?.[at][index] ?? 0))
figures.recall1 = mean(recalls.engine?.one ?? [])
figures.recall5 = mean(recalls.engine?.five ?? [])
figures.bm25Recall1 = mean(recalls.BM25?.one ?? [])
figures.bm25Recall5 = mean(recalls.BM25?.five ?? [])
figures.embeddingsRecall1 = mean(recalls.embeddings?.one ?? [])
figures.embeddingsRecall5 = mean(recalls.embeddings?.five ?? [])
figures.gainOverBm25 = lowerBound(gain('BM25', 'five'))
figures.gainOverEmbeddings = lowerBound(gain('embeddings', 'five'))
figures.gainOverBm25At1 = lowerBound(gain('BM25', 'one'))
figures.gainOverEmbeddingsAt1 = lowerBound(gain('embeddings', 'one'))

const asked: Record<'hybrid' | 'lexical', Asked[]> = { hybrid: [], lexical: [] }
const foreign: Record<'hybrid' | 'lexical', Asked[]> = { hybrid: [], lexical: [] }
for (const one of prepared) {
  for (const kind of ['hybrid', 'lexical'] as const) {
    const engine = await builtEngine(one, kind === 'hybrid' ? embedder : undefined)
    const { abstainBelowPpm } = engine.describe()
    console.log(`${one.set.name}, ${kind}: answers from ${abstainBelowPpm} ppm`)
    for (const question of questionsOf(half).filter(({ datanet }) => datanet === one.set.name)) {
      asked[kind].push(await askEngine(engine, question))
    }
    for (const question of foreignTo(one.set, sets, half)) {
      foreign[kind].push(await askEngine(engine, question))
    }
  }
}
console.log(
  '\nanswers            questions answered  right  wrong  false  abstain P/R    span exact/F1'
)
for (const kind of ['hybrid', 'lexical'] as const) {
  const groups = ['all', ...names.slice(0, -1), ...kindsOf(asked[kind])]
  for (const group of groups) {
    const some = asked[kind].filter(
      ({ question }) => group === 'all' || question.datanet === group || question.kind === group
    )
    const q = qualityOf(some)
    console.log(
      `${kind} ${group}`.padEnd(22) +
        `${String(q.questions).padStart(5)}    ${percent(q.answered)}  ${percent(q.right)}  ${percent(q.wrong)}  ` +
        `${percent(q.falselyAnswered)}  ${percent(q.abstainPrecision)} /${percent(q.abstainRecall)}  ` +
        `${percent(q.spanExact)} /${percent(q.spanF1)}`
    )
  }
  const others = foreign[kind].filter(({ outcome }) => outcome === 'answered').length
  console.log(
    `${kind}: ${others} of ${foreign[kind].length} questions from other Datanets answered`
  )
}
const quality = qualityOf(asked.hybrid)
const words = qualityOf(asked.lexical)
figures.questions = quality.questions
for (const [name, value] of Object.entries(quality)) if (name !== 'questions') figures[name] = value
for (const [name, value] of Object.entries(words)) {
  if (name !== 'questions')
    figures[`lexical${name.charAt(0).toUpperCase()}${name.slice(1)}`] = value
}
const notes = qualityOf(asked.hybrid.filter(({ question }) => question.kind === 'notes'))
figures.notesRight = notes.right
figures.notesFalselyAnswered = notes.falselyAnswered
figures.foreignFalselyAnswered = mean(
  foreign.hybrid.map(({ outcome }) => Number(outcome === 'answered'))
)
const curve = await curveOf()
console.log(
  '\nanswered from   right  wrong  false  (shares of the answerable and of the unanswerable)'
)
for (const { fromPpm, right, wrong, falselyAnswered } of curve) {
  console.log(
    `${fromPpm}`.padStart(9),
    `${percent(right)}  ${percent(wrong)}  ${percent(falselyAnswered)}`
  )
}
Object.assign(figures, await scale)

const rounded = Object.fromEntries(
  Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(4))])
)
if (options.write === true) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const result = { commit, node: process.version, half, figures: rounded, curve }
  const path = join(import.meta.dirname, 'results/models.json')
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`)
}
if (options.json === true) console.log(JSON.stringify({ figures: rounded }))

function kindsOf(all: readonly Asked[]): string[] {
  return [...new Set(all.map(({ question }) => question.kind))]
}

/** What other thresholds than the chosen one would give. */
async function curveOf() {
  const scored: { ppm: number; isRight: boolean; isKnown: boolean }[] = []
  for (const question of questionsOf(half)) {
    const { corpus, hybrid: find } = of(question)
    const { hits, scorePpm } = await find(question.turns, { signal })
    const best = corpus.passages[hits[0]?.passage ?? -1]?.contribution ?? ''
    const isRight = question.gold.includes(best)
    scored.push({ ppm: scorePpm, isRight, isKnown: question.gold.length > 0 })
  }
  const share = (of: typeof scored, isIn: (one: (typeof scored)[0]) => boolean): number =>
    Number((of.filter(isIn).length / of.length).toFixed(4))
  const answerable = scored.filter(({ isKnown }) => isKnown)
  const others = scored.filter(({ isKnown }) => !isKnown)
  return [300, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850, 900].map((thousands) => {
    const fromPpm = thousands * 1_000
    return {
      fromPpm,
      right: share(answerable, ({ ppm, isRight }) => isRight && ppm >= fromPpm),
      wrong: share(answerable, ({ ppm, isRight }) => !isRight && ppm >= fromPpm),
      falselyAnswered: share(others, ({ ppm }) => ppm >= fromPpm)
    }
  })
}
