import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, test } from 'vitest'

const LAUNCH = join(import.meta.dirname, '..', '..', 'peer', 'faces', 'cli', 'launch.js')
const ONE_RUN_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'devnet-test-'))
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Line extends Record<string, unknown> {
  readonly step?: string
}

/** The devnet as a terminal starts it; its lines as they come. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [LAUNCH, 'devnet', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  running.add(child)
  const lines: Line[] = []
  const waiting = new Map<string, (line: Line) => void>()
  const exit = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number
  })
  const closed = once(
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line
      lines.push(line)
      waiting.get(line.step ?? 'summary')?.(line)
    }),
    'close'
  )
  return {
    child,
    lines,
    /** The exit code, once everything it wrote was read. */
    exit: async () => {
      await closed
      return exit
    },
    step: (name: string) =>
      Promise.race([
        new Promise<Line>((resolve) => {
          const known = lines.find(({ step }) => step === name)
          if (known !== undefined) resolve(known)
          else waiting.set(name, resolve)
        }),
        exit.then((code) => {
          throw new Error(`ended with ${code} before ${name}: ${JSON.stringify(lines.at(-1))}`)
        })
      ])
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const pidsOf = (line: Line) => (line.participants as Array<{ pid: number }>).map(({ pid }) => pid)

describe('the devnet', () => {
  test(
    'runs the whole loop on real parts, twice at once, and the money adds up on chain',
    async () => {
      const one = start('--once', '--seed', '1', '--keep', join(folder, 'kept'))
      const other = start('--once', '--seed', '2', '--question', 'Who won the cup in 1998?')
      for (const run of [one, other]) {
        expect(await run.exit()).toBe(0)
        expect(run.lines.at(-1)).toMatchObject({
          contributions: 280,
          conserved: true,
          revision: expect.stringMatching(/^bafy/)
        })
      }
      const steps = other.lines.map(({ step }) => step ?? 'summary')
      expect(steps.filter((step) => step !== 'asked')).toEqual([
        ...['world', 'participants', 'founded', 'contributed', 'reviewed', 'published'],
        ...['fetched', 'served', 'discovered', 'claimed', 'posted', 'paid', 'summary']
      ])
      const summary = one.lines.at(-1) as Record<string, number>
      expect(summary.calls).toBe(8)
      expect(summary.answered).toBeGreaterThanOrEqual(3)
      expect(summary.creditedCorrect).toBeGreaterThanOrEqual(0.8 * (summary.answered ?? 0))
      const asked = other.lines.filter(({ step }) => step === 'asked')
      for (const line of asked) {
        const isAnswerable = (line.drawn as { isAnswerable: boolean } | undefined)?.isAnswerable
        if (isAnswerable === true) continue
        expect(line).toMatchObject({ answer: { receipt: { outcome: 'abstained' } } })
      }
      expect(asked).toHaveLength(9)
      const processes = pidsOf(await one.step('participants'))
      expect(new Set(processes).size).toBe(4)
      expect(processes.filter(isAlive)).toEqual([])
      const { dir } = await other.step('world')
      expect(existsSync(String(dir))).toBe(false)
    },
    ONE_RUN_MS
  )

  test(
    'goes on in a kept world, answers at its endpoint, and ends at one Ctrl-C',
    async () => {
      const run = start('--seed', '1', '--keep', join(folder, 'kept'))
      const { url, token, networkFile } = await run.step('listening')
      expect(await run.step('world')).toMatchObject({ isKept: true })
      expect(await run.step('contributed')).toMatchObject({ contributions: 280, added: 0 })
      expect(await run.step('published')).toMatchObject({ revision: { ordinal: 1 } })
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'weakness-answers',
          messages: [{ role: 'user', content: 'Who won the football cup in 1998?' }]
        })
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('x-datanet-call-id')).toMatch(/^[0-9a-f]{32}$/)
      const joiner = spawn(
        process.execPath,
        [LAUNCH, 'join', String(networkFile), '--json', '--question', 'What is bread?'],
        { stdio: ['ignore', 'pipe', 'inherit'] }
      )
      let said = ''
      joiner.stdout.on('data', (data) => {
        said += data
      })
      await once(joiner, 'close')
      expect(JSON.parse(said)).toMatchObject({ receipt: { outcome: 'abstained' } })
      // A terminal and npm each deliver the same Ctrl-C.
      run.child.kill('SIGINT')
      run.child.kill('SIGINT')
      expect(await run.exit()).toBe(0)
      expect(pidsOf(await run.step('participants')).filter(isAlive)).toEqual([])
      expect(existsSync(`${folder}/kept/network.json`)).toBe(true)
    },
    ONE_RUN_MS
  )

  test(
    'leaves neither process nor folder behind when it is stopped half-way',
    async () => {
      const run = start('--seed', '1')
      const processes = pidsOf(await run.step('participants'))
      await run.step('founded')
      run.child.kill('SIGINT')
      expect(await run.exit()).toBe(130)
      expect(processes.filter(isAlive)).toEqual([])
      expect(existsSync(dirname(String((await run.step('world')).dir)))).toBe(true)
      expect(existsSync(String((await run.step('world')).dir))).toBe(false)
    },
    ONE_RUN_MS
  )

  test('says in one coded line what it cannot do', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const run = start('--once', '--keep', file)
    expect(await run.exit()).toBe(1)
    expect(run.lines).toEqual([
      { step: 'error', error: expect.objectContaining({ code: 'CONFIG_INVALID' }) }
    ])
  })
})
