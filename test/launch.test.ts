import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const launcher = 'peer/faces/cli/launch.js'
const brought = dirname(dirname(process.execPath))
const oldNode = findOldNode()
const places: string[] = []

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true })
})

/** A Node older than 24 on the PATH, such as the system's; npm puts ours before it. */
function findOldNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((node) => existsSync(node))
    .find((node) => {
      const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      return Number.parseInt(version, 10) < 24
    })
}

/** A place with the real launcher, a small main.ts, and the brought Node unless it is hidden. */
function place({ hidden }: { hidden: boolean }): string {
  const home = mkdtempSync(join(tmpdir(), 'datanet-launch-'))
  places.push(home)
  mkdirSync(join(home, 'node_modules'))
  writeFileSync(join(home, 'package.json'), '{"type":"module"}')
  copyFileSync(join(root, launcher), join(home, 'launch.js'))
  writeFileSync(
    join(home, 'main.ts'),
    `const major: number = Number.parseInt(process.versions.node, 10)
const [first, ...rest] = process.argv.slice(2)
if (first === 'exit') process.exitCode = Number(rest[0])
if (first === 'wait') {
  setInterval(() => {}, 1_000)
  if (rest[0] !== undefined) process.on(rest[0], () => process.exit(7))
}
console.log(JSON.stringify({ major, first, rest }))
`
  )
  const bringing = join(home, 'node_modules', packageName())
  if (!hidden) symlinkSync(brought, bringing, 'dir')
  else {
    // An empty package of that name, since a folder above the temporary one may hold a real one.
    mkdirSync(bringing)
    writeFileSync(join(bringing, 'package.json'), '{}')
  }
  return join(home, 'launch.js')
}

function packageName(): string {
  const { name } = JSON.parse(
    execFileSync(process.execPath, ['-p', `JSON.stringify(require('./package.json'))`], {
      cwd: brought,
      encoding: 'utf8'
    })
  )
  return name
}

async function ended(child: ChildProcess) {
  const [out, err, [code, signal]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'exit')
  ])
  return { out, err, code, signal }
}

const run = (node: string, args: readonly string[]) =>
  spawn(node, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })

test('under a Node that is new enough it becomes the program itself', async () => {
  const { out, code } = await ended(run(process.execPath, [place({ hidden: true }), 'exit', '3']))
  expect(JSON.parse(out)).toMatchObject({ first: 'exit', rest: ['3'] })
  expect(code).toBe(3)
})

const onOldNode = test.skipIf(oldNode === undefined)
const old = oldNode ?? ''

onOldNode('an old Node hands over to the brought one, with arguments and exit code', async () => {
  const { out, code } = await ended(run(old, [place({ hidden: false }), 'exit', '5', 'a b']))
  expect(JSON.parse(out)).toMatchObject({ first: 'exit', rest: ['5', 'a b'] })
  expect(JSON.parse(out).major).toBeGreaterThanOrEqual(24)
  expect(code).toBe(5)
})

onOldNode('without the brought Node an old one says in one line what to install', async () => {
  const { out, err, code } = await ended(run(old, [place({ hidden: true }), 'exit', '0']))
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(err.trim().split('\n')).toHaveLength(1)
  expect(err).toMatch(/needs Node 24 or newer .*nodejs\.org/)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  onOldNode(`${signal} reaches the program, which may finish in its own way`, async () => {
    const child = run(old, [place({ hidden: false }), 'wait', signal])
    child.stdout?.once('data', () => child.kill(signal))
    expect(await ended(child)).toMatchObject({ code: 7, signal: null })
  })
}

onOldNode('a program that a signal ended is seen as ended by it', async () => {
  const child = run(old, [place({ hidden: false }), 'wait'])
  child.stdout?.once('data', () => child.kill('SIGTERM'))
  expect(await ended(child)).toMatchObject({ code: null, signal: 'SIGTERM' })
})
