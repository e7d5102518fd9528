import { type ContributionStore, createContributionStore } from './contributions.ts'
import type { Database, Row } from './database.ts'
import { createReviewStore, type ReviewStore } from './reviews.ts'
import { createRowLeafStore, type RowLeafStore } from './row-leaves.ts'

export interface StoredRevision {
  readonly datanet: string
  readonly ordinal: number
  readonly cid: string
  readonly bytes: Uint8Array
  /** Whether the chain is known to anchor it; nobody is shown what it does not anchor. */
  readonly anchored: boolean
}

/** A hand-over as a host took it in, or as a revision that was fetched held it. */
export interface StoredHandOver {
  readonly cid: string
  readonly datanet: string
  readonly oldAccount: string
  readonly newAccount: string
  readonly bytes: Uint8Array
  /** The ordinal of the revision that first held it; 0 while none does. */
  readonly revision: number
}

/** What a peer knows of Datanets: manifests it met, and as a host everything handed in. */
export interface DatanetStore extends ContributionStore, ReviewStore, RowLeafStore {
  putManifest(datanet: string, bytes: Uint8Array, hosted: boolean): void
  manifests(): ReadonlyArray<{ datanet: string; bytes: Uint8Array; hosted: boolean }>
  /** False when the Datanet holds one of the same account already. */
  addHandOver(handOver: Omit<StoredHandOver, 'revision'>): boolean
  /** Of one Datanet in order of arrival, or of all those in which `account` takes part. */
  handOvers(of: { datanet: string } | { account: string }): readonly StoredHandOver[]
  /** Keeps a revision and marks the contributions and hand-overs that are new in it, as one unit. */
  putRevision(
    revision: StoredRevision,
    added: readonly string[],
    handOvers?: readonly Omit<StoredHandOver, 'revision'>[]
  ): void
  /** The newest anchored revision, or the one with CID `cid`. */
  revision(datanet: string, cid?: string): StoredRevision | undefined
  /** Up to `count` anchored revisions, the newest first. */
  newest(datanet: string, count: number): readonly StoredRevision[]
  /** The bytes of the anchored revision with that CID, of whatever Datanet, where it is kept. */
  anchoredRevision(cid: string): Uint8Array | undefined
  /** The anchored revision with that ordinal, where it is kept. */
  revisionAt(datanet: string, ordinal: number): StoredRevision | undefined
  /** A revision that was kept and has not been seen on the chain. */
  unanchored(datanet: string): StoredRevision | undefined
  setAnchored(revision: StoredRevision): void
  /** Forgets one that was never anchored: what was new in it is new again. */
  dropRevision(revision: StoredRevision): void
}

