import type { Database, Row } from './database.ts'

/**
 * Where a claim stands: `built` and on disk, maybe not sent; `sent`, taken by a node; `included` in a
 * block; `final`, under as many blocks as count. `dropped`: something else took its place, and it
 * never counts; `failed`: included and refused by the contract.
 */
export type ClaimState = 'built' | 'sent' | 'included' | 'final' | 'dropped' | 'failed'

/** One row of a claim: up to which total a channel is claimed by it. */
export interface ClaimedRow {
  readonly channelId: string
  readonly cumulativeWei: bigint
  /** What the voucher was claimed against: a refusal holds as long as it is the same. */
  readonly mark: string
}

/** A claim transaction as it was signed. */
export interface StoredClaim {
  readonly id: number
  readonly state: ClaimState
  readonly rows: readonly ClaimedRow[]
  /** The newest form that was signed; all forms share the nonce, and one of them can be included. */
  readonly raw: string
  readonly nonce: number
  /** Hashes of all forms, the newest last. */
  readonly txHashes: readonly string[]
  /** When its state last changed, or when it was last signed anew. */
  readonly changedAtMs: number
  readonly blockNumber?: number
  readonly blockHash?: string
}

/** Claims on their way, so that a killed peer neither forgets one nor sends another in its place. */
export interface ClaimStore {
  /** Must return before the transaction is sent. */
  add(
    claim: Pick<StoredClaim, 'rows' | 'raw' | 'nonce' | 'changedAtMs'> & { txHash: string }
  ): number
  /** The same transaction signed anew. */
  resign(id: number, signed: { raw: string; txHash: string }, atMs: number): void
  move(
    id: number,
    state: ClaimState,
    change: { atMs: number; blockNumber?: number; blockHash?: string }
  ): void
  claim(id: number): StoredClaim | undefined
  /** Those that are neither final, dropped nor failed. */
  open(): readonly StoredClaim[]
  /** How many are in each state. */
  counts(): Readonly<Partial<Record<ClaimState, number>>>
  /** When the last one became final; undefined before the first. */
  lastFinalAtMs(): number | undefined
  /** Says that a channel is not claimed while its voucher and deposit are as `mark` says. */
  setFault(channelId: string, mark: string, reason: string): void
  /** Why it is not claimed, if it is still as `mark` says. */
  fault(channelId: string, mark: string): string | undefined
  /** Since when something of the channel waits to be claimed; undefined clears it. */
  setDue(channelId: string, sinceMs: number | undefined): void
  due(): ReadonlyMap<string, number>
  /** Whether what claims brought is still to be moved on: to pools, and to the operator. */
  isToCollect(): boolean
  setToCollect(isToCollect: boolean): void
}

/** The claim tables of `db`. */
export function createClaimStore(db: Database): ClaimStore {
  db.migrate('claims', [
    `CREATE TABLE claim (
       id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, rows TEXT NOT NULL,
       raw TEXT NOT NULL, nonce INTEGER NOT NULL, hashes TEXT NOT NULL, changed_at_ms INTEGER NOT NULL,
       block_number INTEGER, block_hash TEXT) STRICT;
     CREATE INDEX claim_by_state ON claim (state);
     CREATE TABLE claim_fault (
       channel TEXT PRIMARY KEY, mark TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
     CREATE TABLE claim_due (channel TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;
     CREATE TABLE claim_collect (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT`
  ])
  return {
    add: ({ rows, raw, nonce, txHash, changedAtMs }) =>
      db.run(
        `INSERT INTO claim (state, rows, raw, nonce, hashes, changed_at_ms)
         VALUES ('built', ?, ?, ?, ?, ?)`,
        JSON.stringify(
          rows.map(({ channelId, cumulativeWei, mark }) => [channelId, `${cumulativeWei}`, mark])
        ),
        raw,
        nonce,
        JSON.stringify([txHash]),
        changedAtMs
      ).lastId,
    resign(id, { raw, txHash }, atMs) {
      db.run(
        `UPDATE claim SET raw = ?, hashes = json_insert(hashes, '$[#]', ?), changed_at_ms = ?
         WHERE id = ?`,
        raw,
        txHash,
        atMs,
        id
      )
    },
    move(id, state, { atMs, blockNumber, blockHash }) {
      db.run(
        `UPDATE claim SET state = ?, changed_at_ms = ?, block_number = ?, block_hash = ? WHERE id = ?`,
        state,
        atMs,
        blockNumber ?? null,
        blockHash ?? null,
        id
      )
    },
    claim(id) {
      const row = db.get('SELECT * FROM claim WHERE id = ?', id)
      return row === undefined ? undefined : claimOf(row)
    },
    open: () =>
      db
        .all("SELECT * FROM claim WHERE state IN ('built', 'sent', 'included') ORDER BY id")
        .map(claimOf),
    counts: () =>
      Object.fromEntries(
        db
          .all('SELECT state, count(*) AS number FROM claim GROUP BY state')
          .map(({ state, number }) => [String(state), Number(number)])
      ),
    lastFinalAtMs() {
      const row = db.get("SELECT max(changed_at_ms) AS at_ms FROM claim WHERE state = 'final'")
      return row?.at_ms === null || row === undefined ? undefined : Number(row.at_ms)
    },
    setFault(channelId, mark, reason) {
      db.run('INSERT OR REPLACE INTO claim_fault VALUES (?, ?, ?)', channelId, mark, reason)
    },
    fault(channelId, mark) {
      const row = db.get(
        'SELECT reason FROM claim_fault WHERE channel = ? AND mark = ?',
        channelId,
        mark
      )
      return row === undefined ? undefined : String(row.reason)
    },
    setDue(channelId, sinceMs) {
      if (sinceMs === undefined) db.run('DELETE FROM claim_due WHERE channel = ?', channelId)
      else db.run('INSERT OR REPLACE INTO claim_due VALUES (?, ?)', channelId, sinceMs)
    },
    due: () =>
      new Map(
        db
          .all('SELECT channel, since_ms FROM claim_due')
          .map(({ channel, since_ms }) => [String(channel), Number(since_ms)])
      ),
    isToCollect: () => db.get('SELECT 1 FROM claim_collect') !== undefined,
    setToCollect(isToCollect) {
      db.run(
        isToCollect ? 'INSERT OR IGNORE INTO claim_collect VALUES (1)' : 'DELETE FROM claim_collect'
      )
    }
  }
}

function claimOf(row: Row): StoredClaim {
  const rows = JSON.parse(String(row.rows)) as [string, string, string][]
  return {
    id: Number(row.id),
    state: String(row.state) as ClaimState,
    rows: rows.map(([channelId, wei, mark]) => ({ channelId, cumulativeWei: BigInt(wei), mark })),
    raw: String(row.raw),
    nonce: Number(row.nonce),
    txHashes: JSON.parse(String(row.hashes)) as string[],
    changedAtMs: Number(row.changed_at_ms),
    ...(row.block_number === null ? {} : { blockNumber: Number(row.block_number) }),
    ...(row.block_hash === null ? {} : { blockHash: String(row.block_hash) })
  }
}
