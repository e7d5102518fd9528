import type { Database } from './database.ts'

/**
 * Finds receipts by their calls. Call ids are random: an index that is kept up with every receipt
 * changes a page for each, which costs more than the receipt. So the newest are found in memory, and
 * the index takes them in together, in their order.
 */
export interface ReceiptIndex {
  /** Rows that may be of this call, the newest first; after a write that was undone some are not. */
  numbersOf(callId: string): readonly number[]
  /** Takes in the row that was just written. In the same transaction. */
  add(callId: string, number: number): void
}

/** How many receipts the index may be behind: read once at start, and written at once. */
const BEHIND = 1_024
const ABSENT = 1_024
const NONE: readonly number[] = []

/** What an older database has, with the index instead of its own. */
export const RECEIPT_INDEX = `
  CREATE TABLE receipt_call (
    call_id TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (call_id, number)) WITHOUT ROWID, STRICT;
  CREATE TABLE receipt_indexed (number INTEGER NOT NULL) STRICT;
  INSERT INTO receipt_indexed SELECT coalesce(max(number), 0) FROM receipt;
  INSERT INTO receipt_call SELECT call_id, number FROM receipt ORDER BY call_id, number`

/** The index over the receipts of `db`, which has its tables. */
export function createReceiptIndex(db: Database): ReceiptIndex {
  /** Rows that the index on the disk does not have, or did not have when it was looked at last. */
  const recent = new Map<string, number[]>()
  /** Calls that were found to have none: a new one is asked about before and when it gets its own. */
  const absent = new Set<string>()
  let added = 0

  function remember(callId: string, number: number): void {
    const known = recent.get(callId)
    if (known === undefined) recent.set(callId, [number])
    else known.push(number)
  }

  function indexedTo(): number {
    return Number(db.get('SELECT number FROM receipt_indexed')?.number ?? 0)
  }

  function catchUp(): void {
    // What was taken in the last time is forgotten only now: that write may have been undone.
    const done = indexedTo()
    for (const [callId, numbers] of recent) {
      if (numbers.every((number) => number <= done)) recent.delete(callId)
    }
    db.transaction(() => {
      db.run(
        `INSERT OR IGNORE INTO receipt_call
         SELECT call_id, number FROM receipt WHERE number > ? ORDER BY call_id, number`,
        done
      )
      db.run('UPDATE receipt_indexed SET number = (SELECT max(number) FROM receipt)')
    })
  }

  for (const row of db.all('SELECT number, call_id FROM receipt WHERE number > ?', indexedTo())) {
    remember(String(row.call_id), Number(row.number))
  }

  return {
    numbersOf(callId) {
      if (absent.has(callId)) return NONE
      const rows = db.all('SELECT number FROM receipt_call WHERE call_id = ?', callId)
      if (rows.length === 0 && !recent.has(callId)) {
        if (absent.size >= ABSENT) absent.clear()
        absent.add(callId)
        return NONE
      }
      const numbers = new Set([
        ...rows.map(({ number }) => Number(number)),
        ...(recent.get(callId) ?? [])
      ])
      return [...numbers].sort((a, b) => b - a)
    },
    add(callId, number) {
      absent.delete(callId)
      remember(callId, number)
      added += 1
      if (added % BEHIND === 0) catchUp()
    }
  }
}
