import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'
import type { Sealer } from './sealer.ts'

/** What a member was shown and has to confirm: a price, a withdrawal; never what they wrote to give. */
export interface Pending {
  /** Its id, for the buttons; it is forgotten after `lifeMs`. */
  put(user: string, value: unknown, lifeMs: number): string
  /** While its own member can still decide. */
  get(id: string, user: string): unknown
  /** The same, and it is gone: of two clicks one has it. */
  take(id: string, user: string): unknown
}

const TABLES = `
CREATE TABLE pending (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  value BLOB NOT NULL,
  untilMs INTEGER NOT NULL
) STRICT;
`

/** What waits for a word, in `database`, sealed. */
export function createPending(database: BotDatabase, sealer: Sealer, clock: Clock): Pending {
  database.migrate('pending', [TABLES])
  const get = (id: string, user: string): unknown => {
    const row = database.get(
      'SELECT value FROM pending WHERE id = ? AND user = ? AND untilMs > ?',
      ...[id, user, clock.now()]
    )
    return row === undefined ? undefined : sealer.open(row.value as Uint8Array)
  }
  return {
    put(user, value, lifeMs) {
      const id = randomBytes(12).toString('hex')
      const now = clock.now()
      database.run('DELETE FROM pending WHERE untilMs <= ?', now)
      database.run(
        'INSERT INTO pending VALUES (?, ?, ?, ?)',
        ...[id, user, sealer.seal(value), now + lifeMs]
      )
      return id
    },
    get,
    take: (id, user) =>
      database.transaction(() => {
        const value = get(id, user)
        if (value !== undefined) database.run('DELETE FROM pending WHERE id = ?', id)
        return value
      })
  }
}
