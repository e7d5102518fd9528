import type { Database } from './database.ts'

/** When a channel was last seen to be used, and how it stood then. */
export interface ChannelUse {
  readonly mark: string
  readonly atMs: number
}

/** What a payer must remember beside its vouchers: how they stood when the day began. */
export interface SpendingStore {
  /** The UTC day that the bases are of, in days since 1970; undefined before the first. */
  day(): number | undefined
  /** What the vouchers of each channel promised when that day began; a channel without one, nothing. */
  bases(): ReadonlyMap<string, bigint>
  /** Begins `day`: the bases of the day before are gone. All of it is kept, or nothing. */
  begin(day: number, bases: ReadonlyMap<string, bigint>): void
  use(channelId: string): ChannelUse | undefined
  setUse(channelId: string, use: ChannelUse): void
}

/** The spending tables of `db`. */
export function createSpendingStore(db: Database): SpendingStore {
  db.migrate('spending', [
    `CREATE TABLE spending_day (only INTEGER PRIMARY KEY CHECK (only = 1), day INTEGER NOT NULL) STRICT;
     CREATE TABLE spending_base (channel TEXT PRIMARY KEY, base_wei TEXT NOT NULL) STRICT;
     CREATE TABLE channel_use (
       channel TEXT PRIMARY KEY, mark TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT`
  ])
  return {
    day() {
      const row = db.get('SELECT day FROM spending_day')
      return row === undefined ? undefined : Number(row.day)
    },
    bases: () =>
      new Map(
        db
          .all('SELECT channel, base_wei FROM spending_base')
          .map((row) => [String(row.channel), BigInt(String(row.base_wei))])
      ),
    begin(day, bases) {
      db.transaction(() => {
        db.run('INSERT OR REPLACE INTO spending_day VALUES (1, ?)', day)
        db.run('DELETE FROM spending_base')
        for (const [channel, baseWei] of bases) {
          db.run('INSERT INTO spending_base VALUES (?, ?)', channel, `${baseWei}`)
        }
      })
    },
    use(channelId) {
      const row = db.get('SELECT mark, at_ms FROM channel_use WHERE channel = ?', channelId)
      return row === undefined ? undefined : { mark: String(row.mark), atMs: Number(row.at_ms) }
    },
    setUse(channelId, { mark, atMs }) {
      db.run('INSERT OR REPLACE INTO channel_use VALUES (?, ?, ?)', channelId, mark, atMs)
    }
  }
}
