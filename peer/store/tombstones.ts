import type { Database, Row } from './database.ts'

/** A tombstone as a peer keeps it. */
export interface StoredTombstone {
  /** CID text of the record. */
  readonly cid: string
  readonly datanet: string
  readonly contribution: string
  readonly bytes: Uint8Array
  /** Its place in this peer's log; undefined while nobody here knows who contributed the thing. */
  readonly index?: number
}

/** Each Datanet's log of tombstones, and how far the logs of other peers were read. */
export interface TombstoneStore {
  /** The one that counts of a contribution, if there is one. */
  of(contribution: string): StoredTombstone | undefined
  /** Appends to the Datanet's log and returns the place; the one that is there already if there is. */
  append(tombstone: Omit<StoredTombstone, 'index'>): number
  /** Keeps one whose authority cannot be told yet; of one Datanet at most `most`. */
  hold(tombstone: Omit<StoredTombstone, 'index'>, most: number): void
  /** Those that wait to be told. */
  held(datanet: string): readonly StoredTombstone[]
  /** Forgets one that waited: it counts now, or never will. */
  release(cid: string): void
  /** The log from `from` on, `limit` at most. */
  log(datanet: string, from: number, limit: number): readonly Uint8Array[]
  /** The place that the next one will have. */
  next(datanet: string): number
  /** The contributions that are withdrawn, in the order of the log. */
  withdrawn(datanet: string): readonly string[]
  /** Up to where `peer`'s log was read, and from now on up to `next`. */
  cursor(datanet: string, peer: string): number
  setCursor(datanet: string, peer: string, next: number): void
}

/** The tombstone tables of `db`. specs/05-network.md §Tombstones */
export function createTombstoneStore(db: Database): TombstoneStore {
  db.migrate('tombstones', [
    `CREATE TABLE tombstone (
       cid TEXT PRIMARY KEY, datanet TEXT NOT NULL, contribution TEXT NOT NULL, bytes BLOB NOT NULL,
       place INTEGER) STRICT;
     CREATE UNIQUE INDEX tombstone_log ON tombstone (datanet, place) WHERE place IS NOT NULL;
     CREATE UNIQUE INDEX tombstone_of ON tombstone (contribution) WHERE place IS NOT NULL;
     CREATE TABLE tombstone_cursor (
       datanet TEXT NOT NULL, peer TEXT NOT NULL, next INTEGER NOT NULL,
       PRIMARY KEY (datanet, peer)) WITHOUT ROWID, STRICT`
  ])
  const put = ({ cid, datanet, contribution, bytes }: StoredTombstone, place: number | null) =>
    db.run(
      'INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?, ?, ?)',
      cid,
      datanet,
      contribution,
      bytes,
      place
    )
  function next(datanet: string): number {
    const sql = 'SELECT max(place) AS last FROM tombstone WHERE datanet = ? AND place IS NOT NULL'
    const last = db.get(sql, datanet)?.last
    return typeof last === 'number' ? last + 1 : 0
  }
  function of(contribution: string): StoredTombstone | undefined {
    const sql = 'SELECT * FROM tombstone WHERE contribution = ? AND place IS NOT NULL'
    const row = db.get(sql, contribution)
    return row === undefined ? undefined : stored(row)
  }
  return {
    of,
    append: (tombstone) =>
      db.transaction(() => {
        const known = of(tombstone.contribution)
        if (known?.index !== undefined) return known.index
        const place = next(tombstone.datanet)
        put(tombstone, place)
        return place
      }),
    hold(tombstone, most) {
      const sql = 'SELECT count(*) AS count FROM tombstone WHERE datanet = ? AND place IS NULL'
      if (Number(db.get(sql, tombstone.datanet)?.count) < most) put(tombstone, null)
    },
    held: (datanet) =>
      db.all('SELECT * FROM tombstone WHERE datanet = ? AND place IS NULL', datanet).map(stored),
    release: (cid) => void db.run('DELETE FROM tombstone WHERE cid = ? AND place IS NULL', cid),
    log: (datanet, from, limit) =>
      db
        .all(
          'SELECT bytes FROM tombstone WHERE datanet = ? AND place >= ? ORDER BY place LIMIT ?',
          datanet,
          from,
          limit
        )
        .map((row) => row.bytes as Uint8Array),
    next,
    withdrawn: (datanet) =>
      db
        .all(
          `SELECT contribution FROM tombstone WHERE datanet = ? AND place IS NOT NULL
           ORDER BY place`,
          datanet
        )
        .map((row) => String(row.contribution)),
    cursor(datanet, peer) {
      const sql = 'SELECT next FROM tombstone_cursor WHERE datanet = ? AND peer = ?'
      return Number(db.get(sql, datanet, peer)?.next ?? 0)
    },
    setCursor(datanet, peer, place) {
      db.run('INSERT OR REPLACE INTO tombstone_cursor VALUES (?, ?, ?)', datanet, peer, place)
    }
  }
}

function stored(row: Row): StoredTombstone {
  return {
    cid: String(row.cid),
    datanet: String(row.datanet),
    contribution: String(row.contribution),
    bytes: row.bytes as Uint8Array,
    ...(row.place === null ? {} : { index: Number(row.place) })
  }
}
