import { DatanetError } from '../../protocol/base/errors.ts'
import type { ContributionStatus } from '../api/datanets-api.ts'
import { createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database, Row } from './database.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'

/** A contribution as a host keeps it. */
export interface StoredContribution {
  readonly cid: string
  readonly contributor: string
  readonly bytes: Uint8Array
  readonly status: ContributionStatus
  /** The ordinal of the revision that first held it; 0 while none does. */
  readonly revision: number
  /** Its number among all that the Datanet ever took in. */
  readonly order: number
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
  readonly takenAtMs: number
}

/** What was handed in to the Datanets that a peer hosts, in registration order. */
export interface ContributionStore {
  /**
   * Registers a contribution and returns its order; undefined when the Datanet already holds these
   * words or this contribution. Refuses one that was withdrawn (CONTRIBUTION_WITHDRAWN). No order is
   * ever given twice.
   */
  addContribution(item: {
    cid: string
    datanet: string
    contributor: string
    textDigest: Uint8Array
    bytes: Uint8Array
    takenAtMs: number
    cluster?: string
  }): number | undefined
  /** Writes together with what others write meanwhile, and resolves once it is on the disk. */
  readonly together: GroupCommit
  contribution(cid: string): (StoredContribution & { datanet: string }) | undefined
  /** The contribution with this text digest, if the Datanet holds one. */
  sameText(datanet: string, textDigest: Uint8Array): string | undefined
  /** Those of a Datanet that stand so, in registration order; a page of them where that is given. */
  contributions(
    datanet: string,
    status: ContributionStatus,
    page?: { readonly after: number; readonly most: number }
  ): readonly StoredContribution[]
  /** Those of a Datanet by any of `accounts`, of a greater order than `after`, `most` at most. */
  contributionsBy(
    datanet: string,
    accounts: readonly string[],
    page: { readonly after: number; readonly most: number }
  ): readonly StoredContribution[]
  /** What an account has waiting in a Datanet, and how many it handed in since `sinceMs`. */
  loadOf(
    datanet: string,
    account: string,
    sinceMs: number
  ): { readonly pending: number; readonly since: number; readonly firstAtMs: number }
  /**
   * Registers what an anchored revision holds, as accepted and under the order that it has there, where
   * this peer did not take it in itself. What was withdrawn stays so.
   */
  restoreContribution(item: {
    cid: string
    datanet: string
    contributor: string
    textDigest: Uint8Array
    bytes: Uint8Array
    takenAtMs: number
    order: number
    revision: number
    cluster?: string
  }): void
  setStatus(contribution: string, status: ContributionStatus): void
  /** Forgets what it said and what was said of it; that it was here and was withdrawn stays known. */
  withdraw(contribution: string): void
  /** How many contributions of `account` are here, by Datanet and status. */
  countOf(account: string): ReadonlyArray<{
    datanet: string
    status: ContributionStatus
    count: number
  }>
}

const SELECT = `SELECT contribution.*, content_key.key AS secret FROM contribution
   LEFT JOIN content_key ON content_key.contribution = contribution.cid`

/** What a contribution's bytes are sealed as, beside its row in revisions. */
const SEALED_AS = new TextEncoder().encode('contribution')

