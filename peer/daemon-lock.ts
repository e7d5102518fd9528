import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatanetError } from '../protocol/base/errors.ts'

/**
 * Holds `dataDir` for this daemon until released. The system ends the lock with the process, however
 * it ends, so that nothing stale can block a start. Refuses a directory that another daemon holds
 * (CONFIG_INVALID).
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const db = new DatabaseSync(join(dataDir, 'daemon.lock'), { timeout: 0 })
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    const hint = `another daemon runs on ${dataDir}`
    throw new DatanetError('CONFIG_INVALID', { dataDir, running: true }, { cause, hint })
  }
  return { release: () => db.close() }
}
