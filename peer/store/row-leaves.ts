import type { Database } from './database.ts'

/** What a revision's directory says of a row, and the block that holds it: as it was made before. */
export interface RowLeaf {
  /** The contribution's place in its table. */
  readonly number: number
  /** Digest of the contribution's CID. */
  readonly id: Uint8Array
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
  readonly number: number
  readonly cid: string
  readonly contributor: string
  readonly revision: number
  /** Absent until its row was made. */
  readonly leaf?: RowLeaf
}

/** The block of a review's line. */
export interface ReviewLeaf {
  /** The review's place in its table, and that of the contribution that it is about. */
  readonly number: number
  readonly contribution: number
  readonly digest: Uint8Array
  readonly bytes: number
}

/** A review behind a row, without its words. */
export interface ListedReview extends Pick<ReviewLeaf, 'number' | 'contribution'> {
  /** CID of the contribution whose appeal it answers, where it answers one. */
  readonly appealed?: string
  readonly leaf?: Pick<ReviewLeaf, 'digest' | 'bytes'>
}

/** The blocks of rows that were made before, so that the next revision is made of them. */
export interface RowLeafStore {
  /** What is accepted and may be published, in the order in which it was handed in. */
  listed(datanet: string): readonly ListedContribution[]
  /** Keeps a contribution out of every revision, whatever its reviews say. */
  keepUnpublished(contribution: string): void
  /** The reviews of what is listed, in the order in which they came. */
  listedReviews(datanet: string): readonly ListedReview[]
  review(cid: string): Uint8Array | undefined
  /** The review at that place in its table. */
  reviewAt(number: number): Uint8Array | undefined
  putRowLeaves(leaves: readonly RowLeaf[]): void
  putReviewLeaves(leaves: readonly ReviewLeaf[]): void
  forgetRow(contribution: string): void
  /** Has the rows of all reviews made anew the next time. */
  forgetReviewLeaves(): void
}

/** What comes from the database in one piece: values for each row by itself would cost most of it. */
const PAGE = 512
/** Between the values of a column: nothing in them holds it. */
const BETWEEN = '\x1f'
const LISTS = ['numbers', 'cids', 'contributors', 'revisions']
const LEAF_LISTS = ['sizes', 'languages', 'columns', 'times', 'files']

const LISTED = `SELECT count(*) AS count, group_concat(number, char(31)) AS numbers,
     group_concat(cid, char(31)) AS cids, group_concat(contributor, char(31)) AS contributors,
     group_concat(revision, char(31)) AS revisions,
     group_concat(coalesce(bytes, '-'), char(31)) AS sizes,
     group_concat(coalesce(language, '-'), char(31)) AS languages,
     group_concat(coalesce(columns, '-'), char(31)) AS columns,
     group_concat(coalesce(created_at_ms, '-'), char(31)) AS times,
     group_concat(coalesce(file, '-'), char(31)) AS files,
     group_concat(hex(id) || hex(digest), '') AS digests
   FROM (
     SELECT contribution.number AS number, cid, contributor, revision, row_leaf.bytes AS bytes,
       language, columns, created_at_ms, file, id, digest
     FROM contribution LEFT JOIN row_leaf ON row_leaf.number = contribution.number
     WHERE datanet = ? AND status = 'accepted' AND contribution.number > ?
      AND cid NOT IN (SELECT contribution FROM unpublished)
     ORDER BY contribution.number LIMIT ?)`

