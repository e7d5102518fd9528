import type { Database } from './database.ts'

/** What a payer keeps of calls it made, sealed, so that their receipts can be checked again. */
export interface KeptAnswerStore {
  /** Keeps what was said in a call, in place of what is kept of it; what is `most` calls older goes. */
  put(callId: string, sealed: Uint8Array, most: number): void
  get(callId: string): Uint8Array | undefined
  each(): Iterable<{ readonly callId: string; readonly sealed: Uint8Array }>
  drop(callId: string): void
}

/** The table of kept answers in `db`. */
export function createKeptAnswerStore(db: Database): KeptAnswerStore {
  db.migrate('kept-answers', [
    `CREATE TABLE kept_answer (
       number INTEGER PRIMARY KEY, call_id TEXT NOT NULL UNIQUE, said BLOB NOT NULL) STRICT`
  ])
  return {
    put(callId, sealed, most) {
      const { lastId } = db.run(
        'INSERT OR REPLACE INTO kept_answer (call_id, said) VALUES (?, ?)',
        callId,
        sealed
      )
      db.run('DELETE FROM kept_answer WHERE number <= ?', lastId - most)
    },
    get(callId) {
      const row = db.get('SELECT said FROM kept_answer WHERE call_id = ?', callId)
      return row?.said as Uint8Array | undefined
    },
    *each() {
      for (const { number } of db.all('SELECT number FROM kept_answer ORDER BY number')) {
        const row = db.get('SELECT * FROM kept_answer WHERE number = ?', Number(number))
        if (row === undefined) continue
        yield { callId: String(row.call_id), sealed: row.said as Uint8Array }
      }
    },
    drop(callId) {
      db.run('DELETE FROM kept_answer WHERE call_id = ?', callId)
    }
  }
}
