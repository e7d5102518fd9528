// npm run bench:attribution [-- --json] [--write] [--half tune]: how right credits are, and what
// attacks on them bring, each figure beside its baseline and what it must reach; by texts that
// bench:models installs. --write keeps test/bench/results/attribution.json
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { attackFigures, measureAttacks } from './attribution/attacks.ts'
import { conservationFailures, costMs, longRun, replayMismatches } from './attribution/books.ts'
import { measureGold } from './attribution/gold.ts'
import { measureHeads } from './attribution/heads.ts'
import { measureSpans } from './attribution/spans.ts'
import { cachedEmbedder } from './models/cached-embedder.ts'
import { benchSets } from './models/sets.ts'
import { splitOf } from './models/split.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    half: { type: 'string', default: 'test' }
  }
})
const half = options.half === 'tune' ? 'tune' : 'test'
const cwd = join(import.meta.dirname, 'models/sources')
if (!existsSync(join(cwd, 'node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd, stdio: 'inherit' })
}
const sets = benchSets().filter(({ passages }) => passages.length > 50)
const attacked = sets.filter(({ name }) => ['weaknesses', 'features', 'speeches'].includes(name))
const foreign = sets.filter(({ name }) => name === 'weaknesses' || name === 'features')

const gold = { answered: 0, gold: 0, first: 0, found: 0 }
for (const set of sets) {
  const one = await measureGold(set, half)
  console.log(set.name, one)
  for (const key of ['answered', 'gold', 'first', 'found'] as const) gold[key] += one[key]
}
const attacks = []
for (const set of attacked) attacks.push(...(await measureAttacks(set, half)))
for (const { name, before, owner, copied } of attacks) {
  console.log(name.padEnd(12), before.toFixed(2), owner.toFixed(2), copied.toFixed(2))
}
const attack = attackFigures(attacks)
const spans = measureSpans(foreign, (id) => splitOf('spans', id, 0).half === half)
const heads = await measureHeads(await cachedEmbedder(), half)
const fairness = longRun()
const cost = costMs(10_000)

const figures: Record<string, number> = {
  goldShare: gold.gold / gold.answered,
  goldFirst: gold.first / gold.answered,
  goldShareUniform: gold.found / gold.answered,
  ...attack,
  ...spans,
  ...heads,
  conservationFailures: conservationFailures(),
  misallocated: fairness.misallocated,
  starved: fairness.starved,
  replayMismatches: replayMismatches(attacked[0] as (typeof sets)[0]),
  costMs10k: cost.costMs,
  groundMs10k: cost.readMs
}

/** Name, what it must reach, and what it is measured beside. */
const ROWS: ReadonlyArray<readonly [figure: string, must: string, beside: string]> = [
  ['goldShare', '≥ 0.75', 'goldShareUniform'],
  ['goldFirst', '', ''],
  ['plantedRecallDisplay', '≥ 0.98', ''],
  ['plantedRecallPay', '≥ 0.99', ''],
  ['falseCreditShare', '≤ 0.003', 'falseUnfilteredShare'],
  ['spanP50Ms', '≤ 1', ''],
  ['spanP95Ms', '≤ 5', ''],
  ['duplicateGain', '≤ 1.00', ''],
  ['victimKeeps', '≥ 0.99', 'victimKeepsSynonyms'],
  ['sybilGain', '≤ 1.05', ''],
  ['launderingShare', '≤ 0.30', ''],
  ['looError', '≤ 1e-9', ''],
  ['ldsHeads', '≥ 0.94', 'ldsHeadsCosine'],
  ['ldsKnn', '≥ 0.72', 'ldsKnnCosine'],
  ['outlierGain', '≤ 1.2', 'outlierGainUnbounded'],
  ['junkAuc', '≥ 0.96', 'junkAucResidual'],
  ['conservationFailures', '0', ''],
  ['misallocated', '≤ 0.01', ''],
  ['starved', '0', ''],
  ['replayMismatches', '0', ''],
  ['costMs10k', '≤ 15', '']
]
const shown = (name: string): string => {
  const value = figures[name]
  return value === undefined ? '' : `${Number(value.toPrecision(4))}`
}
for (const [name, must, beside] of ROWS) {
  const next = beside === '' ? '' : `${beside} ${shown(beside)}`
  console.log(`${name.padEnd(22)}${shown(name).padStart(12)}  ${must.padEnd(9)}${next}`)
}
if (options.write === true) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const path = join(import.meta.dirname, 'results/attribution.json')
  writeFileSync(
    path,
    `${JSON.stringify({ commit, node: process.version, half, figures }, null, 2)}\n`
  )
}
if (options.json === true) console.log(JSON.stringify({ figures }))
