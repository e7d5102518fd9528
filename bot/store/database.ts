import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { refusal } from '../../peer/api/problem.ts'

/** One row, by column name. */
export type Row = Record<string, SQLInputValue>

/**
 * The bot's own database: what `run` or `transaction` returned from is on the disk. Processes that
 * overlap share it. Every failure of the disk is STORE_FAILED.
 */
export interface BotDatabase {
  /** Brings `room`'s tables up to date: each statement list runs once, in order, ever. */
  migrate(room: string, migrations: readonly string[]): void
  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  all(sql: string, ...values: SQLInputValue[]): Row[]
  /** Runs the synchronous `fn` as one unit: all of it is kept, or nothing. Nests into the outer one. */
  transaction<T>(fn: () => T): T
  close(): void
}

/** Another process writes now and then; neither holds the lock for long. */
const BUSY_MS = 5_000

/** The database in the folder `dir`, which its owner alone can read; in memory without one. */
export function openBotDatabase(dir?: string): BotDatabase {
  const sqlite = guard(() => {
    const path = dir === undefined ? ':memory:' : join(dir, 'bot.db')
    if (dir !== undefined) makePrivate(dir, path)
    const opened = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    opened.exec(
      'CREATE TABLE IF NOT EXISTS migration (room TEXT PRIMARY KEY, done INTEGER NOT NULL) STRICT'
    )
    return opened
  })
  const statements = new Map<string, StatementSync>()
  let isInside = false

  function prepared(sql: string): StatementSync {
    const known = statements.get(sql) ?? sqlite.prepare(sql)
    statements.set(sql, known)
    return known
  }

  function transaction<T>(fn: () => T): T {
    if (isInside) return fn()
    guard(() => sqlite.exec('BEGIN IMMEDIATE'))
    isInside = true
    try {
      const result = fn()
      guard(() => sqlite.exec('COMMIT'))
      return result
    } catch (error) {
      if (sqlite.isTransaction) guard(() => sqlite.exec('ROLLBACK'))
      throw error
    } finally {
      isInside = false
    }
  }

  return {
    migrate(room, migrations) {
      transaction(() => {
        const row = guard(() => prepared('SELECT done FROM migration WHERE room = ?').get(room))
        const done = Number(row?.done ?? 0)
        if (done > migrations.length) {
          throw refusal('STORE_FAILED', { room }, { hint: 'written by a newer version of the bot' })
        }
        guard(() => {
          for (const sql of migrations.slice(done)) sqlite.exec(sql)
          prepared('INSERT OR REPLACE INTO migration VALUES (?, ?)').run(room, migrations.length)
        })
      })
    },
    run: (sql, ...values) => guard(() => Number(prepared(sql).run(...values).changes)),
    get: (sql, ...values) => guard(() => prepared(sql).get(...values)) as Row | undefined,
    all: (sql, ...values) => guard(() => prepared(sql).all(...values)) as Row[],
    transaction,
    close() {
      statements.clear()
      if (sqlite.isOpen) guard(() => sqlite.close())
    }
  }
}

/** SQLite gives its log the mode of the file; what an earlier run left is closed too. */
function makePrivate(dir: string, path: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, 0o600)
  }
}

function guard<T>(fn: () => T): T {
  try {
    return fn()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw refusal('STORE_FAILED', { reason }, { cause, hint: reason })
  }
}
