import { createContentKeys, openContent, sealContent } from './content-keys.ts'
import type { Database } from './database.ts'

/** By what a contribution is recognised in other words: its signature, and the cluster it is in. */
export interface StoredLikeness {
  readonly contribution: string
  readonly datanet: string
  readonly order: number
  /** The first contribution that it is like; absent where it was the first itself. */
  readonly cluster?: string
  readonly signature: Uint8Array
}

/** The signatures of what a host took in, so that a restart computes none again. */
export interface LikenessStore {
  put(item: StoredLikeness): void
  /** Those of a Datanet in registration order. */
  each(datanet: string): Iterable<StoredLikeness>
  has(contribution: string): boolean
  /** How many a Datanet has, about: withdrawn ones may be counted. */
  count(datanet: string): number
  /** The earliest that is left of a cluster. */
  earliest(datanet: string, cluster: string): StoredLikeness | undefined
}

const SEALED_AS = new TextEncoder().encode('likeness')

/**
 * The signatures in `db`. Each lies sealed under its contribution's key: of a signature one can guess
 * what it was made of, so it goes when the contribution is withdrawn.
 */
export function createLikenessStore(db: Database): LikenessStore {
  const keys = createContentKeys(db)
  db.migrate('likeness', [
    `CREATE TABLE likeness (
       contribution TEXT PRIMARY KEY, datanet TEXT NOT NULL, place INTEGER NOT NULL, cluster TEXT,
       sealed BLOB NOT NULL) STRICT;
     CREATE INDEX likeness_by_place ON likeness (datanet, place);
     CREATE INDEX likeness_by_cluster ON likeness (datanet, cluster, place)`
  ])
  const SELECT = `SELECT likeness.*, content_key.key AS secret FROM likeness
     JOIN content_key ON content_key.contribution = likeness.contribution
     WHERE content_key.key IS NOT NULL AND likeness.datanet = ?`
  const toStored = (row: Record<string, unknown>): StoredLikeness => ({
    contribution: String(row.contribution),
    datanet: String(row.datanet),
    order: Number(row.place),
    ...(row.cluster === null ? {} : { cluster: String(row.cluster) }),
    signature: openContent(row.secret as Uint8Array, SEALED_AS, row.sealed as Uint8Array)
  })
  return {
    put({ contribution, datanet, order, cluster, signature }) {
      const key = keys.find(contribution)
      // Withdrawn in the meantime: nothing is kept of it.
      if (key === undefined) return
      db.run(
        'INSERT OR REPLACE INTO likeness VALUES (?, ?, ?, ?, ?)',
        contribution,
        datanet,
        order,
        cluster ?? null,
        sealContent(key.secret, SEALED_AS, signature)
      )
    },
    *each(datanet) {
      for (const row of db.each(`${SELECT} ORDER BY place`, datanet)) yield toStored(row)
    },
    count: (datanet) =>
      Number(db.get('SELECT count(*) AS n FROM likeness WHERE datanet = ?', datanet)?.n),
    has: (contribution) =>
      keys.find(contribution) !== undefined &&
      db.get('SELECT 1 FROM likeness WHERE contribution = ?', contribution) !== undefined,
    earliest(datanet, cluster) {
      const row = db.get(`${SELECT} AND cluster = ? ORDER BY place LIMIT 1`, datanet, cluster)
      return row === undefined ? undefined : toStored(row)
    }
  }
}
