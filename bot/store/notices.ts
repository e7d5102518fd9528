import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'
import type { Sealer } from './sealer.ts'

/** Something that a member is to know, wherever they are told. */
export interface Notice {
  readonly id: number
  readonly atMs: number
  readonly text: string
  readonly isRead: boolean
}

/** What members find in `/inbox`: results that came too late for Discord, outcomes, changes. */
export interface Notices {
  /** Once for each `key`: the same news twice is no news. */
  put(user: string, key: string, text: string): void
  /** The newest first. */
  of(user: string, limit: number): readonly Notice[]
  unread(user: string): number
  markRead(user: string): void
  forget(user: string): void
}

/** So many a member; older ones go. */
const MAX = 200

const TABLES = `
CREATE TABLE notice (
  id INTEGER PRIMARY KEY,
  user TEXT NOT NULL,
  key TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  isRead INTEGER NOT NULL DEFAULT 0,
  text BLOB NOT NULL,
  UNIQUE (user, key)
) STRICT;
`

/** The notices in `database`, their texts sealed. */
export function createNotices(database: BotDatabase, sealer: Sealer, clock: Clock): Notices {
  database.migrate('notices', [TABLES])
  return {
    put(user, key, text) {
      database.transaction(() => {
        database.run(
          'INSERT INTO notice (user, key, atMs, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          ...[user, key, clock.now(), sealer.seal(text)]
        )
        database.run(
          `DELETE FROM notice WHERE user = ? AND id NOT IN
             (SELECT id FROM notice WHERE user = ? ORDER BY id DESC LIMIT ${MAX})`,
          ...[user, user]
        )
      })
    },
    of: (user, limit) =>
      database
        .all('SELECT * FROM notice WHERE user = ? ORDER BY id DESC LIMIT ?', user, limit)
        .map(({ id, atMs, isRead, text }) => ({
          id: Number(id),
          atMs: Number(atMs),
          isRead: isRead === 1,
          text: String(sealer.open(text as Uint8Array) ?? '(unreadable)')
        })),
    unread: (user) =>
      Number(
        database.get('SELECT count(*) AS n FROM notice WHERE user = ? AND isRead = 0', user)?.n
      ),
    markRead(user) {
      database.run('UPDATE notice SET isRead = 1 WHERE user = ? AND isRead = 0', user)
    },
    forget(user) {
      database.run('DELETE FROM notice WHERE user = ?', user)
    }
  }
}
