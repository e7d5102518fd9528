// npx node test/bench/contracts-invariants.ts [--write]; --write keeps results/contracts-invariants.json
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What `npm run test:contracts` went through, and how long it took. */
interface InvariantFigures {
  /** Sequences of actions, and how many actions each has; the laws are looked at after every one. */
  readonly runs: number
  readonly depth: number
  readonly calls: number
  /** A handler that reverts fails the run: there is none, or there are no figures. */
  readonly reverts: 0
  /** Examples of each law of vouchers. */
  readonly fuzzRuns: number
  readonly tests: number
  readonly seconds: number
  readonly commit: string
}

/** Runs the long contract suite; throws an Error with its output unless all of it passes. */
async function measure(): Promise<InvariantFigures> {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  const asked = (name: string): number =>
    Number(new RegExp(`${name}=(\\d+)`).exec(scripts['test:contracts'])?.[1])
  const [runs, depth, fuzzRuns] = [
    asked('DATANET_INVARIANT_RUNS'),
    asked('DATANET_INVARIANT_DEPTH'),
    asked('DATANET_FUZZ_RUNS')
  ] as const
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT })
  const startedMs = performance.now()
  const said = await new Promise<string>((resolve, reject) => {
    const child = spawn('npm', ['run', 'test:contracts'], { cwd: ROOT })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part) => {
        text += part
      })
    }
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(text))))
  })
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  const [, done] = /invariant_corridor\(\) \(runs: (\d+)\)/.exec(said) ?? []
  const [, tests] = /(\d+) passing/.exec(said) ?? []
  if (Number(done) !== runs || tests === undefined) throw new Error(said)
  const figures = { runs, depth, calls: runs * depth, reverts: 0, fuzzRuns } as const
  return { ...figures, tests: Number(tests), seconds, commit: String(commit).trim() }
}

const figures = await measure()
console.log(JSON.stringify(figures))
if (process.argv.includes('--write')) {
  const file = new URL('results/contracts-invariants.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
}
