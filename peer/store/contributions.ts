import { DatanetError } from '../../protocol/base/errors.ts'
import type { ContributionStatus } from '../api/datanets-api.ts'
import { createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database, Row } from './database.ts'

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
    cluster?: string
  }): number | undefined
  contribution(cid: string): (StoredContribution & { datanet: string }) | undefined
  /** The contribution with this text digest, if the Datanet holds one. */
  sameText(datanet: string, textDigest: Uint8Array): string | undefined
  contributions(datanet: string, status: ContributionStatus): readonly StoredContribution[]
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
     INSERT INTO last_place SELECT datanet, max(place) FROM contribution GROUP BY datanet`
  ])
  return {
    addContribution: (item) =>
      db.transaction(() => {
        const key = keys.ensure(item.cid, item.datanet)
        if (key === undefined) throw new DatanetError('CONTRIBUTION_WITHDRAWN', { cid: item.cid })
        const last = db.get('SELECT place FROM last_place WHERE datanet = ?', item.datanet)
        const place = Number(last?.place ?? 0) + 1
        const { changes } = db.run(
          `INSERT INTO contribution
             (cid, datanet, contributor, text_digest, bytes, place, cluster)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          item.cid,
          item.datanet,
          item.contributor,
          item.textDigest,
          sealContent(key.secret, SEALED_AS, item.bytes),
          place,
          item.cluster ?? null
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
    contributions: (datanet, status) =>
      db
        .all(
          `${SELECT} WHERE contribution.datanet = ? AND status = ? ORDER BY contribution.number`,
          datanet,
          status
        )
        .map(stored),
    setStatus(contribution, status) {
      db.run('UPDATE contribution SET status = ? WHERE cid = ?', status, contribution)
    },
    withdraw(contribution) {
      db.transaction(() => {
        db.run('DELETE FROM review WHERE contribution = ?', contribution)
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
    ...(row.cluster === null ? {} : { cluster: String(row.cluster) })
  }
}