/** The Datanet tables of `db`. */
export function createDatanetStore(db: Database): DatanetStore {
  db.migrate('datanets', [
    `CREATE TABLE datanet (id TEXT PRIMARY KEY, manifest BLOB NOT NULL, hosted INTEGER NOT NULL) STRICT;
     CREATE TABLE contribution (
       number INTEGER PRIMARY KEY AUTOINCREMENT, cid TEXT NOT NULL UNIQUE, datanet TEXT NOT NULL,
       contributor TEXT NOT NULL, text_digest BLOB NOT NULL, bytes BLOB NOT NULL,
       status TEXT NOT NULL DEFAULT 'pending', revision INTEGER NOT NULL DEFAULT 0,
       UNIQUE (datanet, text_digest)) STRICT;
     CREATE INDEX contribution_by_status ON contribution (datanet, status, number);
     CREATE TABLE review (
       cid TEXT PRIMARY KEY, contribution TEXT NOT NULL REFERENCES contribution (cid),
       bytes BLOB NOT NULL) STRICT;
     CREATE INDEX review_by_contribution ON review (contribution);
     CREATE TABLE revision (
       datanet TEXT NOT NULL, ordinal INTEGER NOT NULL, cid TEXT NOT NULL, bytes BLOB NOT NULL,
       PRIMARY KEY (datanet, ordinal)) STRICT`,
    'ALTER TABLE revision ADD COLUMN anchored INTEGER NOT NULL DEFAULT 1',
    `CREATE TABLE hand_over (
       number INTEGER PRIMARY KEY AUTOINCREMENT, cid TEXT NOT NULL, datanet TEXT NOT NULL,
       old_account TEXT NOT NULL, new_account TEXT NOT NULL, bytes BLOB NOT NULL,
       revision INTEGER NOT NULL DEFAULT 0, UNIQUE (datanet, old_account)) STRICT;
     CREATE INDEX hand_over_from ON hand_over (old_account);
     CREATE INDEX hand_over_to ON hand_over (new_account);
     CREATE INDEX contribution_by_contributor ON contribution (contributor)`
  ])
  const addHandOver = (item: Omit<StoredHandOver, 'revision'>) =>
    db.run(
      `INSERT INTO hand_over (cid, datanet, old_account, new_account, bytes)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      item.cid,
      item.datanet,
      item.oldAccount,
      item.newAccount,
      item.bytes
    ).changes === 1
  const contributions = createContributionStore(db)
  const reviews = createReviewStore(db)
  const rowLeaves = createRowLeafStore(db)
  return {
    ...contributions,
    ...reviews,
    ...rowLeaves,
    withdraw(contribution) {
      db.transaction(() => {
        reviews.forgetReviews(contribution)
        contributions.withdraw(contribution)
        rowLeaves.forgetRow(contribution)
      })
    },
    putManifest(datanet, bytes, hosted) {
      db.run(
        `INSERT INTO datanet VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
         SET manifest = excluded.manifest, hosted = max(hosted, excluded.hosted)`,
        datanet,
        bytes,
        hosted ? 1 : 0
      )
    },
    manifests: () =>
      db.all('SELECT id, manifest, hosted FROM datanet ORDER BY rowid').map((row) => ({
        datanet: String(row.id),
        bytes: row.manifest as Uint8Array,
        hosted: row.hosted === 1
      })),
    addHandOver,
    handOvers: (of) =>
      ('datanet' in of
        ? db.all('SELECT * FROM hand_over WHERE datanet = ? ORDER BY number', of.datanet)
        : db.all(
            'SELECT * FROM hand_over WHERE old_account = ? OR new_account = ? ORDER BY number',
            of.account,
            of.account
          )
      ).map(storedHandOver),
    putRevision(revision, added, handOvers = []) {
      db.transaction(() => {
        db.run(
          'INSERT OR IGNORE INTO revision VALUES (?, ?, ?, ?, ?)',
          revision.datanet,
          revision.ordinal,
          revision.cid,
          revision.bytes,
          revision.anchored ? 1 : 0
        )
        for (const cid of added) {
          db.run('UPDATE contribution SET revision = ? WHERE cid = ?', revision.ordinal, cid)
        }
        for (const handOver of handOvers) {
          addHandOver(handOver)
          db.run(
            `UPDATE hand_over SET revision = ? WHERE datanet = ? AND old_account = ?
             AND revision = 0`,
            revision.ordinal,
            handOver.datanet,
            handOver.oldAccount
          )
        }
      })
    },
    revision(datanet, cid) {
      const row =
        cid === undefined
          ? db.get(
              `SELECT * FROM revision WHERE datanet = ? AND anchored = 1
               ORDER BY ordinal DESC LIMIT 1`,
              datanet
            )
          : db.get('SELECT * FROM revision WHERE datanet = ? AND cid = ?', datanet, cid)
      return row === undefined ? undefined : storedRevision(row)
    },
    newest: (datanet, count) =>
      db
        .all(
          `SELECT * FROM revision WHERE datanet = ? AND anchored = 1
           ORDER BY ordinal DESC LIMIT ?`,
          datanet,
          count
        )
        .map(storedRevision),
    anchoredRevision: (cid) =>
      db.get('SELECT bytes FROM revision WHERE cid = ? AND anchored = 1', cid)?.bytes as
        | Uint8Array
        | undefined,
    revisionAt(datanet, ordinal) {
      const row = db.get(
        'SELECT * FROM revision WHERE datanet = ? AND ordinal = ? AND anchored = 1',
        datanet,
        ordinal
      )
      return row === undefined ? undefined : storedRevision(row)
    },
    unanchored(datanet) {
      const row = db.get('SELECT * FROM revision WHERE datanet = ? AND anchored = 0', datanet)
      return row === undefined ? undefined : storedRevision(row)
    },
    dropRevision({ datanet, ordinal, cid }) {
      db.transaction(() => {
        const { changes } = db.run(
          'DELETE FROM revision WHERE datanet = ? AND cid = ? AND anchored = 0',
          datanet,
          cid
        )
        if (changes === 0) return
        for (const table of ['contribution', 'hand_over']) {
          db.run(
            `UPDATE ${table} SET revision = 0 WHERE datanet = ? AND revision = ?`,
            datanet,
            ordinal
          )
        }
      })
    },
    setAnchored({ datanet, ordinal }) {
      db.run('UPDATE revision SET anchored = 1 WHERE datanet = ? AND ordinal = ?', datanet, ordinal)
    }
  }
}

function storedRevision(row: Row): StoredRevision {
  return {
    datanet: String(row.datanet),
    ordinal: Number(row.ordinal),
    cid: String(row.cid),
    bytes: row.bytes as Uint8Array,
    anchored: row.anchored === 1
  }
}

function storedHandOver(row: Row): StoredHandOver {
  return {
    cid: String(row.cid),
    datanet: String(row.datanet),
    oldAccount: String(row.old_account),
    newAccount: String(row.new_account),
    bytes: row.bytes as Uint8Array,
    revision: Number(row.revision)
  }
}
