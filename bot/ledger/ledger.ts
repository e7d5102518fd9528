import { refusal } from '../../peer/api/problem.ts'
import type { Clock } from '../clock.ts'
import type { BotDatabase } from '../store/database.ts'

/** One movement: as much leaves the one account as comes to the other. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly amountWei: bigint
}

/** A line of an account: what one movement changed. */
export interface Entry {
  readonly key: string
  readonly amountWei: bigint
  readonly atMs: number
}

/**
 * Who is owed what, by double entry in the smallest unit: all accounts together are always zero, and
 * none but `outside`, where money comes from and goes to, is ever below zero: the database refuses it.
 */
export interface Ledger {
  /**
   * Makes `moves` as one; false when those of `key` were made before. Refuses what an account does not
   * hold (FUNDS_INSUFFICIENT), and then none is made.
   */
  move(key: string, moves: readonly Move[]): boolean
  has(key: string): boolean
  balanceWei(account: string): bigint
  /** The newest first. */
  entries(account: string, limit: number): readonly Entry[]
  /** What accounts whose names begin so hold together. */
  totalWei(prefix: string): bigint
  /** Accounts whose balance is not the sum of their entries; none, unless the disk lies. */
  mismatches(): readonly string[]
}

/** The account of the world outside: negative by all that came in. */
export const OUTSIDE = 'outside'

// Amounts are text: they do not fit SQLite's integers. Below zero they begin with a minus.
const TABLES = `
CREATE TABLE account (
  name TEXT PRIMARY KEY,
  balanceWei TEXT NOT NULL,
  CHECK (name = '${OUTSIDE}' OR balanceWei NOT LIKE '-%'),
  CHECK (balanceWei = '0' OR ltrim(balanceWei, '-') GLOB '[1-9]*'),
  CHECK (ltrim(balanceWei, '-') NOT GLOB '*[^0-9]*')
) STRICT;
CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES account (name),
  amountWei TEXT NOT NULL,
  atMs INTEGER NOT NULL,
  UNIQUE (key, account)
) STRICT;
CREATE INDEX entry_account ON entry (account, id);
`

/** The ledger in `database`. */
export function createLedger(database: BotDatabase, clock: Clock): Ledger {
  database.migrate('ledger', [TABLES])

  const balanceWei = (account: string): bigint =>
    BigInt(
      String(
        database.get('SELECT balanceWei FROM account WHERE name = ?', account)?.balanceWei ?? 0
      )
    )

  const has = (key: string) =>
    database.get('SELECT 1 FROM entry WHERE key = ? LIMIT 1', key) !== undefined

  function change(key: string, account: string, amountWei: bigint): void {
    const afterWei = balanceWei(account) + amountWei
    if (afterWei < 0n && account !== OUTSIDE) {
      throw refusal('FUNDS_INSUFFICIENT', { account: account.split(':')[0] })
    }
    database.run(
      'INSERT INTO account VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET balanceWei = excluded.balanceWei',
      ...[account, `${afterWei}`]
    )
    database.run(
      'INSERT INTO entry (key, account, amountWei, atMs) VALUES (?, ?, ?, ?)',
      ...[key, account, `${amountWei}`, clock.now()]
    )
  }

  return {
    move: (key, moves) =>
      database.transaction(() => {
        if (has(key)) return false
        const changes = new Map<string, bigint>()
        for (const { from, to, amountWei } of moves) {
          if (amountWei < 0n) throw new RangeError('an amount below zero')
          changes.set(from, (changes.get(from) ?? 0n) - amountWei)
          changes.set(to, (changes.get(to) ?? 0n) + amountWei)
        }
        for (const [account, amountWei] of changes) change(key, account, amountWei)
        return true
      }),
    has,
    balanceWei,
    entries: (account, limit) =>
      database
        .all('SELECT * FROM entry WHERE account = ? ORDER BY id DESC LIMIT ?', account, limit)
        .map(({ key, amountWei, atMs }) => ({
          key: String(key),
          amountWei: BigInt(String(amountWei)),
          atMs: Number(atMs)
        })),
    totalWei: (prefix) =>
      database
        .all('SELECT balanceWei FROM account WHERE substr(name, 1, ?) = ?', prefix.length, prefix)
        .reduce((sum, row) => sum + BigInt(String(row.balanceWei)), 0n),
    mismatches() {
      const sums = new Map<string, bigint>()
      for (const row of database.all('SELECT account, amountWei FROM entry')) {
        const account = String(row.account)
        sums.set(account, (sums.get(account) ?? 0n) + BigInt(String(row.amountWei)))
      }
      return [...sums].filter(([name, sum]) => balanceWei(name) !== sum).map(([name]) => name)
    }
  }
}
