import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { type SampleDraft, sampleContributions, sampleQuestions } from '../../peer/devnet/sample.ts'
import { type AttributionGround, createGround } from '../../peer/engines/attribution/ground.ts'
import type { Engine, EngineOutcome, EnginePassage } from '../../peer/engines/engine.ts'
import { createRetrievalEngine } from '../../peer/engines/retrieval/retrieval-engine.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../peer/engines/retrieval/retrieval-index.ts'
import { cidOf, encodeCanonical, sha256 } from '../../protocol/base/codec.ts'
import { coverageCredits } from '../../protocol/receipt/attribution.ts'
import { cachedEmbedder } from './models/cached-embedder.ts'

/**
 * How well the embedded engine answers, credits and abstains on the sample Datanet, with embeddings
 * and without: `node test/bench/retrieval.ts [--json] [--seeds N] [--show]`. Vectors are kept in
 * models/cache from run to run, so builds are shorter here than on a peer. Prints a table;
 * `--json` ends with one line {"figures": …} and writes results/retrieval.json.
 */
const { signal } = new AbortController()
const flag = (name: string): string | undefined => {
  const index = process.argv.indexOf(`--${name}`)
  return index < 0 ? undefined : (process.argv[index + 1] ?? '')
}
const seeds = Array.from({ length: Number(flag('seeds') ?? 10) }, (_, index) => index + 1)
const embedder = await cachedEmbedder()
const figures: Record<string, number> = {}

for (const [name, chosen] of [
  ['hybrid', embedder],
  ['lexical', undefined]
] as const) {
  const small = count()
  const large = count()
  const hard = count()
  const buildsMs: number[] = []
  console.log(
    `\n${name}\nseed  build  threshold  8 questions                         many questions                          real cases`
  )
  for (const seed of seeds) {
    const drafts = sampleContributions({ seed })
    const passages = drafts.map(toPassage)
    const startMs = performance.now()
    const bytes = await buildRetrievalIndex(passages, { signal, embedder: chosen ?? false })
    buildsMs.push(performance.now() - startMs)
    const index = loadRetrievalIndex(bytes, passages)
    const ground = createGround(index.corpus)
    const engine = createRetrievalEngine(
      { index, embedder: chosen, ground },
      { datanet: 'Software weaknesses' }
    )
    const eight = await evaluate({ engine, ground }, passages, drafts, {
      seed,
      answerable: 5,
      unanswerable: 3
    })
    const many = await evaluate({ engine, ground }, passages, drafts, {
      seed: seed + 1000,
      answerable: 150,
      unanswerable: 35
    })
    const cases = await evaluate({ engine, ground }, passages, drafts, {
      seed: seed + 2000,
      answerable: 100,
      unanswerable: 8,
      kinds: ['case']
    })
    add(hard, cases)
    add(small, eight)
    add(large, many)
    console.log(
      `${String(seed).padStart(4)}  ${(buildsMs.at(-1) as number).toFixed(0).padStart(5)}` +
        `  ${engine.describe().abstainBelowPpm.toString().padStart(9)}  ${line(eight)}  ${line(many)}  ${line(cases)}`
    )
    if (seed === 1) console.log(JSON.stringify(engine.describe()))
  }
  console.log(` all                    ${line(small)}  ${line(large)}  ${line(hard)}`)
  const put = (key: string, value: number): void => {
    figures[`${name}${key}`] = Math.round(value)
  }
  put('AnsweredPpm', (large.answered * 1_000_000) / large.answerable)
  put('CreditedCorrectPpm', (large.credited * 1_000_000) / large.answered)
  put('FalselyAnsweredPpm', (large.false * 1_000_000) / large.unanswerable)
  put('TopCreditPpm', large.topPpm / large.answered)
  put('CasesAnsweredPpm', (hard.answered * 1_000_000) / hard.answerable)
  put('CasesFalselyAnsweredPpm', (hard.false * 1_000_000) / hard.unanswerable)
  put('EightAnswered', small.answered)
  put('EightFalselyAnswered', small.false)
}
if (process.argv.includes('--json')) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const folder = new URL('./results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  const result = { commit, node: process.version, seeds: seeds.length, figures }
  await writeFile(new URL('retrieval.json', folder), `${JSON.stringify(result, null, 2)}\n`)
  console.log(JSON.stringify({ figures }))
}

interface Counts {
  answerable: number
  answered: number
  credited: number
  unanswerable: number
  false: number
  topPpm: number
}

function count(): Counts {
  return { answerable: 0, answered: 0, credited: 0, unanswerable: 0, false: 0, topPpm: 0 }
}

function add(sum: Counts, more: Counts): void {
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += more[key]
}

/** `cases` ask in words that nobody contributed: they show what the engine does not yet find. */
function line(counts: Counts): string {
  const { answerable, answered, credited, unanswerable } = counts
  return `${answered}/${answerable} answered ${credited} right ${counts.false}/${unanswerable} false`
}

async function evaluate(
  { engine, ground }: { engine: Engine; ground: AttributionGround },
  passages: readonly EnginePassage[],
  drafts: readonly SampleDraft[],
  options: Parameters<typeof sampleQuestions>[0]
): Promise<Counts> {
  const counts = count()
  const owners = new Map(
    passages.map(({ contribution, contributor }) => [contribution, contributor])
  )
  for (const question of sampleQuestions(options, drafts)) {
    const { text, outcome } = await ask(engine, question.text)
    const [top] = coverageCredits(ground.attribute(text), owners)
    const source = passages.find(({ contribution }) => contribution === top?.contribution)
    const right = source?.sourceUrl === question.sourceUrl
    const answered = outcome.outcome === 'answered'
    if (question.answerable) {
      counts.answerable++
      counts.answered += Number(answered)
      counts.credited += Number(answered && right)
      if (answered) counts.topPpm += top?.ppm ?? 0
    } else {
      counts.unanswerable++
      counts.false += Number(answered)
    }
    const wrong = question.answerable ? !(answered && right) : answered
    if (process.argv.includes('--show') && wrong) {
      console.log(`   ${question.answerable ? 'MISSED' : 'FALSE'} ${question.text}\n     → ${text}`)
    }
  }
  return counts
}

async function ask(
  engine: Engine,
  question: string
): Promise<{ text: string; outcome: EngineOutcome }> {
  const chunks = engine.generate({ messages: [{ role: 'user', content: question }] }, { signal })
  let text = ''
  for (;;) {
    const { done, value } = await chunks.next()
    if (done === true) return { text, outcome: value }
    text += value.text
  }
}

function toPassage(draft: SampleDraft): EnginePassage {
  return {
    contribution: `${cidOf(encodeCanonical(draft))}`,
    contributor: `0x${Buffer.from(sha256(Buffer.from(draft.author)).subarray(0, 20)).toString('hex')}`,
    title: draft.title,
    text: draft.text,
    sourceUrl: draft.sourceUrl
  }
}