const LISTED_REVIEWS = `SELECT count(*) AS count, group_concat(number, char(31)) AS numbers,
     group_concat(contribution, char(31)) AS contributions,
     group_concat(appealed, char(31)) AS appealed,
     group_concat(coalesce(bytes, '-'), char(31)) AS sizes, group_concat(hex(digest), '') AS digests
   FROM (
     SELECT review.rowid AS number, contribution.number AS contribution,
       iif(review.appeal IS NULL, '-', review.contribution) AS appealed,
       review_leaf.bytes AS bytes, digest
     FROM review CROSS JOIN contribution ON contribution.cid = review.contribution
     LEFT JOIN review_leaf ON review_leaf.number = review.rowid
     WHERE datanet = ? AND status = 'accepted' AND review.rowid > ?
      AND contribution.cid NOT IN (SELECT contribution FROM unpublished)
     ORDER BY review.rowid LIMIT ?)`

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
    'ALTER TABLE row_leaf ADD COLUMN file TEXT; DELETE FROM row_leaf',
    // By their places in the tables beside them, in whose order they are read: a revision looks at all.
    `DROP TABLE row_leaf;
     DROP TABLE review_leaf;
     CREATE TABLE row_leaf (
       number INTEGER PRIMARY KEY, id BLOB NOT NULL, digest BLOB NOT NULL, bytes INTEGER NOT NULL,
       language TEXT NOT NULL, columns TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
       file TEXT) STRICT;
     CREATE TABLE review_leaf (
       number INTEGER PRIMARY KEY, contribution INTEGER NOT NULL, digest BLOB NOT NULL,
       bytes INTEGER NOT NULL) STRICT;
     CREATE INDEX review_leaf_of ON review_leaf (contribution)`
  ])
  db.migrate('unpublished', [
    'CREATE TABLE unpublished (contribution TEXT PRIMARY KEY) WITHOUT ROWID, STRICT'
  ])
  return {
    listed(datanet) {
      const columnsOf = remembered((columns) => columns.split(','))
      const same = remembered((text) => text)
      const found: ListedContribution[] = []
      for (let after = 0; ; after = found.at(-1)?.number ?? 0) {
        const page = db.get(LISTED, datanet, after, PAGE)
        if (page === undefined || page.count === 0) return found
        const of = (column: string) => String(page[column]).split(BETWEEN)
        const [numbers, cids, contributors, revisions] = LISTS.map(of) as [
          ...[string[], string[], string[], string[]]
        ]
        const [sizes, languages, columns, times, files] = LEAF_LISTS.map(of) as [
          ...[string[], string[], string[], string[], string[]]
        ]
        const digests = Buffer.from(String(page.digests), 'hex')
        let made = 0
        for (const [n, number] of numbers.entries()) {
          const one = {
            number: Number(number),
            cid: cids[n] as string,
            contributor: same(contributors[n] as string),
            revision: Number(revisions[n])
          }
          if (sizes[n] === '-') {
            found.push(one)
            continue
          }
          const at = 64 * made++
          const leaf = {
            number: one.number,
            id: digests.subarray(at, at + 32),
            digest: digests.subarray(at + 32, at + 64),
            bytes: Number(sizes[n]),
            language: same(languages[n] as string),
            columns: columnsOf(columns[n] as string),
            createdAtMs: Number(times[n]),
            ...(files[n] === '-' ? {} : { file: JSON.parse(files[n] as string) })
          }
          found.push({ ...one, leaf })
        }
      }
    },
    listedReviews(datanet) {
      const found: ListedReview[] = []
      for (let after = 0; ; after = found.at(-1)?.number ?? 0) {
        const page = db.get(LISTED_REVIEWS, datanet, after, PAGE)
        if (page === undefined || page.count === 0) return found
        const of = (column: string) => String(page[column]).split(BETWEEN)
        const contributions = of('contributions')
        const sizes = of('sizes')
        const appealed = of('appealed')
        const digests = Buffer.from(String(page.digests), 'hex')
        let made = 0
        for (const [n, number] of of('numbers').entries()) {
          const one = {
            ...{ number: Number(number), contribution: Number(contributions[n]) },
            ...(appealed[n] === '-' ? {} : { appealed: appealed[n] as string })
          }
          if (sizes[n] === '-') {
            found.push(one)
            continue
          }
          const at = 32 * made++
          const leaf = { digest: digests.subarray(at, at + 32), bytes: Number(sizes[n]) }
          found.push({ ...one, leaf })
        }
      }
    },
    keepUnpublished(contribution) {
      db.run('INSERT OR IGNORE INTO unpublished VALUES (?)', contribution)
    },
    review: (cid) => db.get('SELECT bytes FROM review WHERE cid = ?', cid)?.bytes as Uint8Array,
    reviewAt: (number) =>
      db.get('SELECT bytes FROM review WHERE rowid = ?', number)?.bytes as Uint8Array,
    putRowLeaves(leaves) {
      db.transaction(() => {
        for (const leaf of leaves) {
          const { number, id, digest, bytes, language, columns, createdAtMs, file } = leaf
          db.run(
            'INSERT OR REPLACE INTO row_leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            number,
            id,
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
        for (const { number, contribution, digest, bytes } of leaves) {
          db.run(
            'INSERT OR REPLACE INTO review_leaf VALUES (?, ?, ?, ?)',
            number,
            contribution,
            digest,
            bytes
          )
        }
      })
    },
    forgetReviewLeaves: () => void db.run('DELETE FROM review_leaf'),
    forgetRow(contribution) {
      const row = db.get('SELECT number FROM contribution WHERE cid = ?', contribution)
      if (row === undefined) return
      db.run('DELETE FROM row_leaf WHERE number = ?', Number(row.number))
      db.run('DELETE FROM review_leaf WHERE contribution = ?', Number(row.number))
    }
  }
}

/** `make`, which makes each of few different texts once: a hundred thousand rows share a handful. */
function remembered<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  return (text) => {
    let one = made.get(text)
    if (one === undefined) {
      one = make(text)
      made.set(text, one)
    }
    return one
  }
}
