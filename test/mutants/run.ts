// Takes one defence after the other out of a copy of the code and runs the tests that must notice:
//   npm run test:mutants -- [--only name,name] [--part 1/4] [--list] [--json]
// Exits with 1 when a mutant survives, does not apply any more, or its tests are red without it.
import { parseArgs } from 'node:util'
import { CONTRACT_MUTANTS } from './contracts.ts'
import type { Mutant } from './mutant.ts'
import { PEER_MUTANTS } from './peers.ts'
import { REVIEW_MUTANTS } from './reviews.ts'
import { RULE_MUTANTS } from './rules.ts'
import { createScratch, type Scratch } from './scratch.ts'

type Verdict = 'killed' | 'survived' | 'broken'

interface Result {
  readonly name: string
  readonly file: string
  readonly verdict: Verdict
  readonly seconds: number
  readonly why: string
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    part: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false }
  }
})

const ALL: readonly Mutant[] = [
  ...CONTRACT_MUTANTS,
  ...RULE_MUTANTS,
  ...PEER_MUTANTS,
  ...REVIEW_MUTANTS
]
const say = (line: string) => process.stderr.write(`${line}\n`)

/** The mutants that were asked for: all, some by name, or every n-th. */
function chosen(): readonly Mutant[] {
  const { only, part } = options
  const names = only?.split(',')
  if (names !== undefined) return ALL.filter(({ name }) => names.includes(name))
  if (part === undefined) return ALL
  const [, at, of] = /^(\d+)\/(\d+)$/.exec(part) ?? []
  if (at === undefined || of === undefined) throw new Error('--part is like 1/4')
  return ALL.filter((_, index) => index % Number(of) === Number(at) - 1)
}

/** What is red, or is not there, without any mutant: it would prove nothing. By name of the mutant. */
async function withoutAny(
  scratch: Scratch,
  mutants: readonly Mutant[]
): Promise<ReadonlyMap<string, string>> {
  const whole = mutants.filter(({ only }) => only === undefined)
  const named = mutants.filter(({ only }) => only !== undefined)
  const useless = new Map<string, string>()
  for (const group of [whole, named]) {
    if (group.length === 0) continue
    const files = [...new Set(group.flatMap(({ tests }) => tests))]
    const { passed, failed, broken } = await scratch.test(
      files,
      group.flatMap(({ only }) => only ?? [])
    )
    for (const { name, tests, only = '' } of group) {
      const isOwn = (line: string) =>
        tests.some((file) => line.startsWith(file)) && line.includes(only)
      const red = [...failed.filter(isOwn), ...broken.filter((file) => tests.includes(file))]
      if (red.length > 0) useless.set(name, `red without it: ${red.join('; ')}`)
      else if (!passed.some(isOwn)) useless.set(name, `no such test: ${only}`)
    }
  }
  return useless
}

async function tryOne(scratch: Scratch, mutant: Mutant): Promise<Omit<Result, 'seconds'>> {
  const { name, file, tests, only } = mutant
  try {
    await scratch.apply(mutant)
    const { failed, passed, broken } = await scratch.test(tests, only === undefined ? [] : [only])
    const [first] = failed
    if (first !== undefined) return { name, file, verdict: 'killed', why: first }
    if (broken.length > 0) return { name, file, verdict: 'broken', why: 'the tests could not run' }
    return { name, file, verdict: 'survived', why: `${passed.length} tests passed all the same` }
  } catch (error) {
    return { name, file, verdict: 'broken', why: String(error) }
  } finally {
    scratch.restore(mutant)
  }
}

async function main(): Promise<void> {
  const mutants = chosen()
  if (options.list) return mutants.forEach(({ name, file }) => void say(`${name}\t${file}`))
  if (mutants.length === 0) throw new Error(`no mutant is called ${options.only ?? options.part}`)
  const startedMs = performance.now()
  const scratch = createScratch(process.cwd())
  const stop = () => {
    scratch.remove()
    process.exit(130)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const results: Result[] = []
  try {
    say(`the tests of ${mutants.length} mutants, without any of them …`)
    const useless = await withoutAny(scratch, mutants)
    for (const mutant of mutants) {
      const atMs = performance.now()
      const { name, file } = mutant
      const why = useless.get(name)
      const result =
        why === undefined
          ? await tryOne(scratch, mutant)
          : { name, file, verdict: 'broken' as const, why }
      const seconds = Math.round((performance.now() - atMs) / 100) / 10
      results.push({ ...result, seconds })
      const place = `${results.length}`.padStart(`${mutants.length}`.length)
      say(`${place}/${mutants.length}  ${mutant.name.padEnd(28)} ${result.verdict}  ${seconds} s`)
    }
  } finally {
    scratch.remove()
  }
  const bad = results.filter(({ verdict }) => verdict !== 'killed')
  for (const { name, file, verdict, why } of bad) say(`\n${verdict}: ${name} in ${file}\n  ${why}`)
  const killed = results.length - bad.length
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  if (!options.json) console.log(tableOf(results))
  console.log(
    options.json
      ? JSON.stringify({ mutants: results.length, killed })
      : `${killed} of ${results.length} mutants killed in ${seconds} s`
  )
  process.exitCode = bad.length > 0 ? 1 : 0
}

/** Per file how many of its mutants were killed. */
function tableOf(results: readonly Result[]): string {
  const files = Map.groupBy(results, ({ file }) => file)
  return [...files]
    .map(([file, all]) => {
      const killed = all.filter(({ verdict }) => verdict === 'killed').length
      return `${`${killed}/${all.length}`.padStart(6)}  ${file}`
    })
    .join('\n')
}

await main()
