import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Mutant } from './mutant.ts'

/** What a run of tests came to. */
export interface Outcome {
  /** The tests that passed and that failed, each as its file and its name. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** Files that could not run at all: that says nothing about a defence. */
  readonly broken: readonly string[]
}

/** A copy of the working tree in which code is broken on purpose; the tree itself is never touched. */
export interface Scratch {
  /** Puts the mutant in place, contracts compiled again. Throws when it does not apply exactly once. */
  apply(mutant: Mutant): Promise<void>
  /** Takes it out again. */
  restore(mutant: Mutant): void
  /** Runs tests of the files whose names contain one of `only`; all of them for none. */
  test(files: readonly string[], only: readonly string[]): Promise<Outcome>
  remove(): void
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly fullName: string
    }>
  }>
}

const BUILT = 'protocol/contracts/abi'

/** A scratch copy of the tree at `root`: what git tracks and what it would, and the packages by a link. */
export function createScratch(root: string): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'datanet-mutants-'))
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 67_108_864
  })
  for (const path of new Set(listed.split('\0'))) {
    if (path === '' || path === 'node_modules') continue
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    // A file that was deleted and not committed is listed and not there.
    cpSync(join(root, path), join(dir, path), {
      force: true,
      errorOnExist: false,
      recursive: false
    })
  }
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))

  function run(args: readonly string[], limitMs: number): Promise<{ code: number; said: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...args], { cwd: dir, timeout: limitMs })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (part) => {
          said = `${said}${part}`.slice(-20_000)
        })
      }
      child.on('error', reject)
      child.on('close', (code) => resolve({ code: code ?? 1, said }))
    })
  }

  return {
    async apply({ name, file, find, replace }) {
      const path = join(dir, file)
      const source = readFileSync(path, 'utf8')
      const times = source.split(find).length - 1
      if (times !== 1) throw new Error(`${name} does not apply: its text stands ${times} times`)
      writeFileSync(
        path,
        source.replace(find, () => replace)
      )
      if (!file.endsWith('.sol')) return
      const { code, said } = await run(['protocol/contracts/build.ts'], 300_000)
      if (code !== 0) throw new Error(`${name} does not compile: ${said.slice(-600)}`)
    },
    restore({ file }) {
      cpSync(join(root, file), join(dir, file))
      if (file.endsWith('.sol')) cpSync(join(root, BUILT), join(dir, BUILT), { recursive: true })
    },
    async test(files, only) {
      const out = join(dir, 'mutant-report.json')
      rmSync(out, { force: true })
      const names = only.length === 0 ? [] : ['-t', only.map(escaped).join('|')]
      const config = ['--config', 'vitest.mutants.config.ts']
      const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...config, ...files, ...names]
      const { said } = await run(
        // Patient with a busy machine: a world that does not come up in time is no verdict.
        [
          ...vitest,
          ...['--reporter=json', `--outputFile=${out}`],
          ...['--testTimeout=60000', '--hookTimeout=240000']
        ],
        900_000
      )
      let report: Report
      try {
        report = JSON.parse(readFileSync(out, 'utf8'))
      } catch (cause) {
        throw new Error(`the tests did not run: ${said.slice(-600)}`, { cause })
      }
      return outcomeOf(report, dir)
    },
    remove: () => rmSync(dir, { recursive: true, force: true })
  }
}

function outcomeOf({ testResults }: Report, dir: string): Outcome {
  const fileOf = (path: string) => relative(realpathSync(dir), path)
  const of = (wanted: string) =>
    testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === wanted)
        .map(({ fullName }) => `${fileOf(name)}: ${fullName}`)
    )
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((one) => one.status === 'failed')
  )
  return {
    passed: of('passed'),
    failed: of('failed'),
    broken: broken.map(({ name }) => fileOf(name))
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
