import type { ContributionStatus } from '../api/datanets-api.ts'
import { createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database, Row } from './database.ts'

/** A contribution that an account of this peer handed in, and its host's word for it. */
export interface OwnSubmission {
  readonly contribution: string
  readonly datanet: string
  readonly account: string
  /** By the host's last word. */
  readonly status: ContributionStatus
  readonly order: number
  readonly takenAtMs: number
  readonly cluster?: string
  /** The signed contribution; empty once it was withdrawn. */
  readonly bytes: Uint8Array
  readonly receipt: Uint8Array
}

/** What the accounts kept here handed in anywhere. */
export interface OwnSubmissionStore {
  /** Keeps a contribution with the receipt of it; one that was withdrawn keeps no content. */
  put(item: Omit<OwnSubmission, 'account' | 'status'>): void
  get(contribution: string): OwnSubmission | undefined
  /** Those of an account by the time they were taken in, of one Datanet or of all. */
  of(account: string, datanet?: string): readonly OwnSubmission[]
}

const SEALED_AS = new TextEncoder().encode('own contribution')

/**
 * The own submissions in `db`; who and how they stand is in the table of the accounts' room. Content
 * lies sealed under its contribution's key, and goes with it.
 */
export function createOwnSubmissionStore(db: Database): OwnSubmissionStore {
  const keys = createContentKeys(db)
  db.migrate('own-submissions', [
    `CREATE TABLE own_submission (
       contribution TEXT PRIMARY KEY, place INTEGER NOT NULL, taken_at_ms INTEGER NOT NULL,
       cluster TEXT, sealed BLOB NOT NULL, receipt BLOB NOT NULL) STRICT`
  ])
  const SELECT = `SELECT own_submission.*, submission.datanet, account, status,
       content_key.key AS secret
     FROM own_submission JOIN submission USING (contribution)
     LEFT JOIN content_key ON content_key.contribution = own_submission.contribution`
  return {
    put({ contribution, datanet, order, takenAtMs, cluster, bytes, receipt }) {
      db.transaction(() => {
        const key = keys.ensure(contribution, datanet)
        db.run(
          'INSERT OR REPLACE INTO own_submission VALUES (?, ?, ?, ?, ?, ?)',
          contribution,
          order,
          takenAtMs,
          cluster ?? null,
          key === undefined ? new Uint8Array(0) : sealContent(key.secret, SEALED_AS, bytes),
          receipt
        )
      })
    },
    get(contribution) {
      const row = db.get(`${SELECT} WHERE own_submission.contribution = ?`, contribution)
      return row === undefined ? undefined : own(row)
    },
    of: (account, datanet) =>
      db
        .all(
          `${SELECT} WHERE account = ? AND (? IS NULL OR submission.datanet = ?)
           ORDER BY taken_at_ms, place`,
          account,
          datanet ?? null,
          datanet ?? null
        )
        .map(own)
  }
}

function own(row: Row): OwnSubmission {
  const sealed = row.sealed as Uint8Array
  return {
    contribution: String(row.contribution),
    datanet: String(row.datanet),
    account: String(row.account),
    status: row.status as ContributionStatus,
    order: Number(row.place),
    takenAtMs: Number(row.taken_at_ms),
    ...(row.cluster === null ? {} : { cluster: String(row.cluster) }),
    bytes:
      row.secret === null || sealed.byteLength === 0
        ? new Uint8Array(0)
        : openContent(row.secret as Uint8Array, SEALED_AS, sealed),
    receipt: row.receipt as Uint8Array
  }
}
