import type { Database } from './database.ts'

/** Every drop document that this peer made, also those that were vetoed or never reached the chain. */
export interface DropStore {
  /** Must return before the drop is posted. */
  keep(pool: string, digest: string, bytes: Uint8Array): void
  /** Keeps a document that somebody else made: who checks the next one compares it with this. */
  see(digest: string, bytes: Uint8Array): void
  /** By the digest that the chain holds, 0x text; made here or seen. */
  byDigest(digest: string): Uint8Array | undefined
  /** The pools that drops were made for. */
  pools(): readonly string[]
}

/** The drop table of `db`. */
export function createDropStore(db: Database): DropStore {
  db.migrate('drops', [
    'CREATE TABLE made_drop (digest TEXT PRIMARY KEY, pool TEXT NOT NULL, bytes BLOB NOT NULL) STRICT',
    'CREATE TABLE seen_drop (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT'
  ])
  return {
    keep(pool, digest, bytes) {
      db.run('INSERT OR IGNORE INTO made_drop VALUES (?, ?, ?)', digest, pool, bytes)
    },
    see(digest, bytes) {
      db.run('INSERT OR IGNORE INTO seen_drop VALUES (?, ?)', digest, bytes)
    },
    byDigest(digest) {
      const row =
        db.get('SELECT bytes FROM made_drop WHERE digest = ?', digest) ??
        db.get('SELECT bytes FROM seen_drop WHERE digest = ?', digest)
      return row === undefined ? undefined : (row.bytes as Uint8Array)
    },
    pools: () => db.all('SELECT DISTINCT pool FROM made_drop').map(({ pool }) => String(pool))
  }
}
