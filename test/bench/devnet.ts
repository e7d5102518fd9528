// The whole loop as npm start runs it, over three seeds:
// npx node test/bench/devnet.ts [--json] [--write]; --write keeps test/bench/results/devnet.json
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SEEDS = [1, 2, 3]
const root = join(import.meta.dirname, '..', '..')
const launch = join(root, 'peer', 'faces', 'cli', 'launch.js')

interface Run {
  readonly seed: number
  readonly calls: number
  readonly answered: number
  readonly abstained: number
  readonly creditedCorrect: number
  /** Questions that the Datanet cannot answer, and how many of them it answered all the same. */
  readonly unanswerable: number
  readonly falselyAnswered: number
  readonly conserved: boolean
  readonly durationMs: number
}

const runs = SEEDS.map((seed): Run => {
  const args = [launch, 'devnet', '--once', '--json', '--seed', String(seed)]
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024
  })
  if (status !== 0) throw new Error(`seed ${seed} ended with ${status}: ${stdout.slice(-500)}`)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const unanswerable = lines.filter(
    ({ step, drawn }) => step === 'asked' && drawn?.isAnswerable === false
  )
  const { calls, answered, abstained, creditedCorrect, conserved, durationMs } = lines.at(-1)
  return {
    seed,
    calls,
    answered,
    abstained,
    creditedCorrect,
    unanswerable: unanswerable.length,
    falselyAnswered: unanswerable.filter(({ answer }) => answer.receipt.outcome !== 'abstained')
      .length,
    conserved,
    durationMs
  }
})

const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0)
const durations = runs.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
const figures = {
  calls: sum((run) => run.calls),
  answered: sum((run) => run.answered),
  creditedCorrect: sum((run) => run.creditedCorrect),
  unanswerable: sum((run) => run.unanswerable),
  falselyAnswered: sum((run) => run.falselyAnswered),
  conserved: runs.filter((run) => run.conserved).length,
  medianMs: durations[Math.floor(durations.length / 2)] ?? 0
}
console.table(runs)
if (process.argv.includes('--write')) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8'
  })
  const result = { commit: commit.trim(), node: process.version, seeds: SEEDS, figures }
  const file = join(import.meta.dirname, 'results', 'devnet.json')
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ figures }))
