import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { DatanetError } from '../../protocol/base/errors.ts'

/** One row, by column name. */
export type Row = Record<string, SQLInputValue>

/**
 * One SQLite file shared by the rooms of a peer. What `run` or `transaction` returned from is on the
 * disk. Every disk or constraint failure is STORE_FAILED; errors thrown by a caller's own `fn` pass
 * through as they are.
 */
export interface Database {
  /** Brings `room`'s tables up to date: each statement list runs once, in order, ever. */
  migrate(room: string, migrations: readonly string[]): void
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number }
  /** How many statements `run` has run so far: what a transaction weighs is told by the difference. */
  runs(): number
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  all(sql: string, ...values: SQLInputValue[]): Row[]
  /** Rows one at a time; do not write to the same table while iterating. */
  each(sql: string, ...values: SQLInputValue[]): IterableIterator<Row>
  /** Runs the synchronous `fn` as one unit: all of it is kept, or nothing. Nests as a savepoint. */
  transaction<T>(fn: () => T): T
  /** As `transaction`, but on the disk only when a `sync` that began later has resolved. Not nested. */
  stage<T>(fn: () => T): T
  /** Resolves when all that was staged before is on the disk; this thread goes on meanwhile. */
  sync(): Promise<void>
  /**
   * Writes the log back into the file and empties it, so that deleted rows leave the disk. False when
   * somebody reads just now: then some of it stays until the next time.
   */
  checkpoint(): boolean
  /** Writes the whole file anew, and then the log: nothing that was overwritten stays in either. */
  vacuum(): void
  close(): void
}

/**
 * The database at `path` (or `':memory:'`), opened for one process: WAL, every commit synced, foreign
 * keys enforced, deleted content overwritten. Only its owner can read the file and its log, whatever
 * the folder allows. Refuses a path that cannot be opened (STORE_FAILED).
 */
export function openDatabase(path: string): Database {
  const sqlite = guard(() => {
    if (path !== ':memory:') makePrivate(path)
    const opened = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: true })
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    // A page that many calls change is written back once for all of them.
    opened.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000')
    // What one write of a group would be taken back by: a file for that costs more than the write.
    opened.exec('PRAGMA temp_store = MEMORY')
    opened.exec(
      'CREATE TABLE IF NOT EXISTS migration (room TEXT PRIMARY KEY, done INTEGER NOT NULL) STRICT'
    )
    return opened
  })
  const statements = new Map<string, StatementSync>()
  let depth = 0
  let runs = 0
  let log: Promise<FileHandle> | undefined

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = sqlite.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  function transaction<T>(fn: () => T): T {
    const name = `level${depth}`
    guard(() => prepared(depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${name}`).run())
    depth += 1
    let result: T
    try {
      result = fn()
      if (result instanceof Promise) throw new TypeError('a transaction cannot wait')
    } catch (error) {
      depth -= 1
      // The disk may have failed so badly that SQLite has rolled back already.
      if (sqlite.isTransaction) {
        guard(() => sqlite.exec(depth === 0 ? 'ROLLBACK' : `ROLLBACK TO ${name}; RELEASE ${name}`))
      }
      throw error
    }
    depth -= 1
    try {
      guard(() => prepared(depth === 0 ? 'COMMIT' : `RELEASE ${name}`).run())
    } catch (error) {
      if (depth === 0 && sqlite.isTransaction) sqlite.exec('ROLLBACK')
      throw error
    }
    return result
  }

  return {
    migrate(room, migrations) {
      transaction(() => {
        const row = guard(() => prepared('SELECT done FROM migration WHERE room = ?').get(room))
        const done = Number(row?.done ?? 0)
        if (done > migrations.length) {
          throw new DatanetError(
            'STORE_FAILED',
            { room, done },
            { hint: 'written by a newer version' }
          )
        }
        if (done === migrations.length) return
        guard(() => {
          for (const sql of migrations.slice(done)) sqlite.exec(sql)
          prepared('INSERT OR REPLACE INTO migration VALUES (?, ?)').run(room, migrations.length)
        })
      })
    },
    run: (sql, ...values) =>
      guard(() => {
        runs += 1
        const { changes, lastInsertRowid } = prepared(sql).run(...values)
        return { changes: Number(changes), lastId: Number(lastInsertRowid) }
      }),
    runs: () => runs,
    get: (sql, ...values) => guard(() => prepared(sql).get(...values)) as Row | undefined,
    all: (sql, ...values) => guard(() => prepared(sql).all(...values)) as Row[],
    // Not from the cache: two iterations of one prepared statement would reset each other.
    each: (sql, ...values) =>
      guard(() => sqlite.prepare(sql).iterate(...values)) as IterableIterator<Row>,
    transaction,
    stage(fn) {
      // SQLite then leaves the log's sync to us and still orders log, file and checkpoint.
      guard(() => sqlite.exec('PRAGMA synchronous = NORMAL'))
      try {
        return transaction(fn)
      } finally {
        guard(() => sqlite.exec('PRAGMA synchronous = FULL'))
      }
    },
    async sync() {
      // Closing has synced all that was committed.
      if (path === ':memory:' || !sqlite.isOpen) return
      // One handle, however many ask for it at once: one that is lost stays open.
      log ??= open(`${path}-wal`, 'r+')
      const opening = log
      try {
        await (await opening).datasync()
      } catch (cause) {
        if (!sqlite.isOpen) return
        if (log === opening) log = undefined
        opening.then((handle) => handle.close()).catch(() => {})
        throw failed(cause)
      }
    },
    checkpoint() {
      try {
        return prepared('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
      } catch (cause) {
        // An open iteration or transaction of this connection.
        if (cause instanceof Error && cause.message.includes('locked')) return false
        throw failed(cause)
      }
    },
    vacuum: () => guard(() => sqlite.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')),
    close() {
      statements.clear()
      log?.then((handle) => handle.close()).catch(() => {})
      log = undefined
      if (sqlite.isOpen) guard(() => sqlite.close())
    }
  }
}

/** It holds keys. SQLite gives its log the mode of the file; what an earlier run left is closed too. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, 0o600)
  }
}

function guard<T>(fn: () => T): T {
  try {
    return fn()
  } catch (cause) {
    if (cause instanceof DatanetError) throw cause
    throw failed(cause)
  }
}

function failed(cause: unknown): DatanetError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatanetError('STORE_FAILED', { reason }, { cause, hint: reason })
}
