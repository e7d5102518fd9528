import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatanetError } from '../protocol/base/errors.ts'

/**
 * Holds `dataDir`, made where it is not, for this daemon until released. The system ends the lock with
 * the process, however it ends, so that nothing stale can block a start. Refuses a directory that
 * cannot be written and one that another daemon holds (CONFIG_INVALID).
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const db = openLock(dataDir)
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    const hint = `another daemon runs on ${dataDir}`
    throw new DatanetError('CONFIG_INVALID', { dataDir, running: true }, { cause, hint })
  }
  return { release: () => db.close() }
}

function openLock(dataDir: string): DatabaseSync {
  const file = join(dataDir, 'daemon.lock')
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    // Whoever can read it can hold it, and so keep the peer from starting.
    closeSync(openSync(file, 'a', 0o600))
    return new DatabaseSync(file, { timeout: 0 })
  } catch (cause) {
    const hint = `${dataDir} cannot be written: choose another with --data-dir`
    throw new DatanetError('CONFIG_INVALID', { key: 'dataDir' }, { cause, hint })
  }
}
