import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DAEMON_FILE, type DaemonFile, readDaemonFile } from '../../api/daemon-file.ts'
import { refusal } from '../../api/problem.ts'
import { isAlive } from './stop.ts'
import { shellWord, whoseOf } from './whose.ts'

/** Where a command may find its peer. */
export interface Places {
  /** The data directory that was named, or else the usual one. */
  readonly dataDir: string
  /** Whether it was named, by a flag or by the environment. */
  readonly isNamed: boolean
  /** The data directory of the peer that was started last. */
  readonly last?: string | undefined
}

/** A peer, and the data directory it runs on. */
export interface Found {
  readonly dataDir: string
  readonly daemon: DaemonFile
  /** The data directory of another peer that runs and could have been meant. */
  readonly other?: string
}

/**
 * The peer of the directory that was named; where none was, that of the usual one, and else the one
 * that was started last. Refuses where neither is there (PEER_UNREACHABLE).
 */
export function findPeer({ dataDir, isNamed, last }: Places): Found {
  const usual = resolve(dataDir)
  if (isNamed) {
    if (!existsSync(join(usual, DAEMON_FILE))) throw nothingRuns(usual, isNamed)
    return { dataDir: usual, daemon: readDaemonFile(usual) }
  }
  const other = last === undefined || resolve(last) === usual ? undefined : resolve(last)
  const places = [usual, ...(other === undefined ? [] : [other])]
  const runs = places.filter(isRunning)
  // One that was killed left its file: asking it says so.
  const chosen = runs[0] ?? places.find((place) => existsSync(join(place, DAEMON_FILE)))
  if (chosen === undefined) throw nothingRuns(usual, isNamed)
  return {
    dataDir: chosen,
    daemon: readDaemonFile(chosen),
    ...(runs[1] === undefined ? {} : { other: runs[1] })
  }
}

/**
 * The peer to stop: only ever the one of the directory that was named, or else of the usual one.
 * Refuses where none runs there, and names the one that was started last (PEER_UNREACHABLE).
 */
export function findPeerToStop({ dataDir, isNamed, last }: Places): Found {
  const usual = resolve(dataDir)
  if (existsSync(join(usual, DAEMON_FILE))) {
    const daemon = readDaemonFile(usual)
    if (isNamed || isAlive(daemon.pid)) return { dataDir: usual, daemon }
  }
  if (last === undefined || resolve(last) === usual || !isRunning(last)) {
    throw nothingRuns(usual, isNamed)
  }
  const hint =
    `nothing runs on ${usual}; a peer runs on ${resolve(last)}: ` +
    `npx datanet peer stop --data-dir ${shellWord(resolve(last))}`
  throw refusal('PEER_UNREACHABLE', { dataDir: usual, running: resolve(last) }, { hint })
}

function isRunning(dataDir: string): boolean {
  try {
    return isAlive(readDaemonFile(dataDir).pid)
  } catch {
    return false
  }
}

function nothingRuns(dataDir: string, isNamed: boolean): Error {
  const hint = existsSync(join(dataDir, 'config.json'))
    ? `the peer of ${dataDir} does not run: npx datanet peer start --background${whoseOf(isNamed ? dataDir : undefined)}`
    : 'no peer runs here: npx datanet init sets one up, datanet peer start runs one'
  return refusal('PEER_UNREACHABLE', { dataDir }, { hint })
}
