import type { Database } from './database.ts'

/** By which way this peer last paid into each channel, and how far it has counted its orders. */
export interface FundingStore {
  set(channelId: string, way: string): void
  of(channelId: string): string | undefined
  /** The number of the next order, given out once: the one after the last, or what `draw` gives first. */
  takeNonce(draw: () => bigint): bigint
  /** Forgets how far it was counted: somebody with this peer's key has counted on. */
  forgetNonce(): void
}

/** The funding table of `db`. */
export function createFundingStore(db: Database): FundingStore {
  db.migrate('funding', [
    'CREATE TABLE funded (channel TEXT PRIMARY KEY, way TEXT NOT NULL) STRICT',
    'CREATE TABLE order_nonce (only INTEGER PRIMARY KEY CHECK (only = 1), next TEXT NOT NULL) STRICT'
  ])
  return {
    set(channelId, way) {
      db.run('INSERT OR REPLACE INTO funded VALUES (?, ?)', channelId, way)
    },
    of(channelId) {
      const row = db.get('SELECT way FROM funded WHERE channel = ?', channelId)
      return row === undefined ? undefined : String(row.way)
    },
    takeNonce: (draw) =>
      db.transaction(() => {
        const row = db.get('SELECT next FROM order_nonce')
        const nonce = row === undefined ? draw() : BigInt(String(row.next))
        db.run('INSERT OR REPLACE INTO order_nonce VALUES (1, ?)', `${nonce + 1n}`)
        return nonce
      }),
    forgetNonce: () => void db.run('DELETE FROM order_nonce')
  }
}
