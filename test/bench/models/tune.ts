// npx node test/bench/models/tune.ts [--write]: grows the trees that judge whether an answer is one, on
// the tuning half alone, and shows how they do on questions and Datanets that they were not grown on.
// --write puts them into peer/engines/retrieval/judgement.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import { sentencesOf } from '../../../peer/engines/attribution/sentences.ts'
import { areNear } from '../../../peer/engines/retrieval/calibrate.ts'
import { judge, type Tree } from '../../../peer/engines/retrieval/judge.ts'
import { sha256 } from '../../../protocol/base/codec.ts'
import { cachedEmbedder } from './cached-embedder.ts'
import { prepare } from './prepared.ts'
import { benchSets, foreignTo } from './sets.ts'
import { splitOf } from './split.ts'
import { type Example, growTrees } from './trees.ts'
import type { BenchQuestion, BenchSet } from './types.ts'

/** As people ask who do not know the words: there are few of these, and they count the most. */
const NATURAL = /^(?:left out, )?(?:few, )?(?:hand|case|example|reworded|synonym|foreign|notes)$/

/** Passages of each Datanet that are asked about in their own words. */
const PROBED = 50
const TREES = Number(process.env.TREES ?? 120)
const { signal } = new AbortController()
const embedder = await cachedEmbedder()
type Row = Example & { readonly question: BenchQuestion; readonly isKnown: boolean }
const rows: Record<'hybrid' | 'lexical', Row[]> = { hybrid: [], lexical: [] }

const sets = benchSets().filter(({ questions }) => questions.some(({ half }) => half === 'tune'))
for (const set of sets) {
  const own = set.questions.filter(({ half }) => half === 'tune')
  await collect(set, [...own, ...foreignTo(set, sets, 'tune'), ...probesOf(set)])
  for (const few of partsOf(set, own)) await collect(few, few.questions)
}

/** Searches a set for each question, and again as if nobody had contributed what answers it. */
async function collect(set: BenchSet, questions: readonly BenchQuestion[]): Promise<void> {
  const prepared = await prepare(set, embedder)
  const { corpus } = prepared
  const idOf = (place: number): string => corpus.passages[place]?.contribution ?? ''
  for (const question of questions) {
    for (const kind of ['hybrid', 'lexical'] as const) {
      const found = await prepared[kind](question.turns, { signal })
      const best = found.hits[0]
      if (best === undefined) continue
      const isRight = question.gold.includes(idOf(best.passage))
      const isKnown = question.gold.length > 0
      rows[kind].push({ signals: found.signals, isRight, isKnown, question, weight: 1 })
      if (!isKnown) continue
      const gold = [...corpus.passages.keys()].filter((place) =>
        question.gold.includes(idOf(place))
      )
      const near = found.hits
        .map(({ passage }) => passage)
        .filter((passage) => gold.some((one) => areNear(corpus, one, passage)))
      const without = new Set([...gold, ...near])
      const left = await prepared[kind](question.turns, { signal, without })
      if (left.hits.length === 0) continue
      const leftOut = { ...question, kind: `left out, ${question.kind}`, gold: [] }
      const { signals } = left
      rows[kind].push({ signals, isRight: false, isKnown: false, question: leftOut, weight: 1 })
    }
  }
}

/** Little Datanets of some of the passages, as a community begins: what is rare there is another thing. */
function partsOf(set: BenchSet, questions: readonly BenchQuestion[]): readonly BenchSet[] {
  if (set.passages.length < 50) return []
  const random = createSeededRandom(set.passages.length)
  return [8, 8, 8, 8, 25, 25, 80].map((size) => {
    const asked = random.shuffle(questions.filter(({ gold }) => gold.length > 0)).slice(0, size)
    const gold = new Set(asked.map((one) => one.gold[0]))
    const passages = set.passages.filter(({ id }) => gold.has(id))
    const others = random
      .shuffle(questions.filter(({ gold }) => gold.length === 0))
      .slice(0, size / 4)
    const kept = [...asked, ...others].map((one) => ({ ...one, kind: `few, ${one.kind}` }))
    return { ...set, passages, questions: kept }
  })
}

const grown: Record<string, readonly Tree[]> = {}
const later: (() => void)[] = []
for (const kind of ['hybrid', 'lexical'] as const) {
  const weighed = balanced(rows[kind])
  // the forms of one question stay together
  const folds = [0, 1, 2, 3].map((fold) => (row: Row) => foldOf(row) === fold)
  const names = [...new Set(weighed.map(({ question }) => question.datanet))]
  const unseen = names.map((set) => (row: Row) => row.question.datanet === set)
  grown[kind] = growTrees(weighed, TREES)
  later.push(() => {
    console.log(
      `\n${kind}, ${weighed.length} questions; of the known ones answered rightly / wrongly`
    )
    curve('questions not grown on', weighed, folds)
    curve('Datanets not grown on', weighed, unseen)
  })
}
if (process.argv.includes('--write')) write(grown)
for (const show of later) show()

