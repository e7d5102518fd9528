import type { Database, Row } from './database.ts'

/** A manifest after the founding one, as it was approved. */
export interface StoredManifest {
  readonly datanet: string
  readonly seq: number
  readonly cid: string
  readonly bytes: Uint8Array
  /** Whether the chain is known to have put it in force. */
  readonly isRotated: boolean
}

/** A proposal that curators look at, and those who approved it, in bytes. */
export interface StoredProposal {
  readonly cid: string
  readonly datanet: string
  readonly bytes: Uint8Array
  readonly createdAtMs: number
  readonly approvals: readonly Uint8Array[]
  /** What became of a revision's proposal, once the chain holds a revision in its place. */
  readonly outcome?: 'anchored' | 'over'
}

/** What decides about Datanets: their later manifests, and what is proposed to their curators. */
export interface GovernanceStore {
  /** Keeps it in the place of another one with its number; what was rotated stays so. */
  putManifest(manifest: StoredManifest): void
  /** Of one Datanet by rising number. */
  manifests(datanet: string): readonly StoredManifest[]
  putProposal(proposal: Omit<StoredProposal, 'approvals' | 'outcome'>): void
  setOutcome(proposal: string, outcome: 'anchored' | 'over'): void
  /** False when the curator's word is here already. */
  addApproval(proposal: string, curator: string, bytes: Uint8Array): boolean
  proposal(cid: string): StoredProposal | undefined
  /** The newest first. */
  proposals(datanet: string): readonly StoredProposal[]
  /** Forgets proposals made before `atMs`, and what was said of them. */
  forgetBefore(atMs: number): void
  remove(proposal: string): void
}

/** The governance tables of `db`. */
export function createGovernanceStore(db: Database): GovernanceStore {
  db.migrate('governance', [
    `CREATE TABLE later_manifest (
       datanet TEXT NOT NULL, seq INTEGER NOT NULL, cid TEXT NOT NULL, bytes BLOB NOT NULL,
       rotated INTEGER NOT NULL, PRIMARY KEY (datanet, seq)) STRICT;
     CREATE TABLE proposal (
       cid TEXT PRIMARY KEY, datanet TEXT NOT NULL, bytes BLOB NOT NULL,
       created_at_ms INTEGER NOT NULL) STRICT;
     CREATE INDEX proposal_by_datanet ON proposal (datanet, created_at_ms);
     CREATE TABLE approval (
       proposal TEXT NOT NULL REFERENCES proposal (cid) ON DELETE CASCADE, curator TEXT NOT NULL,
       bytes BLOB NOT NULL, PRIMARY KEY (proposal, curator)) STRICT`,
    'ALTER TABLE proposal ADD COLUMN outcome TEXT'
  ])

  const remove = (cid: string) => {
    db.transaction(() => {
      db.run('DELETE FROM approval WHERE proposal = ?', cid)
      db.run('DELETE FROM proposal WHERE cid = ?', cid)
    })
  }

  const stored = (row: Row): StoredProposal => ({
    cid: String(row.cid),
    datanet: String(row.datanet),
    bytes: row.bytes as Uint8Array,
    createdAtMs: Number(row.created_at_ms),
    approvals: db
      .all('SELECT bytes FROM approval WHERE proposal = ? ORDER BY curator', String(row.cid))
      .map(({ bytes }) => bytes as Uint8Array),
    ...(row.outcome === null ? {} : { outcome: row.outcome as 'anchored' | 'over' })
  })

  return {
    remove,
    putManifest({ datanet, seq, cid, bytes, isRotated }) {
      db.run(
        `INSERT INTO later_manifest VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET cid = excluded.cid, bytes = excluded.bytes, rotated = max(rotated, excluded.rotated)`,
        datanet,
        seq,
        cid,
        bytes,
        isRotated ? 1 : 0
      )
    },
    manifests: (datanet) =>
      db.all('SELECT * FROM later_manifest WHERE datanet = ? ORDER BY seq', datanet).map((row) => ({
        datanet,
        seq: Number(row.seq),
        cid: String(row.cid),
        bytes: row.bytes as Uint8Array,
        isRotated: row.rotated === 1
      })),
    putProposal({ cid, datanet, bytes, createdAtMs }) {
      db.run(
        'INSERT OR IGNORE INTO proposal (cid, datanet, bytes, created_at_ms) VALUES (?, ?, ?, ?)',
        cid,
        datanet,
        bytes,
        createdAtMs
      )
    },
    setOutcome(proposal, outcome) {
      db.run('UPDATE proposal SET outcome = ? WHERE cid = ?', outcome, proposal)
    },
    addApproval: (proposal, curator, bytes) =>
      db.run('INSERT OR IGNORE INTO approval VALUES (?, ?, ?)', proposal, curator, bytes)
        .changes === 1,
    proposal(cid) {
      const row = db.get('SELECT * FROM proposal WHERE cid = ?', cid)
      return row === undefined ? undefined : stored(row)
    },
    proposals: (datanet) =>
      db
        .all(
          'SELECT * FROM proposal WHERE datanet = ? ORDER BY created_at_ms DESC, rowid DESC',
          datanet
        )
        .map(stored),
    forgetBefore(atMs) {
      for (const { cid } of db.all('SELECT cid FROM proposal WHERE created_at_ms < ?', atMs)) {
        remove(String(cid))
      }
    }
  }
}
