import type { ContributionStatus } from '../api/datanets-api.ts'
import type { Database } from './database.ts'

/** A hand-over of an account kept here: as it was proposed, then as both its owners signed it. */
export interface OwnHandOver {
  readonly oldAccount: string
  readonly newAccount: string
  readonly seq: number
  /** Absent until both have signed. */
  readonly bytes?: Uint8Array
}

/** What the accounts of one peer did elsewhere. */
export interface AccountStore {
  /** Keeps what a host said of a contribution that was handed in there. */
  putSubmission(item: {
    readonly contribution: string
    readonly datanet: string
    readonly account: string
    readonly status: ContributionStatus
  }): void
  /** Keeps that it stands otherwise now; nothing for one that was not handed in here. */
  setSubmissionStatus(contribution: string, status: ContributionStatus): void
  /** The account that handed in a contribution from here and had it taken. */
  contributorOf(contribution: string): string | undefined
  /** How many contributions of `account` were handed in, by Datanet and by the host's last word. */
  countOf(account: string): ReadonlyArray<{
    readonly datanet: string
    readonly status: ContributionStatus
    readonly count: number
  }>
  putHandOver(handOver: OwnHandOver): void
  handOver(oldAccount: string): OwnHandOver | undefined
}

/** The account tables of `db`; the keys are in the wallet's. */
export function createAccountStore(db: Database): AccountStore {
  db.migrate('accounts', [
    `CREATE TABLE submission (
       contribution TEXT PRIMARY KEY, datanet TEXT NOT NULL, account TEXT NOT NULL,
       status TEXT NOT NULL) STRICT;
     CREATE INDEX submission_by_account ON submission (account);
     CREATE TABLE own_hand_over (
       old_account TEXT PRIMARY KEY, new_account TEXT NOT NULL, seq INTEGER NOT NULL,
       bytes BLOB) STRICT`
  ])
  return {
    putSubmission({ contribution, datanet, account, status }) {
      db.run(
        'INSERT OR REPLACE INTO submission VALUES (?, ?, ?, ?)',
        contribution,
        datanet,
        account,
        status
      )
    },
    setSubmissionStatus(contribution, status) {
      db.run('UPDATE submission SET status = ? WHERE contribution = ?', status, contribution)
    },
    contributorOf(contribution) {
      const row = db.get('SELECT account FROM submission WHERE contribution = ?', contribution)
      return row === undefined ? undefined : String(row.account)
    },
    countOf: (account) =>
      db
        .all(
          `SELECT datanet, status, count(*) AS count FROM submission WHERE account = ?
           GROUP BY datanet, status ORDER BY min(rowid)`,
          account
        )
        .map((row) => ({
          datanet: String(row.datanet),
          status: row.status as ContributionStatus,
          count: Number(row.count)
        })),
    putHandOver({ oldAccount, newAccount, seq, bytes }) {
      db.run(
        'INSERT OR REPLACE INTO own_hand_over VALUES (?, ?, ?, ?)',
        oldAccount,
        newAccount,
        seq,
        bytes ?? null
      )
    },
    handOver(oldAccount) {
      const row = db.get('SELECT * FROM own_hand_over WHERE old_account = ?', oldAccount)
      if (row === undefined) return undefined
      const { new_account: newAccount, seq, bytes } = row
      return {
        oldAccount,
        newAccount: String(newAccount),
        seq: Number(seq),
        ...(bytes === null ? {} : { bytes: bytes as Uint8Array })
      }
    }
  }
}
