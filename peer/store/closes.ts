import type { Database } from './database.ts'

/** Channels that this peer, as their provider, gave its word to end, and until when the word counts. */
export interface CloseStore {
  /** Must be on the disk before the word is given. */
  put(channelId: string, deadlineS: number): void
  /** The last second of the chain's clock in which the word counts; undefined when none was given. */
  deadlineOf(channelId: string): number | undefined
  remove(channelId: string): void
}

/** The table of ended channels of `db`. */
export function createCloseStore(db: Database): CloseStore {
  db.migrate('closes', [
    'CREATE TABLE given_close (channel TEXT PRIMARY KEY, deadline_s INTEGER NOT NULL) STRICT'
  ])
  // Looked at for every call: the disk is for after a restart.
  const deadlines = new Map(
    db
      .all('SELECT * FROM given_close')
      .map(({ channel, deadline_s }) => [String(channel), Number(deadline_s)])
  )
  return {
    put(channelId, deadlineS) {
      deadlines.set(channelId, deadlineS)
      db.run('INSERT OR REPLACE INTO given_close VALUES (?, ?)', channelId, deadlineS)
    },
    deadlineOf: (channelId) => deadlines.get(channelId),
    remove(channelId) {
      db.run('DELETE FROM given_close WHERE channel = ?', channelId)
      deadlines.delete(channelId)
    }
  }
}