/** The contribution tables of `db`; contributions lie sealed under their own keys. */
export function createContributionStore(db: Database): ContributionStore {
  const keys = createContentKeys(db)
  // The table was made by the room `datanets`, of which this was a part.
  db.migrate('contributions', [
    `ALTER TABLE contribution ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE contribution ADD COLUMN cluster TEXT;
     CREATE TABLE last_place (datanet TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT;
     UPDATE contribution SET place = number;
     INSERT INTO last_place SELECT datanet, max(place) FROM contribution GROUP BY datanet`,
    `ALTER TABLE contribution ADD COLUMN taken_at_ms INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE contribution ADD COLUMN receipt BLOB;
     CREATE INDEX contribution_by_account
       ON contribution (datanet, contributor, status, taken_at_ms);
     CREATE INDEX contribution_by_account_place ON contribution (datanet, contributor, place)`,
    // Whoever asks for it gets the same one: it is sealed again, of what stands here.
    'ALTER TABLE contribution DROP COLUMN receipt'
  ])
  return {
    together: createGroupCommit(db),
    addContribution: (item) =>
      db.transaction(() => {
        const key = keys.ensure(item.cid, item.datanet)
        if (key === undefined) throw new DatanetError('CONTRIBUTION_WITHDRAWN', { cid: item.cid })
        const last = db.get('SELECT place FROM last_place WHERE datanet = ?', item.datanet)
        const place = Number(last?.place ?? 0) + 1
        const { changes } = db.run(
          `INSERT INTO contribution
             (cid, datanet, contributor, text_digest, bytes, place, cluster, taken_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          item.cid,
          item.datanet,
          item.contributor,
          item.textDigest,
          sealContent(key.secret, SEALED_AS, item.bytes),
          place,
          item.cluster ?? null,
          item.takenAtMs
        )
        if (changes === 0) return undefined
        db.run('INSERT OR REPLACE INTO last_place VALUES (?, ?)', item.datanet, place)
        return place
      }),
    contribution(cid) {
      const row = db.get(`${SELECT} WHERE cid = ?`, cid)
      return row === undefined ? undefined : { ...stored(row), datanet: String(row.datanet) }
    },
    sameText(datanet, textDigest) {
      const row = db.get(
        'SELECT cid FROM contribution WHERE datanet = ? AND text_digest = ?',
        datanet,
        textDigest
      )
      return row === undefined ? undefined : String(row.cid)
    },
    contributions: (datanet, status, { after, most } = { after: 0, most: -1 }) =>
      db
        .all(
          `${SELECT} WHERE contribution.datanet = ? AND status = ? AND place > ?
           ORDER BY contribution.number LIMIT ?`,
          datanet,
          status,
          after,
          most
        )
        .map(stored),
    contributionsBy: (datanet, accounts, { after, most }) =>
      accounts
        .flatMap((account) =>
          db.all(
            `${SELECT} WHERE contribution.datanet = ? AND contributor = ? AND place > ?
             ORDER BY place LIMIT ?`,
            datanet,
            account,
            after,
            most
          )
        )
        .map(stored)
        .sort((a, b) => a.order - b.order)
        .slice(0, most),
    loadOf(datanet, account, sinceMs) {
      const pending = db.get(
        `SELECT count(*) AS count FROM contribution
         WHERE datanet = ? AND contributor = ? AND status = 'pending'`,
        datanet,
        account
      )
      const since = db.get(
        `SELECT count(*) AS count, coalesce(min(taken_at_ms), 0) AS first FROM contribution
         WHERE datanet = ? AND contributor = ? AND taken_at_ms > ?`,
        datanet,
        account,
        sinceMs
      )
      return {
        pending: Number(pending?.count),
        since: Number(since?.count),
        firstAtMs: Number(since?.first)
      }
    },
    restoreContribution(item) {
      db.transaction(() => {
        const key = keys.ensure(item.cid, item.datanet)
        if (key === undefined) return
        // Of two with the same words the anchored one stands.
        db.run(
          `UPDATE contribution SET text_digest = randomblob(32)
           WHERE datanet = ? AND text_digest = ? AND cid <> ? AND revision = 0`,
          item.datanet,
          item.textDigest,
          item.cid
        )
        db.run(
          `INSERT INTO contribution
             (cid, datanet, contributor, text_digest, bytes, place, cluster, taken_at_ms, status,
              revision)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'accepted', ?) ON CONFLICT (cid) DO UPDATE
           SET status = 'accepted', revision = excluded.revision WHERE contribution.revision = 0`,
          item.cid,
          item.datanet,
          item.contributor,
          item.textDigest,
          sealContent(key.secret, SEALED_AS, item.bytes),
          item.order,
          item.cluster ?? null,
          item.takenAtMs,
          item.revision
        )
        db.run(
          `INSERT INTO last_place VALUES (?, ?) ON CONFLICT DO UPDATE
           SET place = max(place, excluded.place)`,
          item.datanet,
          item.order
        )
      })
    },
    setStatus(contribution, status) {
      db.run('UPDATE contribution SET status = ? WHERE cid = ?', status, contribution)
    },
    withdraw(contribution) {
      db.transaction(() => {
        // A digest of the words could be guessed; the column stays distinct.
        db.run(
          `UPDATE contribution SET status = 'withdrawn', bytes = x'', text_digest = randomblob(32)
           WHERE cid = ?`,
          contribution
        )
      })
    },
    countOf: (account) =>
      db
        .all(
          `SELECT datanet, status, count(*) AS count FROM contribution WHERE contributor = ?
           GROUP BY datanet, status ORDER BY min(number)`,
          account
        )
        .map((row) => ({
          datanet: String(row.datanet),
          status: row.status as ContributionStatus,
          count: Number(row.count)
        }))
  }
}

function stored(row: Row): StoredContribution {
  return {
    cid: String(row.cid),
    contributor: String(row.contributor),
    bytes:
      row.secret === null
        ? new Uint8Array(0)
        : openContent(row.secret as Uint8Array, SEALED_AS, row.bytes as Uint8Array),
    status: row.status as ContributionStatus,
    revision: Number(row.revision),
    order: Number(row.place),
    ...(row.cluster === null ? {} : { cluster: String(row.cluster) }),
    takenAtMs: Number(row.taken_at_ms)
  }
}
