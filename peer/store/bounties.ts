import type { Database, Row } from './database.ts'

/** A bounty as a peer keeps it. */
export interface StoredBounty {
  readonly cid: string
  readonly datanet: string
  readonly requester: string
  readonly bytes: Uint8Array
  readonly expiresAtMs: number
  readonly takenAtMs: number
  /** Whether this peer keeps it as a host, for others to read; else for itself. */
  readonly isHosted: boolean
}

/** A payment into a lock: on the disk before it is sent. */
export interface StoredPayment {
  readonly id: number
  readonly bounty: string
  readonly amountWei: bigint
  readonly raw: string
  readonly txHash: string
  readonly nonce: number
  /** `sent` until a block has it, or another transaction in its place. */
  readonly state: 'sent' | 'included' | 'dropped'
}

/** Bounties, curators' words about them, what was handed in for them, and what was paid. */
export interface BountyStore {
  /** Keeps it; one that is hosted stays so. */
  put(bounty: StoredBounty): void
  get(cid: string): StoredBounty | undefined
  /** Those of a Datanet, the newest first. */
  of(datanet: string): readonly StoredBounty[]
  /** Forgets hosted ones, with what belongs to them; own ones stay, for what was paid. */
  forget(cid: string): void
  /** A curator's word; a later one takes the place of an earlier one. */
  putFill(bounty: string, curator: string, bytes: Uint8Array): void
  fills(bounty: string): readonly Uint8Array[]
  /** Says that `contribution` was handed in for `bounty`. */
  addAnswer(bounty: string, contribution: string): void
  answers(bounty: string, most: number): readonly string[]
  addPayment(payment: Omit<StoredPayment, 'id' | 'state'>): number
  movePayment(id: number, state: StoredPayment['state']): void
  /** Those of a bounty, or all of them, in the order in which they were made. */
  payments(bounty?: string): readonly StoredPayment[]
}

/** The bounty tables of `db`. specs/04-datanet.md §Bounty */
export function createBountyStore(db: Database): BountyStore {
  db.migrate('bounties', [
    `CREATE TABLE bounty (
       cid TEXT PRIMARY KEY, datanet TEXT NOT NULL, requester TEXT NOT NULL, bytes BLOB NOT NULL,
       expires_at_ms INTEGER NOT NULL, taken_at_ms INTEGER NOT NULL,
       hosted INTEGER NOT NULL) STRICT;
     CREATE INDEX bounty_of ON bounty (datanet, taken_at_ms);
     CREATE TABLE bounty_fill (
       bounty TEXT NOT NULL, curator TEXT NOT NULL, bytes BLOB NOT NULL,
       PRIMARY KEY (bounty, curator)) STRICT, WITHOUT ROWID;
     CREATE TABLE bounty_answer (
       number INTEGER PRIMARY KEY, bounty TEXT NOT NULL, contribution TEXT NOT NULL,
       UNIQUE (bounty, contribution)) STRICT;
     CREATE TABLE bounty_payment (
       id INTEGER PRIMARY KEY, bounty TEXT NOT NULL, amount_wei TEXT NOT NULL, raw TEXT NOT NULL,
       tx_hash TEXT NOT NULL, nonce INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
     CREATE INDEX bounty_payment_of ON bounty_payment (bounty)`
  ])
  const forget = (cid: string): void =>
    db.transaction(() => {
      db.run('DELETE FROM bounty_fill WHERE bounty = ?', cid)
      db.run('DELETE FROM bounty_answer WHERE bounty = ?', cid)
      db.run(
        `DELETE FROM bounty WHERE cid = ?
         AND NOT EXISTS (SELECT 1 FROM bounty_payment WHERE bounty = cid)`,
        cid
      )
      db.run('UPDATE bounty SET hosted = 0 WHERE cid = ?', cid)
    })
  return {
    put({ cid, datanet, requester, bytes, expiresAtMs, takenAtMs, isHosted }) {
      db.run(
        `INSERT INTO bounty VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET hosted = max(hosted, excluded.hosted)`,
        cid,
        datanet,
        requester,
        bytes,
        expiresAtMs,
        takenAtMs,
        isHosted ? 1 : 0
      )
    },
    get(cid) {
      const row = db.get('SELECT * FROM bounty WHERE cid = ?', cid)
      return row === undefined ? undefined : bountyIn(row)
    },
    of: (datanet) =>
      db
        .all('SELECT * FROM bounty WHERE datanet = ? ORDER BY taken_at_ms DESC, cid', datanet)
        .map(bountyIn),
    forget,
    putFill(bounty, curator, bytes) {
      db.run('INSERT OR REPLACE INTO bounty_fill VALUES (?, ?, ?)', bounty, curator, bytes)
    },
    fills: (bounty) =>
      db
        .all('SELECT bytes FROM bounty_fill WHERE bounty = ? ORDER BY curator', bounty)
        .map(({ bytes }) => bytes as Uint8Array),
    addAnswer(bounty, contribution) {
      const sql = 'INSERT OR IGNORE INTO bounty_answer (bounty, contribution) VALUES (?, ?)'
      db.run(sql, bounty, contribution)
    },
    answers: (bounty, most) =>
      db
        .all(
          'SELECT contribution FROM bounty_answer WHERE bounty = ? ORDER BY number LIMIT ?',
          bounty,
          most
        )
        .map(({ contribution }) => String(contribution)),
    addPayment({ bounty, amountWei, raw, txHash, nonce }) {
      return db.run(
        `INSERT INTO bounty_payment (bounty, amount_wei, raw, tx_hash, nonce, state)
         VALUES (?, ?, ?, ?, ?, 'sent')`,
        bounty,
        `${amountWei}`,
        raw,
        txHash,
        nonce
      ).lastId
    },
    movePayment(id, state) {
      db.run('UPDATE bounty_payment SET state = ? WHERE id = ?', state, id)
    },
    payments: (bounty) =>
      db
        .all(
          'SELECT * FROM bounty_payment WHERE (? IS NULL OR bounty = ?) ORDER BY id',
          bounty ?? null,
          bounty ?? null
        )
        .map((row) => ({
          id: Number(row.id),
          bounty: String(row.bounty),
          amountWei: BigInt(String(row.amount_wei)),
          raw: String(row.raw),
          txHash: String(row.tx_hash),
          nonce: Number(row.nonce),
          state: String(row.state) as StoredPayment['state']
        }))
  }
}

function bountyIn(row: Row): StoredBounty {
  return {
    cid: String(row.cid),
    datanet: String(row.datanet),
    requester: String(row.requester),
    bytes: row.bytes as Uint8Array,
    expiresAtMs: Number(row.expires_at_ms),
    takenAtMs: Number(row.taken_at_ms),
    isHosted: row.hosted === 1
  }
}
