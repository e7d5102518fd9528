import { createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database, Row } from './database.ts'

/** Something signed that waits for a host: a contribution, or the tombstone of one. */
export interface OutboxItem {
  /** CID text of the record. */
  readonly cid: string
  readonly kind: 'contribution' | 'withdrawal'
  readonly contribution: string
  readonly datanet: string
  readonly account: string
  readonly signedAtMs: number
  /** The wrapped record. */
  readonly bytes: Uint8Array
  /** What the last try came to. */
  readonly code?: string
  /** True once a host refused it for good: it is not sent again. */
  readonly isRefused: boolean
}

/** What the accounts kept here signed and no host has taken yet. */
export interface OutboxStore {
  put(item: Omit<OutboxItem, 'isRefused'>): void
  /** Says what a try came to, and whether it was the last. */
  tried(cid: string, code: string, isRefused: boolean): void
  remove(cid: string): void
  /** What is still to be sent, in the order in which it was signed. */
  waiting(): readonly OutboxItem[]
  of(account: string, datanet?: string): readonly OutboxItem[]
  /** What waits of a contribution. */
  get(contribution: string, kind: OutboxItem['kind']): OutboxItem | undefined
}

const SEALED_AS = new TextEncoder().encode('outbox')

/** The outbox in `db`. What is contributed lies sealed under its contribution's key, and goes with it. */
export function createOutboxStore(db: Database): OutboxStore {
  const keys = createContentKeys(db)
  db.migrate('outbox', [
    `CREATE TABLE outbox (
       number INTEGER PRIMARY KEY, cid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
       contribution TEXT NOT NULL, datanet TEXT NOT NULL, account TEXT NOT NULL,
       signed_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL, code TEXT,
       refused INTEGER NOT NULL DEFAULT 0) STRICT`
  ])
  const SELECT = `SELECT outbox.*, content_key.key AS secret FROM outbox
     LEFT JOIN content_key ON content_key.contribution = outbox.contribution`
  return {
    put({ cid, kind, contribution, datanet, account, signedAtMs, bytes, code }) {
      db.transaction(() => {
        const key = kind === 'contribution' ? keys.ensure(contribution, datanet) : undefined
        // Withdrawn before it was sent: nothing is left to send.
        if (kind === 'contribution' && key === undefined) return
        db.run(
          `INSERT OR IGNORE INTO outbox
             (cid, kind, contribution, datanet, account, signed_at_ms, bytes, code)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[cid, kind, contribution, datanet, account, signedAtMs],
          key === undefined ? bytes : sealContent(key.secret, SEALED_AS, bytes),
          code ?? null
        )
      })
    },
    tried(cid, code, isRefused) {
      db.run('UPDATE outbox SET code = ?, refused = ? WHERE cid = ?', code, Number(isRefused), cid)
    },
    remove: (cid) => void db.run('DELETE FROM outbox WHERE cid = ?', cid),
    waiting: () => db.all(`${SELECT} WHERE refused = 0 ORDER BY outbox.number`).flatMap(item),
    of: (account, datanet) =>
      db
        .all(
          `${SELECT} WHERE account = ? AND (? IS NULL OR outbox.datanet = ?) ORDER BY outbox.number`,
          ...[account, datanet ?? null, datanet ?? null]
        )
        .flatMap(item),
    get: (contribution, kind) =>
      db
        .all(`${SELECT} WHERE outbox.contribution = ? AND kind = ?`, contribution, kind)
        .flatMap(item)[0]
  }
}

/** The item in a row; none of a contribution whose key was destroyed since. */
function item(row: Row): OutboxItem[] {
  const kind = row.kind as OutboxItem['kind']
  const stored = row.bytes as Uint8Array
  if (kind === 'contribution' && row.secret === null) return []
  return [
    {
      ...{ cid: String(row.cid), kind, contribution: String(row.contribution) },
      ...{ datanet: String(row.datanet), account: String(row.account) },
      signedAtMs: Number(row.signed_at_ms),
      bytes:
        kind === 'contribution' ? openContent(row.secret as Uint8Array, SEALED_AS, stored) : stored,
      ...(row.code === null ? {} : { code: String(row.code) }),
      isRefused: row.refused === 1
    }
  ]
}
