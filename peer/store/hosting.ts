import type { Database } from './database.ts'

/** The Datanets that a peer keeps copies of by its own decision, beside those that name it. */
export interface HostingStore {
  add(datanet: string): void
  remove(datanet: string): void
  has(datanet: string): boolean
}

/** The hosting table of `db`. */
export function createHostingStore(db: Database): HostingStore {
  db.migrate('hosting', ['CREATE TABLE hosting (datanet TEXT PRIMARY KEY) STRICT'])
  return {
    add: (datanet) => void db.run('INSERT OR IGNORE INTO hosting VALUES (?)', datanet),
    remove: (datanet) => void db.run('DELETE FROM hosting WHERE datanet = ?', datanet),
    has: (datanet) => db.get('SELECT 1 FROM hosting WHERE datanet = ?', datanet) !== undefined
  }
}
