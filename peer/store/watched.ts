import type { BlockRef, ChainEvent } from '../chain/reader.ts'
import { afterEvent, type Watched, type WatchedReader } from '../chain/watched.ts'
import type { Database } from './database.ts'

/** What confirmed blocks said, how far they were read, and the way back from each of the last ones. */
export interface WatchStore {
  /** The last block that was read; undefined before the first. */
  cursor(): BlockRef | undefined
  /** Blocks whose hash is still known, newest first. */
  blocks(): readonly Omit<BlockRef, 'timeMs'>[]
  read: WatchedReader
  /** Channels with a pending withdrawal. */
  withdrawing(): readonly string[]
  /** Takes in everything up to `to`, all of it or nothing; returns the names of what changed. */
  advance(to: BlockRef, events: readonly ChainEvent[]): readonly Changed[]
  /** Takes back what came after block `number`, as if it had never been; returns what changed. */
  rollBack(number: number): readonly Changed[]
  /** Forgets everything. */
  reset(): void
}

/** The name of something that is not what it was. */
export type Changed = Pick<Watched, 'kind' | 'id'>

/**
 * The watch tables of `db` for the chain named `chain`; what was seen of another one is forgotten.
 * The way back is kept for `keptBlocks`.
 */
export function createWatchStore(
  db: Database,
  { chain, keptBlocks }: { readonly chain: string; readonly keptBlocks: number }
): WatchStore {
  db.migrate('watch', [
    `CREATE TABLE watch_cursor (
       one INTEGER PRIMARY KEY CHECK (one = 1), chain TEXT NOT NULL,
       number INTEGER, hash TEXT, time_ms INTEGER) STRICT;
     CREATE TABLE watch_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT;
     CREATE TABLE watched (
       kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
       withdrawing INTEGER NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
     CREATE INDEX watched_withdrawing ON watched (id) WHERE withdrawing = 1;
     CREATE TABLE watch_undo (
       number INTEGER PRIMARY KEY AUTOINCREMENT, block INTEGER NOT NULL, kind TEXT NOT NULL,
       id TEXT NOT NULL, value TEXT) STRICT;
     CREATE INDEX watch_undo_by_block ON watch_undo (block)`
  ])

  function reset(): void {
    db.transaction(() => {
      for (const table of ['watch_cursor', 'watch_block', 'watched', 'watch_undo']) {
        db.run(`DELETE FROM ${table}`)
      }
      db.run('INSERT INTO watch_cursor (one, chain) VALUES (1, ?)', chain)
    })
  }
  if (db.get('SELECT chain FROM watch_cursor')?.chain !== chain) reset()

  function textOf(kind: string, id: string): string | undefined {
    const row = db.get('SELECT value FROM watched WHERE kind = ? AND id = ?', kind, id)
    return row === undefined ? undefined : String(row.value)
  }

  const read: WatchedReader = (kind, id) => {
    const text = textOf(kind, id)
    return text === undefined ? undefined : decode(text)
  }

  function write(kind: string, id: string, text: string | undefined): void {
    if (text === undefined) {
      db.run('DELETE FROM watched WHERE kind = ? AND id = ?', kind, id)
      return
    }
    const isWithdrawing = kind === 'channel' && 'withdrawal' in JSON.parse(text) ? 1 : 0
    db.run(
      `INSERT INTO watched VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET value = excluded.value, withdrawing = excluded.withdrawing`,
      kind,
      id,
      text,
      isWithdrawing
    )
  }

  function change({ kind, id, value }: Watched, block: number): Changed {
    const before = textOf(kind, id)
    db.run(
      'INSERT INTO watch_undo (block, kind, id, value) VALUES (?, ?, ?, ?)',
      block,
      kind,
      id,
      before ?? null
    )
    write(kind, id, encode(value))
    return { kind, id }
  }

  return {
    cursor() {
      const row = db.get('SELECT number, hash, time_ms FROM watch_cursor WHERE hash IS NOT NULL')
      if (row === undefined) return undefined
      return { number: Number(row.number), hash: String(row.hash), timeMs: Number(row.time_ms) }
    },
    blocks: () =>
      db
        .all('SELECT number, hash FROM watch_block ORDER BY number DESC')
        .map(({ number, hash }) => ({ number: Number(number), hash: String(hash) })),
    read,
    withdrawing: () =>
      db.all('SELECT id FROM watched WHERE withdrawing = 1').map(({ id }) => String(id)),
    advance: (to, events) =>
      db.transaction(() => {
        const changed = events.flatMap((event) =>
          afterEvent(event, read).map((entry) => change(entry, event.block.number))
        )
        for (const { number, hash } of [...events.map(({ block }) => block), to]) {
          db.run('INSERT OR REPLACE INTO watch_block VALUES (?, ?)', number, hash)
        }
        const { number, hash, timeMs } = to
        db.run('UPDATE watch_cursor SET number = ?, hash = ?, time_ms = ?', number, hash, timeMs)
        const oldest = number - keptBlocks
        db.run('DELETE FROM watch_undo WHERE block <= ?', oldest)
        // One block older than the way back: it is where the way back ends.
        db.run(
          `DELETE FROM watch_block
           WHERE number < (SELECT max(number) FROM watch_block WHERE number <= ?)`,
          oldest
        )
        return changed
      }),
    rollBack: (number) =>
      db.transaction(() => {
        const undone = db.all(
          'SELECT kind, id, value FROM watch_undo WHERE block > ? ORDER BY number DESC',
          number
        )
        for (const { kind, id, value } of undone) {
          write(String(kind), String(id), value === null ? undefined : String(value))
        }
        db.run('DELETE FROM watch_undo WHERE block > ?', number)
        db.run('DELETE FROM watch_block WHERE number > ?', number)
        const last = db.get('SELECT number, hash FROM watch_block ORDER BY number DESC LIMIT 1')
        db.run(
          'UPDATE watch_cursor SET number = ?, hash = ?, time_ms = 0',
          last?.number ?? null,
          last?.hash ?? null
        )
        return undone.map(({ kind, id }) => ({ kind, id }) as Changed)
      }),
    reset
  }
}

/** Amounts are text: JSON's numbers would round. */
function encode(value: object): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner))
}

function decode(text: string) {
  return JSON.parse(text, (key, inner) => (key.endsWith('Wei') ? BigInt(inner) : inner))
}
