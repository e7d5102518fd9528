import type { Database } from './database.ts'

/** What a revision's directory says of a row, and the block that holds it: as it was made before. */
export interface RowLeaf {
  readonly contribution: string
  /** Digest of the row's bytes, which name their raw block. */
  readonly digest: Uint8Array
  readonly bytes: number
  readonly language: string
  /** Its readable columns in their order. */
  readonly columns: readonly string[]
  readonly createdAtMs: number
  /** Its file, where the directory links one: its CID as text, its size and its media type. */
  readonly file?: { readonly cid: string; readonly bytes: number; readonly mime: string }
}

/** A contribution that a revision lists, without its words. */
export interface ListedContribution {
  readonly cid: string
  readonly contributor: string
  readonly revision: number
  /** Absent until its row was made. */
  readonly leaf?: RowLeaf
}

/** A review behind a row, without its words. */
export interface ListedReview {
  readonly cid: string
  readonly contribution: string
  /** Whether it answers the appeal for that contribution. */
  readonly isAppeal: boolean
  readonly leaf?: { readonly digest: Uint8Array; readonly bytes: number }
}

/** The blocks of rows that were made before, so that the next revision is made of them. */
export interface RowLeafStore {
  /** What is accepted, in the order in which it was handed in. */
  listed(datanet: string): readonly ListedContribution[]
  /** The reviews of what is accepted, in the order in which they came. */
  listedReviews(datanet: string): readonly ListedReview[]
  review(cid: string): Uint8Array | undefined
  putRowLeaves(leaves: readonly RowLeaf[]): void
  putReviewLeaves(
    leaves: ReadonlyArray<{ cid: string; contribution: string; digest: Uint8Array; bytes: number }>
  ): void
  forgetRow(contribution: string): void
  /** Has the rows of all reviews made anew the next time. */
  forgetReviewLeaves(): void
}

/** The tables of rows' blocks in `db`, in which contributions and reviews are. */
export function createRowLeafStore(db: Database): RowLeafStore {
  db.migrate('row-leaves', [
    `CREATE TABLE row_leaf (
       contribution TEXT PRIMARY KEY, digest BLOB NOT NULL, bytes INTEGER NOT NULL,
       language TEXT NOT NULL, columns TEXT NOT NULL, created_at_ms INTEGER NOT NULL) WITHOUT ROWID, STRICT;
     CREATE TABLE review_leaf (
       review TEXT PRIMARY KEY, contribution TEXT NOT NULL, digest BLOB NOT NULL,
       bytes INTEGER NOT NULL) WITHOUT ROWID, STRICT;
     CREATE INDEX review_leaf_of ON review_leaf (contribution)`,
    // More is told of a row's columns: those that were made before are made again.
    'DELETE FROM row_leaf',
    'ALTER TABLE row_leaf ADD COLUMN file TEXT; DELETE FROM row_leaf'
  ])
  return {
    listed: (datanet) =>
      db
        .all(
          `SELECT cid, contributor, revision, row_leaf.digest AS digest, row_leaf.bytes AS size,
             language, columns, created_at_ms, file
           FROM contribution LEFT JOIN row_leaf ON row_leaf.contribution = cid
           WHERE datanet = ? AND status = 'accepted' ORDER BY number`,
          datanet
        )
        .map((row) => ({
          cid: String(row.cid),
          contributor: String(row.contributor),
          revision: Number(row.revision),
          ...(row.digest === null
            ? {}
            : {
                leaf: {
                  contribution: String(row.cid),
                  digest: row.digest as Uint8Array,
                  bytes: Number(row.size),
                  language: String(row.language),
                  columns: String(row.columns).split(','),
                  createdAtMs: Number(row.created_at_ms),
                  ...(row.file === null ? {} : { file: JSON.parse(String(row.file)) })
                }
              })
        })),
    listedReviews: (datanet) =>
      db
        .all(
          `SELECT review.cid, review.contribution, review.appeal, digest, review_leaf.bytes AS size FROM review
           JOIN contribution ON contribution.cid = review.contribution
           LEFT JOIN review_leaf ON review_leaf.review = review.cid
           WHERE datanet = ? AND status = 'accepted' ORDER BY review.rowid`,
          datanet
        )
        .map((row) => ({
          cid: String(row.cid),
          contribution: String(row.contribution),
          isAppeal: row.appeal !== null,
          ...(row.digest === null
            ? {}
            : { leaf: { digest: row.digest as Uint8Array, bytes: Number(row.size) } })
        })),
    review: (cid) => db.get('SELECT bytes FROM review WHERE cid = ?', cid)?.bytes as Uint8Array,
    putRowLeaves(leaves) {
      db.transaction(() => {
        for (const {
          contribution,
          digest,
          bytes,
          language,
          columns,
          createdAtMs,
          file
        } of leaves) {
          db.run(
            'INSERT OR REPLACE INTO row_leaf VALUES (?, ?, ?, ?, ?, ?, ?)',
            contribution,
            digest,
            bytes,
            language,
            columns.join(','),
            createdAtMs,
            file === undefined ? null : JSON.stringify(file)
          )
        }
      })
    },
    putReviewLeaves(leaves) {
      db.transaction(() => {
        for (const { cid, contribution, digest, bytes } of leaves) {
          db.run(
            'INSERT OR REPLACE INTO review_leaf VALUES (?, ?, ?, ?)',
            cid,
            contribution,
            digest,
            bytes
          )
        }
      })
    },
    forgetReviewLeaves: () => void db.run('DELETE FROM review_leaf'),
    forgetRow(contribution) {
      db.run('DELETE FROM row_leaf WHERE contribution = ?', contribution)
      db.run('DELETE FROM review_leaf WHERE contribution = ?', contribution)
    }
  }
}
