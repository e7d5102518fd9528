import type { Clock } from '../clock.ts'
import type { BotDatabase } from './database.ts'

/** That an author is asked to give a message of theirs; nothing of the message itself. */
export interface Permission {
  readonly id: string
  readonly guild: string
  readonly channel: string
  readonly message: string
  readonly author: string
  readonly invoker: string
  readonly datanet: string
  readonly createdAtMs: number
}

/** Authors who are asked, and those who were. */
export interface Permissions {
  /**
   * Asks once: not for a message that was asked for before, not while the author is asked for another
   * one, and three times an hour for each who asks. Why not, or nothing.
   */
  ask(
    permission: Omit<Permission, 'createdAtMs'>
  ): 'asked before' | 'author busy' | 'too many' | undefined
  /** While it can still be answered. */
  find(id: string): Permission | undefined
  close(id: string): void
  forget(author: string): void
}

const HOUR_MS = 3_600_000
const PER_HOUR = 3
/** After that it is as if it had never been asked. */
const LIFE_MS = 7 * 86_400_000

const TABLES = `
CREATE TABLE permission (
  id TEXT PRIMARY KEY,
  guild TEXT NOT NULL,
  channel TEXT NOT NULL,
  message TEXT NOT NULL UNIQUE,
  author TEXT NOT NULL,
  invoker TEXT NOT NULL,
  datanet TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  isOpen INTEGER NOT NULL DEFAULT 1
) STRICT;
`

/** The permissions that are asked for, in `database`. */
export function createPermissions(database: BotDatabase, clock: Clock): Permissions {
  database.migrate('permissions', [TABLES])
  const expire = () =>
    database.run('DELETE FROM permission WHERE createdAtMs < ?', clock.now() - LIFE_MS)

  return {
    ask: ({ id, guild, channel, message, author, invoker, datanet }) =>
      database.transaction(() => {
        expire()
        const has = (where: string, ...values: (string | number)[]) =>
          Number(database.get(`SELECT count(*) AS n FROM permission WHERE ${where}`, ...values)?.n)
        if (has('message = ?', message) > 0) return 'asked before'
        if (has('author = ? AND isOpen = 1', author) > 0) return 'author busy'
        const now = clock.now()
        if (has('invoker = ? AND createdAtMs > ?', invoker, now - HOUR_MS) >= PER_HOUR) {
          return 'too many'
        }
        database.run(
          `INSERT INTO permission (id, guild, channel, message, author, invoker, datanet, createdAtMs)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[id, guild, channel, message, author, invoker, datanet, now]
        )
        return undefined
      }),
    find(id) {
      expire()
      const row = database.get('SELECT * FROM permission WHERE id = ? AND isOpen = 1', id)
      return row as unknown as Permission | undefined
    },
    close(id) {
      database.run('UPDATE permission SET isOpen = 0 WHERE id = ?', id)
    },
    forget(author) {
      database.run('DELETE FROM permission WHERE author = ? OR invoker = ?', author, author)
    }
  }
}
