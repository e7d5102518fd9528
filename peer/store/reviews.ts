import { isDatanetError } from '../../protocol/base/errors.ts'
import { type Review, verifyReview } from '../../protocol/datanet/review.ts'
import type { Database, Row } from './database.ts'

/** A review as it is kept: what is looked for beside the signed bytes. */
export interface StoredReview {
  readonly cid: string
  readonly contribution: string
  readonly bytes: Uint8Array
  readonly curator: string
  readonly verdict: string
  readonly createdAtMs: number
  /** CID of the appeal that it answers. */
  readonly appeal?: string
}

/** That an item is one curator's to review for a while. */
export interface StoredLease {
  readonly contribution: string
  readonly curator: string
  readonly untilMs: number
}

/** A contribution that waits for curators, without its words. */
export interface WaitingItem {
  readonly cid: string
  readonly contributor: string
  readonly order: number
  readonly priority: number
}

/** A word on an item, and what became of the item. */
export interface CountedWord {
  readonly contribution: string
  readonly curator: string
  readonly verdict: Review['verdict']
  readonly status: string
  readonly isAppeal: boolean
  readonly createdAtMs: number
}

/** Reviews, and who has what to review: kept, so that a restart gives nothing to two people. */
export interface ReviewStore {
  addReview(review: StoredReview): void
  /** In the order in which they came. */
  reviews(contribution: string): readonly Uint8Array[]
  /** Who spoke of the contribution, without the words. */
  spoke(contribution: string): ReadonlyArray<Pick<StoredReview, 'curator' | 'verdict' | 'appeal'>>
  /** Every word on what a Datanet took in, the oldest first. */
  words(datanet: string): IterableIterator<CountedWord>
  /** False where one is kept already: there is one appeal. */
  addAppeal(appeal: { contribution: string; cid: string; bytes: Uint8Array }): boolean
  appeal(contribution: string): { readonly cid: string; readonly bytes: Uint8Array } | undefined
  /** What goes before others, and what is held: both until it is said otherwise. */
  mark(contribution: string, mark: { readonly priority?: number; readonly isHeld?: boolean }): void
  /** Those of a Datanet that are held and undecided, in registration order. */
  held(datanet: string): readonly string[]
  /** Accounts with something to review, the one that was served longest ago first. */
  authors(datanet: string): ReadonlyArray<{ contributor: string; dealt: number; first: number }>
  served(datanet: string, contributor: string): void
  /**
   * What of these accounts (or any) waits and is not held, has no lease of these curators, and no
   * approval or rejection by them: by priority and then by order, after `skip` of them.
   */
  waiting(
    datanet: string,
    by: { readonly accounts?: readonly string[]; readonly curators: readonly string[] },
    page: { readonly skip: number; readonly most: number; readonly leastPriority: number }
  ): readonly WaitingItem[]
  /** Leases of one curator that did not end, or all of one contribution. */
  leases(of: { curator: string } | { contribution: string }, nowMs: number): readonly StoredLease[]
  lease(lease: StoredLease): void
  /** Takes back those of these curators, or all, and forgets what ended. */
  release(contribution: string, curators?: readonly string[]): void
  expire(nowMs: number): void
  forgetReviews(contribution: string): void
}

