import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DaemonFile, readDaemonFile } from '../../api/daemon-file.ts'
import { fromProblem } from '../../api/from-problem.ts'
import { refusal } from '../../api/problem.ts'

const LAUNCH = join(import.meta.dirname, 'launch.js')
/** A chain of its own with its contracts takes seconds, on a slow machine a few more. */
const START_MS = 60_000
const LOOK_MS = 50
const MAX_SAID = 200

/** The name of its log in the data directory of a peer that was started in the background. */
export const PEER_LOG = 'peer.log'

/**
 * Starts a peer on `dataDir` that outlives this process, and resolves when it answers; `flags` are
 * those of `peer start`. Its output is added to `peer.log`. Refuses what the peer itself ended with,
 * by its code, and one that is not up within a minute (PEER_SILENT); nothing is left running then.
 */
export async function startInBackground(
  dataDir: string,
  options: { readonly signal: AbortSignal; readonly flags?: readonly string[] }
): Promise<DaemonFile> {
  const file = join(dataDir, PEER_LOG)
  const log = openLog(dataDir, file)
  const before = statSync(file).size
  const words = [
    'peer',
    'start',
    '--behind',
    '--json',
    '--data-dir',
    dataDir,
    ...(options.flags ?? [])
  ]
  // In the folder that it is started from: relative paths of environment and file mean the same.
  const child = spawn(process.execPath, [LAUNCH, ...words], {
    detached: true,
    stdio: ['ignore', log, log]
  })
  closeSync(log)
  const ended = Promise.withResolvers<void>()
  child.once('exit', () => ended.resolve())
  child.once('error', () => ended.resolve())
  const isOver = () =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const lines = () =>
    readFileSync(file).subarray(before).toString().split('\n').filter(Boolean).map(parsed)
  const untilMs = performance.now() + START_MS
  try {
    for (;;) {
      if (lines().some((line) => line?.dataDir === dataDir && line.pid === child.pid)) break
      if (isOver()) throw reasonOf(lines(), file)
      if (performance.now() > untilMs) {
        throw refusal('PEER_SILENT', { log: file }, { hint: `the peer is not up; see ${file}` })
      }
      await sleep(LOOK_MS, undefined, { signal: options.signal })
    }
  } catch (error) {
    if (!isOver()) {
      child.kill('SIGTERM')
      await ended.promise
    }
    throw error
  }
  child.unref()
  return readDaemonFile(dataDir)
}

function openLog(dataDir: string, file: string): number {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    return openSync(file, 'a', 0o600)
  } catch (cause) {
    const hint = `${dataDir} cannot be written: choose another with --data-dir`
    throw refusal('CONFIG_INVALID', { key: 'dataDir' }, { cause, hint })
  }
}

type Line = Readonly<Record<string, unknown>> | undefined

function parsed(line: string): Line {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Why it ended, in its own last words. */
function reasonOf(lines: readonly Line[], file: string): Error {
  const said = lines.findLast((line) => line?.step === 'error')
  if (said !== undefined) return fromProblem(said.error, file)
  // Then it could not even say so.
  if (isFull(file)) {
    const hint = `no space is left on the disk of ${dirname(file)}`
    return refusal('STORE_FAILED', { log: file }, { hint })
  }
  const [last] = readFileSync(file, 'utf8').trim().split('\n').slice(-1)
  const why = last ? `: ${last.slice(0, MAX_SAID)}` : ''
  return refusal('PEER_GONE', { log: file }, { hint: `the peer ended at once${why}; see ${file}` })
}

function isFull(file: string): boolean {
  try {
    return statfsSync(file).bavail === 0
  } catch {
    return false
  }
}