/** Kinds of question count by the root of how many there are: none drowns the others. */
function balanced(all: readonly Row[]): readonly Row[] {
  const key = ({ question, isRight }: Row): string =>
    `${question.datanet}/${question.kind}/${isRight}`
  const counts = new Map<string, number>()
  for (const row of all) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1)
  return all.map((row) => {
    const isNote = row.question.kind.endsWith('notes')
    const much = isNote ? 6 : NATURAL.test(row.question.kind) ? 2 : 1
    return { ...row, weight: much / Math.sqrt(counts.get(key(row)) ?? 1) }
  })
}

/** Questions in the very words of passages of the tuning half: true ones are easy, near misses hard. */
function probesOf({ name, passages }: BenchSet): readonly BenchQuestion[] {
  const own = passages.filter(({ id }) => splitOf(name, id, 25).half === 'tune')
  const step = Math.max(1, Math.floor(own.length / PROBED))
  return own
    .filter((_, index) => index % step === 0)
    .flatMap(({ id, title, text }) => {
      const lead = (sentencesOf(text)[0]?.text ?? title).replace(/[.!?]$/, '')
      const described = `What is it called when ${lead.charAt(0).toLowerCase()}${lead.slice(1)}?`
      return [`What is ${title}?`, described].map((question, place): BenchQuestion => {
        const kind = place === 0 ? 'probe by title' : 'probe by lead'
        return { datanet: name, half: 'tune', kind, turns: [question], gold: [id] }
      })
    })
}

/** By the words that are searched for, so that a question and its copies are in one fold. */
function foldOf({ question }: Row): number {
  return (sha256(Buffer.from(question.turns.join('/')))[0] as number) % 4
}

function curve(
  name: string,
  all: readonly Row[],
  groups: readonly ((row: Row, index: number) => boolean)[]
): void {
  const kind = all === undefined ? '' : name
  const judged = groups.flatMap((isIn) => {
    const trees = growTrees(
      all.filter((row, index) => !isIn(row, index)),
      TREES
    )
    return all.filter(isIn).map((row) => ({ row, ppm: judge(row.signals, trees) }))
  })
  const isNear = ({ row }: (typeof judged)[0]) =>
    !row.isKnown && !/^(?:foreign|left out|few)/.test(row.question.kind)
  const unknown = judged.filter(isNear).map(({ ppm }) => ppm)
  const foreign = judged.filter(({ row }) => row.question.kind === 'foreign')
  const natural = judged.filter(({ row }) => row.isKnown && NATURAL.test(row.question.kind))
  const notes = judged.filter(({ row }) => row.question.kind === 'notes')
  const known = judged.filter(({ row }) => row.isKnown && !/^(?:probe|few)/.test(row.question.kind))
  unknown.sort((a, b) => b - a)
  const cells = [0.03, 0.05, 0.08, 0.1, 0.13, 0.16].map((share) => {
    const from = (unknown[Math.floor(unknown.length * share)] ?? 0) + 1
    const answered = known.filter(({ ppm }) => ppm >= from)
    const percent = (count: number): string => ((100 * count) / known.length).toFixed(1)
    const right = answered.filter(({ row }) => row.isRight).length
    const others = foreign.filter(({ ppm }) => ppm >= from).length
    const named = natural.filter(({ row, ppm }) => row.isRight && ppm >= from).length
    return (
      `${(share * 100).toFixed(0)} %: ${percent(right)}/${percent(answered.length - right)}` +
      ` natural ${named}/${natural.length} notes ${notes.filter(({ row, ppm }) => row.isRight && ppm >= from).length}/${notes.filter(({ row }) => row.isKnown).length} false ${notes.filter(({ row, ppm }) => !row.isKnown && ppm >= from).length}/${notes.filter(({ row }) => !row.isKnown).length} foreign ${others}/${foreign.length} at ${from}`
    )
  })
  console.log(`  ${kind.padEnd(24)} \n${cells.map((cell) => `    false ${cell}`).join('\n')}`)
}

function write(trees: Readonly<Record<string, readonly Tree[]>>): void {
  const list = (of: readonly Tree[] = []): string =>
    `[\n${of.map((tree) => `  [${tree.join(', ')}]`).join(',\n')}\n]`
  const source = `import type { Tree } from './judge.ts'

// Grown by test/bench/models/tune.ts on the tuning half of bench:models; not to be edited by hand.

/** Where embeddings are. */
export const HYBRID_TREES: readonly Tree[] = ${list(trees.hybrid)}

/** Where words are all there is. */
export const LEXICAL_TREES: readonly Tree[] = ${list(trees.lexical)}
`
  const path = '../../../peer/engines/retrieval/judgement.ts'
  writeFileSync(join(import.meta.dirname, path), source)
}