/** The review tables of `db`. */
export function createReviewStore(db: Database): ReviewStore {
  // The table was made by the room `datanets`, of which this was a part.
  db.migrate('reviews', [
    `ALTER TABLE review ADD COLUMN curator TEXT NOT NULL DEFAULT '';
     ALTER TABLE review ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
     ALTER TABLE review ADD COLUMN created_at_ms INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE review ADD COLUMN appeal TEXT;
     CREATE TABLE review_lease (
       contribution TEXT NOT NULL REFERENCES contribution (cid), curator TEXT NOT NULL,
       until_ms INTEGER NOT NULL, PRIMARY KEY (contribution, curator)) WITHOUT ROWID, STRICT;
     CREATE INDEX review_lease_of ON review_lease (curator);
     CREATE TABLE review_appeal (
       contribution TEXT PRIMARY KEY REFERENCES contribution (cid), cid TEXT NOT NULL,
       bytes BLOB NOT NULL) WITHOUT ROWID, STRICT;
     CREATE TABLE review_mark (
       contribution TEXT PRIMARY KEY REFERENCES contribution (cid),
       priority INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID, STRICT;
     CREATE INDEX review_mark_by ON review_mark (priority);
     CREATE TABLE review_author (
       datanet TEXT NOT NULL, contributor TEXT NOT NULL, dealt INTEGER NOT NULL,
       PRIMARY KEY (datanet, contributor)) WITHOUT ROWID, STRICT`,
    `CREATE INDEX contribution_waiting ON contribution (datanet, contributor, place)
       WHERE status = 'pending'`
  ])
  // Of before there were columns for it; what is of another version stays without.
  for (const row of db.all("SELECT rowid AS place, bytes FROM review WHERE curator = ''")) {
    try {
      const { curator, verdict, createdAtMs } = verifyReview(row.bytes as Uint8Array).review
      db.run(
        'UPDATE review SET curator = ?, verdict = ?, created_at_ms = ? WHERE rowid = ?',
        ...[curator, verdict, createdAtMs, row.place as number]
      )
    } catch (error) {
      if (!isDatanetError(error)) throw error
    }
  }
  const places = (values: readonly unknown[]) => values.map(() => '?').join(', ')

  return {
    addReview(review) {
      db.run(
        `INSERT OR IGNORE INTO review
           (cid, contribution, bytes, curator, verdict, created_at_ms, appeal)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        review.cid,
        review.contribution,
        review.bytes,
        review.curator,
        review.verdict,
        review.createdAtMs,
        review.appeal ?? null
      )
    },
    reviews: (contribution) =>
      db
        .all('SELECT bytes FROM review WHERE contribution = ? ORDER BY rowid', contribution)
        .map((row) => row.bytes as Uint8Array),
    spoke: (contribution) =>
      db
        .all(
          'SELECT curator, verdict, appeal FROM review WHERE contribution = ? ORDER BY rowid',
          contribution
        )
        .map((row) => ({
          curator: String(row.curator),
          verdict: String(row.verdict),
          ...(row.appeal === null ? {} : { appeal: String(row.appeal) })
        })),
    *words(datanet) {
      for (const row of db.each(
        `SELECT contribution, curator, verdict, review.appeal, status, created_at_ms FROM review
         JOIN contribution ON contribution.cid = contribution
         WHERE datanet = ? AND curator <> '' ORDER BY created_at_ms, review.rowid`,
        datanet
      )) {
        yield {
          contribution: String(row.contribution),
          curator: String(row.curator),
          verdict: row.verdict as Review['verdict'],
          status: String(row.status),
          isAppeal: row.appeal !== null,
          createdAtMs: Number(row.created_at_ms)
        }
      }
    },
    addAppeal: ({ contribution, cid, bytes }) =>
      db.run('INSERT OR IGNORE INTO review_appeal VALUES (?, ?, ?)', contribution, cid, bytes)
        .changes === 1,
    appeal(contribution) {
      const row = db.get('SELECT * FROM review_appeal WHERE contribution = ?', contribution)
      return row === undefined
        ? undefined
        : { cid: String(row.cid), bytes: row.bytes as Uint8Array }
    },
    mark(contribution, { priority, isHeld }) {
      db.run('INSERT OR IGNORE INTO review_mark (contribution) VALUES (?)', contribution)
      db.run(
        `UPDATE review_mark SET priority = coalesce(?, priority), held = coalesce(?, held)
         WHERE contribution = ?`,
        priority ?? null,
        isHeld === undefined ? null : Number(isHeld),
        contribution
      )
    },
    held: (datanet) =>
      db
        .all(
          `SELECT cid FROM review_mark JOIN contribution ON cid = review_mark.contribution
           WHERE held = 1 AND datanet = ? AND status = 'pending' ORDER BY number`,
          datanet
        )
        .map((row) => String(row.cid)),
    authors(datanet) {
      const turns = db.all(
        'SELECT contributor, dealt FROM review_author WHERE datanet = ?',
        datanet
      )
      const dealt = new Map(turns.map((row) => [String(row.contributor), Number(row.dealt)]))
      const found: Array<{ contributor: string; dealt: number; first: number }> = []
      // From author to author in the index, whatever each of them has waiting.
      for (let last = ''; ; ) {
        const row = db.get(
          `SELECT contributor, place FROM contribution
           WHERE datanet = ? AND status = 'pending' AND contributor > ?
           ORDER BY contributor, place LIMIT 1`,
          datanet,
          last
        )
        if (row === undefined) break
        last = String(row.contributor)
        found.push({
          contributor: last,
          dealt: dealt.get(last) ?? 0,
          first: Number(row.place)
        })
      }
      return found.sort((a, b) => a.dealt - b.dealt || a.first - b.first)
    },
    served(datanet, contributor) {
      db.run(
        `INSERT OR REPLACE INTO review_author
         VALUES (?, ?, (SELECT coalesce(max(dealt), 0) + 1 FROM review_author WHERE datanet = ?))`,
        datanet,
        contributor,
        datanet
      )
    },
    waiting: (datanet, { accounts, curators }, { skip, most, leastPriority }) =>
      db
        .all(
          // What has priority is little: it is found by its marks, and not among all that waits.
          `SELECT cid, contributor, place, coalesce(priority, 0) AS priority
           FROM ${
             leastPriority > 0
               ? 'review_mark CROSS JOIN contribution'
               : 'contribution LEFT JOIN review_mark'
           } ON review_mark.contribution = cid
           WHERE datanet = ? AND status = 'pending' AND coalesce(held, 0) = 0
             ${accounts === undefined ? '' : `AND contributor IN (${places(accounts)})`}
             ${leastPriority > 0 ? 'AND review_mark.priority >= ?' : ''}
             AND NOT EXISTS (SELECT 1 FROM review_lease
               WHERE review_lease.contribution = cid AND curator IN (${places(curators)}))
             AND NOT EXISTS (SELECT 1 FROM review WHERE review.contribution = contribution.cid
               AND curator IN (${places(curators)}) AND verdict IN ('approve', 'reject'))
           ORDER BY coalesce(priority, 0) DESC, place LIMIT ? OFFSET ?`,
          datanet,
          ...(accounts ?? []),
          ...(leastPriority > 0 ? [leastPriority] : []),
          ...curators,
          ...curators,
          most,
          skip
        )
        .map((row) => ({
          cid: String(row.cid),
          contributor: String(row.contributor),
          order: Number(row.place),
          priority: Number(row.priority)
        })),
    leases: (of, nowMs) =>
      ('curator' in of
        ? db.all(
            `SELECT * FROM review_lease WHERE curator = ? AND until_ms > ?
             ORDER BY until_ms, contribution`,
            of.curator,
            nowMs
          )
        : db.all(
            'SELECT * FROM review_lease WHERE contribution = ? AND until_ms > ?',
            of.contribution,
            nowMs
          )
      ).map(storedLease),
    lease({ contribution, curator, untilMs }) {
      db.run('INSERT OR REPLACE INTO review_lease VALUES (?, ?, ?)', contribution, curator, untilMs)
    },
    release(contribution, curators) {
      if (curators === undefined) {
        db.run('DELETE FROM review_lease WHERE contribution = ?', contribution)
        return
      }
      db.run(
        `DELETE FROM review_lease WHERE contribution = ? AND curator IN (${places(curators)})`,
        contribution,
        ...curators
      )
    },
    expire(nowMs) {
      db.run('DELETE FROM review_lease WHERE until_ms <= ?', nowMs)
    },
    forgetReviews(contribution) {
      for (const table of ['review', 'review_lease', 'review_appeal', 'review_mark']) {
        db.run(`DELETE FROM ${table} WHERE contribution = ?`, contribution)
      }
    }
  }
}

function storedLease(row: Row): StoredLease {
  return {
    contribution: String(row.contribution),
    curator: String(row.curator),
    untilMs: Number(row.until_ms)
  }
}
