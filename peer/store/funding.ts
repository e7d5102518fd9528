import type { Database } from './database.ts'

/** By which way this peer last paid into each channel. */
export interface FundingStore {
  set(channelId: string, way: string): void
  of(channelId: string): string | undefined
}

/** The funding table of `db`. */
export function createFundingStore(db: Database): FundingStore {
  db.migrate('funding', [
    'CREATE TABLE funded (channel TEXT PRIMARY KEY, way TEXT NOT NULL) STRICT'
  ])
  return {
    set(channelId, way) {
      db.run('INSERT OR REPLACE INTO funded VALUES (?, ?)', channelId, way)
    },
    of(channelId) {
      const row = db.get('SELECT way FROM funded WHERE channel = ?', channelId)
      return row === undefined ? undefined : String(row.way)
    }
  }
}
